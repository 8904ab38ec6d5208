//! A sender and receivers on loopback, which answer as they are told.

mod grpc;
mod hostile;
mod http1;
mod interop;
mod lifetime;
mod receiver;
mod tls;

use super::settings::tests::otlp;
use super::*;
use bytes::Bytes;
use longwire_model::exporter::{Compression, Endpoint, Otlp, Protocol};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

/// What must come, comes within it on any machine.
const PATIENCE: Duration = Duration::from_secs(60);

const BOTH: [Protocol; 2] = Protocol::ALL;

/// Of metrics, to this address, with a timeout that nothing here reaches.
fn to(address: SocketAddr, protocol: Protocol) -> Otlp {
    Otlp {
        endpoint: Some(Endpoint::parse(&format!("http://{address}")).unwrap()),
        protocol: Some(protocol),
        timeout: Some(PATIENCE),
        ..otlp()
    }
}

fn sender(otlp: &Otlp) -> Sender {
    let settings = Settings::resolve(otlp, Signal::Metrics, &Environment::default(), None).unwrap();
    Sender::new(&settings).unwrap()
}

fn patiently() -> Instant {
    Instant::now() + PATIENCE
}

fn message(sent: Sent) -> String {
    match sent {
        Sent::Accepted => String::new(),
        Sent::Partly { message, .. } | Sent::Refused { message } | Sent::GaveUp { message } => message,
    }
}

#[test]
fn a_message_is_short_and_has_no_control_characters() {
    let sent = Sent::Refused { message: format!("a\r\n\u{1b}[31m{}", "ü".repeat(1000)) }.about("http://c:1");
    let Sent::Refused { message } = sent else { panic!("{sent:?}") };
    assert!(message.starts_with("http://c:1: a   [31müü"), "{message}");
    assert_eq!((message.chars().count(), message.chars().any(char::is_control)), (512, false));
    let long = Sent::GaveUp { message: "why".to_owned() }.about(&"e".repeat(1024));
    assert_eq!(long, Sent::GaveUp { message: format!("{}: why", "e".repeat(200)) });
}

#[test]
fn a_sender_is_for_many_tasks_and_shows_no_secrets() {
    fn is_shared<T: Send + Sync>(_: &T) {}
    fn is_sent<T: Send>(_: &T) {}
    let headers = vec![longwire_model::exporter::Pair::header("authorization", "hidden").unwrap()];
    let sender = sender(&Otlp { headers, ..to("127.0.0.1:1".parse().unwrap(), Protocol::Grpc) });
    is_shared(&sender);
    is_sent(&sender.send(Bytes::new(), patiently()));
    let shown = format!("{sender:?}");
    assert!(shown.contains("authorization") && !shown.contains("hidden"), "{shown}");
}
