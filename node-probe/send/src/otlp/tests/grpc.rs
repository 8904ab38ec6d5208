use super::receiver::{Receiver, grpc, http, status};
use super::*;
use crate::otlp::body::gunzip;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rstest::rstest;

const PROTOCOL: Protocol = Protocol::Grpc;
const OK: (&str, &str) = ("grpc-status", "0");

/// A `google.rpc.Status` with code 8 and a `RetryInfo` of 2 s.
fn retry_info() -> String {
    let info = b"\x0a\x28type.googleapis.com/google.rpc.RetryInfo\x12\x04\x0a\x02\x08\x02";
    STANDARD.encode([&[0x08, 0x08, 0x1a, u8::try_from(info.len()).unwrap()], &info[..]].concat())
}

#[tokio::test]
async fn a_request_arrives_whole_with_the_headers_of_the_exporter() {
    let receiver = Receiver::start(PROTOCOL, |_| grpc(b"", &[OK])).await;
    let headers = vec![longwire_model::exporter::Pair::header("X-Scope-OrgID", "shop").unwrap()];
    let sender = sender(&Otlp { headers, ..to(receiver.address, PROTOCOL) });
    assert_eq!(sender.send(Bytes::from_static(b"request"), patiently()).await, Sent::Accepted);
    let [seen] = &receiver.requests()[..] else { panic!() };
    assert_eq!(seen.head.uri.path(), "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export");
    assert_eq!(&seen.body[..], b"\0\0\0\0\x07request");
    let header = |name| seen.head.headers.get(name).map(|value| value.to_str().unwrap());
    assert_eq!((header("content-type"), header("te")), (Some("application/grpc"), Some("trailers")));
    assert_eq!((header("x-scope-orgid"), header("grpc-encoding")), (Some("shop"), None));
    let timeout: u64 = header("grpc-timeout").unwrap().trim_end_matches('m').parse().unwrap();
    assert!((1..=60_000).contains(&timeout), "{timeout}");
}

#[tokio::test]
async fn a_compressed_request_is_the_same() {
    let receiver = Receiver::start(PROTOCOL, |_| grpc(b"", &[OK])).await;
    let sender = sender(&Otlp { compression: Some(Compression::Gzip), ..to(receiver.address, PROTOCOL) });
    assert_eq!(sender.send(vec![b'x'; 60_000].into(), patiently()).await, Sent::Accepted);
    let [seen] = &receiver.requests()[..] else { panic!() };
    assert_eq!(seen.head.headers["grpc-encoding"], "gzip");
    assert_eq!(seen.body[0], 1);
    assert_eq!(usize::try_from(u32::from_be_bytes(seen.body[1..5].try_into().unwrap())).unwrap(), seen.body.len() - 5);
    assert_eq!(gunzip(&seen.body[5..]).unwrap(), vec![b'x'; 60_000]);
}

#[tokio::test]
async fn a_partial_success_is_not_sent_again() {
    let receiver = Receiver::start(PROTOCOL, |_| grpc(b"\x0a\x0b\x08\x03\x12\x07too old", &[OK])).await;
    let sent = sender(&to(receiver.address, PROTOCOL)).send(Bytes::new(), patiently()).await;
    assert_eq!(sent, Sent::Partly { rejected: 3, message: format!("http://{}: too old", receiver.address) });
    assert_eq!(receiver.requests().len(), 1);
}

#[rstest]
#[case::invalid("3", "bad%20point", "answered INVALID_ARGUMENT: bad point")]
#[case::exhausted("8", "too%20large", "answered RESOURCE_EXHAUSTED: too large")]
#[case::unimplemented("12", "", "answered UNIMPLEMENTED")]
#[case::internal("13", "", "answered INTERNAL")]
#[case::unauthenticated("16", "", "answered UNAUTHENTICATED")]
#[tokio::test]
async fn a_refusal_is_the_last_and_says_why(
    #[case] code: &'static str,
    #[case] said: &'static str,
    #[case] expected: &str,
    #[values(false, true)] is_in_head: bool,
) {
    let fields = [("grpc-status", code), ("grpc-message", said)];
    let answer = move |_| if is_in_head { status(&fields) } else { grpc(b"", &fields) };
    let receiver = Receiver::start(PROTOCOL, answer).await;
    let sent = sender(&to(receiver.address, PROTOCOL)).send(Bytes::new(), patiently()).await;
    assert_eq!(sent, Sent::Refused { message: format!("http://{}: {expected}", receiver.address) });
    assert_eq!(receiver.requests().len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_receiver_that_is_busy_is_asked_again(#[values("1", "4", "10", "11", "14", "15")] code: &'static str) {
    let answer = move |number| if number == 0 { status(&[("grpc-status", code)]) } else { grpc(b"", &[OK]) };
    let receiver = Receiver::start(PROTOCOL, answer).await;
    let sender = sender(&to(receiver.address, PROTOCOL));
    assert_eq!(sender.send(Bytes::from_static(b"same"), patiently()).await, Sent::Accepted);
    assert_eq!((receiver.requests().len(), sender.counts().retries()), (2, 1));
}

#[tokio::test]
async fn a_receiver_that_is_exhausted_is_asked_again_when_it_says() {
    let receiver = Receiver::start(PROTOCOL, |number| match number {
        0 => status(&[("grpc-status", "8"), ("grpc-status-details-bin", &retry_info())]),
        _ => grpc(b"", &[OK]),
    });
    let receiver = receiver.await;
    let begin = std::time::Instant::now();
    assert_eq!(sender(&to(receiver.address, PROTOCOL)).send(Bytes::new(), patiently()).await, Sent::Accepted);
    assert!(begin.elapsed() >= Duration::from_secs(2), "{:?}", begin.elapsed());
    assert_eq!(receiver.requests().len(), 2);
}

#[tokio::test]
async fn what_stands_before_a_receiver_is_asked_again_by_its_status() {
    let receiver = Receiver::start(PROTOCOL, |number| match number {
        0 => http(503, &[("content-type", "text/plain")], "no healthy upstream"),
        _ => http(404, &[("content-type", "text/html")], "<html>"),
    });
    let receiver = receiver.await;
    let sender = sender(&to(receiver.address, PROTOCOL));
    let said = message(sender.send(Bytes::new(), patiently()).await);
    assert_eq!(said, format!("http://{}: answered 404 Not Found, which is no answer of gRPC", receiver.address));
    assert_eq!(receiver.requests().len(), 2);
}
