use super::receiver::{Receiver, http};
use super::*;
use crate::otlp::body::gunzip;
use prost::Message;
use rstest::rstest;
use std::time::SystemTime;

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const PROTOCOL: Protocol = Protocol::HttpProtobuf;

/// `ExportMetricsServiceResponse`: 3 points rejected, "too old".
const PARTLY: &[u8] = b"\x0a\x0b\x08\x03\x12\x07too old";
/// `ExportMetricsServiceResponse` with a warning alone.
const WARNING: &[u8] = b"\x0a\x07\x12\x05hurry";

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(string, tag = "2")]
    message: String,
}

#[tokio::test]
async fn a_request_arrives_whole_with_the_headers_of_the_exporter() {
    let receiver = Receiver::start(PROTOCOL, |_| http(200, &[PROTOBUF], "")).await;
    let headers = vec![longwire_model::exporter::Pair::header("X-Scope-OrgID", "shop").unwrap()];
    let sender = sender(&Otlp { headers, ..to(receiver.address, PROTOCOL) });
    assert_eq!(sender.send(Bytes::from_static(b"request"), patiently()).await, Sent::Accepted);
    let [seen] = &receiver.requests()[..] else { panic!() };
    assert_eq!(
        (seen.head.method.as_str(), seen.head.uri.path(), &seen.body[..]),
        ("POST", "/v1/metrics", &b"request"[..])
    );
    let header = |name| seen.head.headers.get(name).map(|value| value.to_str().unwrap());
    assert_eq!(header("content-type"), Some("application/x-protobuf"));
    assert_eq!(header("x-scope-orgid"), Some("shop"));
    assert_eq!(header("content-encoding"), None);
    assert_eq!(header("content-length"), Some("7"));
    assert_eq!(header("host"), Some(receiver.address.to_string().as_str()));
    assert!(header("user-agent").unwrap().starts_with("Longwire-OTLP-Exporter-Rust/"));
    assert_eq!((sender.counts().attempts(), sender.counts().retries()), (1, 0));
}

#[tokio::test]
async fn a_compressed_request_is_the_same() {
    let receiver = Receiver::start(PROTOCOL, |_| http(200, &[], "")).await;
    let sender = sender(&Otlp { compression: Some(Compression::Gzip), ..to(receiver.address, PROTOCOL) });
    assert_eq!(sender.send(vec![b'x'; 60_000].into(), patiently()).await, Sent::Accepted);
    let [seen] = &receiver.requests()[..] else { panic!() };
    assert_eq!(seen.head.headers["content-encoding"], "gzip");
    assert!(seen.body.len() < 1000);
    assert_eq!(gunzip(&seen.body).unwrap(), vec![b'x'; 60_000]);
}

#[rstest]
#[case::no_body(204, &[], b"", Sent::Accepted)]
#[case::json(200, &[("content-type", "application/json")], b"{}", Sent::Accepted)]
#[case::partly(200, &[PROTOBUF], PARTLY, Sent::Partly { rejected: 3, message: "too old".to_owned() })]
#[case::warning(200, &[PROTOBUF], WARNING, Sent::Partly { rejected: 0, message: "hurry".to_owned() })]
#[tokio::test]
async fn an_answer_of_success_is_the_last(
    #[case] status: u16,
    #[case] headers: &'static [(&str, &str)],
    #[case] body: &'static [u8],
    #[case] expected: Sent,
) {
    let receiver = Receiver::start(PROTOCOL, move |_| http(status, headers, body)).await;
    let sent = sender(&to(receiver.address, PROTOCOL)).send(Bytes::new(), patiently()).await;
    assert_eq!(sent, expected.about(&format!("http://{}/v1/metrics", receiver.address)));
    assert_eq!(receiver.requests().len(), 1);
}

