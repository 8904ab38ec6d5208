use super::{Edge, NotProven, Sums, prove};
use crate::options::Prove;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

const LABELS: &str = "source_workload=\"c\",source_workload_namespace=\"n\",destination_workload=\"s\",\
                      destination_workload_namespace=\"n\"";

fn line(family: &str, reporter: &str, labels: &str, value: u64) -> String {
    format!("istio_tcp_{family}_total{{reporter=\"{reporter}\",{labels}}} {value}\n")
}

#[test]
fn only_the_edges_own_series_of_the_clients_probe_count() {
    let edge = Edge::new("n/c", "n/s").unwrap();
    let other = LABELS.replace("\"s\"", "\"sx\"");
    let text = [
        line("sent_bytes", "source", LABELS, 5),
        line("sent_bytes", "source", &format!("{LABELS},tag=\"x\""), 6),
        line("sent_bytes", "destination", LABELS, 1_000),
        line("sent_bytes", "source", &other, 1_000),
        line("received_bytes", "source", LABELS, 7),
        line("connections_closed", "source", LABELS, 2),
    ];
    assert_eq!(edge.sums(&text.concat()), Sums { sent: 11, received: 7, connections: 2 });
}

/// Answers every connection with this, until the process ends.
fn serve(answer: impl Fn() -> String + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                asked.push(byte[0]);
            }
            stream.write_all(answer().as_bytes()).unwrap();
        }
    });
    address
}

#[test]
fn a_probe_that_says_something_else_fails_with_both_figures() {
    let options = Prove {
        server: serve(|| "fine".to_owned()),
        probe: serve(|| format!("HTTP/1.0 200 OK\r\n\r\n{}", line("sent_bytes", "source", LABELS, 1))),
        probe_token: None,
        source: "n/c".to_owned(),
        destination: "n/s".to_owned(),
        connections: 2,
        timeout: Duration::ZERO,
    };
    let asked = 2 * (format!("GET /healthz HTTP/1.0\r\nHost: {}\r\n\r\n", options.server).len() as u64);
    let error = prove(&options).unwrap_err();
    let made = Sums { sent: 8, received: asked, connections: 2 };
    assert!(matches!(&error, NotProven::Differs { made: said, .. } if *said == made), "{error}");
    assert!(error.to_string().starts_with("the probe says 0 connections, 0 bytes to the server and 0 back"), "{error}");
}

#[test]
fn a_probe_that_refuses_is_named_with_its_answer() {
    let options = Prove {
        server: serve(|| "fine".to_owned()),
        probe: serve(|| "HTTP/1.0 403 Forbidden\r\n\r\nu may not get /metrics\nmore".to_owned()),
        probe_token: None,
        source: "n/c".to_owned(),
        destination: "n/s".to_owned(),
        connections: 2,
        timeout: Duration::ZERO,
    };
    let text = format!("the probe at {} does not tell: HTTP/1.0 403 Forbidden: u may not get /metrics", options.probe);
    assert_eq!(prove(&options).unwrap_err().to_string(), text);
    let file = PathBuf::from("/nowhere/token");
    let error = prove(&Prove { probe_token: Some(file), ..options }).unwrap_err().to_string();
    assert!(error.starts_with("--probe-token /nowhere/token: No such file"), "{error}");
}

#[test]
fn a_name_without_a_namespace_is_refused() {
    assert!(matches!(Edge::new("c", "n/s"), Err(NotProven::Workload(name)) if name == "c"));
}
