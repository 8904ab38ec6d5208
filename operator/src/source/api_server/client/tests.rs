use super::{SILENCE, WATCH, chain, client};
use kube::Config;
use kube::core::Status;
use kube::runtime::watcher;
use std::fs;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

fn answer(code: u16, reason: &str, message: &str) -> kube::Error {
    let status = Status { code, reason: reason.to_owned(), message: message.to_owned(), ..Status::default() };
    kube::Error::Api(Box::new(status))
}

#[test]
fn an_answer_of_the_api_server_is_logged_verbatim() {
    let conflict = answer(409, "Conflict", "Operation cannot be fulfilled on leases \"longwire-operator\"");
    let text = "Operation cannot be fulfilled on leases \"longwire-operator\" (409 Conflict)";
    assert_eq!(chain(&conflict), text);
    let below = watcher::Error::InitialListFailed(answer(429, "TooManyRequests", "storage is (re)initializing"));
    let text_of_status = chain(&below);
    assert!(text_of_status.ends_with("storage is (re)initializing (429 TooManyRequests)"), "{text_of_status}");
    assert!(!text_of_status.contains("Status {"), "{text_of_status}");
}

#[test]
fn an_answer_without_a_message_is_logged_with_its_reason() {
    assert!(chain(&answer(503, "ServiceUnavailable", "")).ends_with("ServiceUnavailable (503 ServiceUnavailable)"));
}

#[test]
fn the_cause_of_an_error_is_logged_once() {
    let error = kube::Error::Service(Box::new(std::io::Error::other("connection refused")));
    assert_eq!(chain(&error).matches("connection refused").count(), 1);
}

/// Whether the kernel will send keepalives to the other end of a connection to this port.
fn is_kept_alive(port: u16) -> bool {
    let connections = fs::read_to_string("/proc/net/tcp").unwrap();
    let to_port = format!(":{port:04X}");
    connections.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).any(|fields| {
        // Remote address, state, and which timer runs: 2 is keepalive.
        fields.len() > 5 && fields[2].ends_with(&to_port) && fields[3] == "01" && fields[5].starts_with("02:")
    })
}

#[tokio::test]
async fn a_watch_on_which_nothing_happens_is_alive_as_long_as_its_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = Config::new(format!("http://127.0.0.1:{port}").parse().unwrap());
    let client = client(&config, Arc::default()).unwrap();
    tokio::spawn(async move { client.apiserver_version().await });
    // It sends nothing, like an API server for a kind without changes.
    let _silent = listener.accept().await.unwrap();
    let kept_alive = async {
        while !is_kept_alive(port) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(60), kept_alive).await.expect("no keepalive on the connection");
    // And it is not taken for dead before the API server ends it.
    assert!(SILENCE > WATCH);
}
