use super::{Edge, SelfTestFailed, Sums, self_test};
use crate::cli::options::SelfTest;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
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

/// Answers every connection with this, until the process ends. Its address, and the number of bytes that it received.
fn serve(answer: impl Fn() -> String + Send + 'static) -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let bytes = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&bytes);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.push(byte[0]);
            }
            count.fetch_add(request.len() as u64, Ordering::Relaxed);
            stream.write_all(answer().as_bytes()).unwrap();
        }
    });
    (address, bytes)
}

fn options(server: &str, probe: &str) -> SelfTest {
    let [server, probe, source, destination] = [server, probe, "n/c", "n/s"].map(str::to_owned);
    SelfTest { server, probe, probe_token: None, source, destination, connections: 2, timeout: Duration::ZERO }
}

const FINE: &str = "HTTP/1.0 200 OK\r\n\r\nfine";

#[tokio::test]
async fn every_byte_of_either_direction_is_compared() {
    let (server, counted) = serve(|| FINE.to_owned());
    // 500 bytes more than were sent at first: the counters may have begun before.
    let (count, connections) = (Arc::clone(&counted), 2);
    let page = move || {
        let received = count.load(Ordering::Relaxed);
        let made = [
            line("sent_bytes", "source", LABELS, 500 + if received > 0 { 2 * FINE.len() as u64 } else { 0 }),
            line("received_bytes", "source", LABELS, received),
            line("connections_closed", "source", LABELS, if received > 0 { connections } else { 0 }),
        ];
        format!("HTTP/1.0 200 OK\r\n\r\n{}", made.concat())
    };
    let (probe, _) = serve(page);
    let made = self_test(&options(&server, &probe)).await.unwrap();
    let received = counted.load(Ordering::Relaxed);
    assert_eq!(made, Sums { sent: 2 * FINE.len() as u64, received, connections });
    assert!(received > 0, "no request arrived");
}

#[tokio::test]
async fn a_probe_with_other_counters_fails_with_both_values() {
    let (server, counted) = serve(|| FINE.to_owned());
    let (probe, _) = serve(|| format!("HTTP/1.0 200 OK\r\n\r\n{}", line("sent_bytes", "source", LABELS, 1)));
    let error = self_test(&options(&server, &probe)).await.unwrap_err();
    let received = counted.load(Ordering::Relaxed);
    let made = Sums { sent: 2 * FINE.len() as u64, received, connections: 2 };
    assert!(matches!(&error, SelfTestFailed::Differs { made: expected, .. } if *expected == made), "{error}");
    assert!(
        error.to_string().starts_with("the probe counted 0 connections, 0 bytes to the server and 0 back"),
        "{error}"
    );
}

#[tokio::test]
async fn a_probe_that_refuses_is_named_with_its_answer() {
    let (server, _) = serve(|| FINE.to_owned());
    let (probe, _) = serve(|| "HTTP/1.0 403 Forbidden\r\n\r\nu may not get /metrics\nmore".to_owned());
    let options = options(&server, &probe);
    let text = format!("the probe at {probe} does not serve its metrics: 403 Forbidden: u may not get /metrics");
    assert_eq!(self_test(&options).await.unwrap_err().to_string(), text);
    let file = PathBuf::from("/nowhere/token");
    let error = self_test(&SelfTest { probe_token: Some(file), ..options }).await.unwrap_err().to_string();
    assert!(error.starts_with("--probe-token /nowhere/token: No such file"), "{error}");
}

#[test]
fn a_name_without_a_namespace_is_refused() {
    assert!(matches!(Edge::new("c", "n/s"), Err(SelfTestFailed::Workload(name)) if name == "c"));
}
