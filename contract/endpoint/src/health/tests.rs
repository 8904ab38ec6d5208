use super::HealthThread;
use crate::limits::Limits;
use crate::serve::Endpoint;
use axum::{Router, routing};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

fn get(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET /healthz HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Blocks the only thread of the test's runtime, so that no other task can run meanwhile.
#[tokio::test]
async fn health_is_answered_while_the_rest_of_the_process_is_busy_and_until_it_is_dropped() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/healthz", routing::get(async || "healthy\n"));
    // A busy machine may stall the client for longer than a kubelet may take.
    let limits = Limits { head: Duration::from_secs(60), ..Limits::HEALTH };
    let health = HealthThread::start(listener, router, Endpoint::new(limits)).unwrap();
    let answer = get(address).unwrap();
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n") && answer.ends_with("\r\n\r\nhealthy\n"), "{answer}");
    drop(health);
    assert!(get(address).is_err());
}