#[rstest]
#[case::protobuf(400, &[PROTOBUF], "\x12\x09bad point", "answered 400 Bad Request: bad point")]
#[case::text(400, &[("content-type", "text/plain")], "out of order\n", "answered 400 Bad Request: out of order")]
#[case::too_large(413, &[], "", "answered 413 Payload Too Large")]
#[case::page(404, &[("content-type", "text/html; charset=utf-8")], "<html>", "answered 404 Not Found")]
#[case::unauthorized(401, &[], "no token", "answered 401 Unauthorized: no token")]
#[case::internal(500, &[("retry-after", "1")], "", "answered 500 Internal Server Error")]
#[case::nonsense(400, &[PROTOBUF], "\u{7f}", "answered 400 Bad Request: the answer is no message of OTLP")]
#[case::redirect(301, &[("location", "/")], "", "answered 301 Moved Permanently: redirects are not followed")]
#[case::page_of_success(200, &[("content-type", "text/html")], "<html>", "answered 200 OK with a page: this is no receiver")]
#[tokio::test]
async fn a_refusal_is_the_last_and_says_why(
    #[case] status: u16,
    #[case] headers: &'static [(&str, &str)],
    #[case] body: &'static str,
    #[case] expected: &str,
) {
    let receiver = Receiver::start(PROTOCOL, move |_| http(status, headers, body)).await;
    let sent = sender(&to(receiver.address, PROTOCOL)).send(Bytes::new(), patiently()).await;
    let Sent::Refused { message } = &sent else { panic!("{sent:?}") };
    let expected = format!("http://{}/v1/metrics: {expected}", receiver.address);
    assert!(message.starts_with(&expected), "{message}");
    assert_eq!(receiver.requests().len(), 1);
}

#[test]
fn the_status_of_the_tests_is_google_s() {
    let status = Status { message: "bad point".to_owned() };
    assert_eq!(status.encode_to_vec(), b"\x12\x09bad point");
}

#[rstest]
#[tokio::test]
async fn a_receiver_that_is_busy_is_asked_again(#[values(429, 502, 503, 504)] status: u16) {
    let receiver = Receiver::start(PROTOCOL, move |number| match number {
        0 => http(status, &[], "busy"),
        _ => http(200, &[], ""),
    });
    let receiver = receiver.await;
    let sender = sender(&to(receiver.address, PROTOCOL));
    assert_eq!(sender.send(Bytes::from_static(b"same"), patiently()).await, Sent::Accepted);
    let bodies: Vec<_> = receiver.requests().into_iter().map(|seen| seen.body).collect();
    assert_eq!(bodies, ["same", "same"]);
    assert_eq!((sender.counts().attempts(), sender.counts().retries()), (2, 1));
}

#[rstest]
#[case::seconds(false)]
#[case::date(true)]
#[tokio::test]
async fn a_receiver_is_asked_again_when_it_says(#[case] is_date: bool) {
    let receiver = Receiver::start(PROTOCOL, move |number| {
        // A date has whole seconds: 3 are at least 2.
        let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3));
        let after = if is_date { date.as_str() } else { "2" };
        if number == 0 { http(429, &[("retry-after", after)], "") } else { http(200, &[], "") }
    });
    let receiver = receiver.await;
    let begin = std::time::Instant::now();
    assert_eq!(sender(&to(receiver.address, PROTOCOL)).send(Bytes::new(), patiently()).await, Sent::Accepted);
    assert!(begin.elapsed() >= Duration::from_millis(1900), "{:?}", begin.elapsed());
    assert_eq!(receiver.requests().len(), 2);
}

#[tokio::test]
async fn giving_up_says_what_was_answered_last() {
    let receiver = Receiver::start(PROTOCOL, |_| http(503, &[("retry-after", "3600")], "overloaded")).await;
    let sender = sender(&to(receiver.address, PROTOCOL));
    let sent = sender.send(Bytes::new(), Instant::now() + Duration::from_secs(2)).await;
    let answered = "gave up after 1 attempts: answered 503 Service Unavailable: overloaded";
    let expected = Sent::GaveUp { message: format!("http://{}/v1/metrics: {answered}", receiver.address) };
    assert_eq!(sent, expected);
}
