use super::*;
use crate::otlp::proto::collector::logs::v1::ExportLogsPartialSuccess;
use crate::otlp::proto::collector::metrics::v1::ExportMetricsPartialSuccess;
use proptest::prelude::*;
use rstest::rstest;

/// By a receiver of metrics, and by one of logs.
fn taken(rejected: i64, message: &str) -> [Accepted; 2] {
    let error_message = message.to_owned();
    let partial = ExportMetricsPartialSuccess { rejected_data_points: rejected, error_message: error_message.clone() };
    let metrics = ExportMetricsServiceResponse { partial_success: Some(partial) }.encode_to_vec();
    let partial = ExportLogsPartialSuccess { rejected_log_records: rejected, error_message };
    let logs = ExportLogsServiceResponse { partial_success: Some(partial) }.encode_to_vec();
    [metrics_response(&metrics).unwrap(), logs_response(&logs).unwrap()]
}

fn partly(rejected: u64, message: &str) -> Accepted {
    Accepted::Partly { rejected, message: message.to_owned() }
}

#[rstest]
#[case::all(0, "", Accepted::All)]
#[case::a_warning(0, "name is deprecated", Accepted::Warning("name is deprecated".to_owned()))]
#[case::partly(7, "too old", partly(7, "too old"))]
#[case::partly_without_a_reason(1, "", partly(1, ""))]
#[case::less_than_nothing(-1, "", Accepted::All)]
#[case::very_many(i64::MAX, "", partly(i64::MAX as u64, ""))]
fn a_receiver_says_what_it_took(#[case] rejected: i64, #[case] message: &str, #[case] expected: Accepted) {
    assert_eq!(taken(rejected, message), [expected.clone(), expected]);
}

#[test]
fn an_empty_answer_takes_all() {
    assert_eq!(metrics_response(&[]), Ok(Accepted::All));
    assert_eq!(logs_response(&[]), Ok(Accepted::All));
}

#[test]
fn a_long_text_is_cut_between_two_characters() {
    let [metrics, logs] = taken(0, &"\u{1f980}".repeat(1_000));
    assert_eq!(metrics, Accepted::Warning("\u{1f980}".repeat(MAX_MESSAGE)));
    assert_eq!(logs, metrics);
}

fn status(code: i32, details: &[(&str, &[u8])]) -> Vec<u8> {
    let any = |(name, value): &(&str, &[u8])| Any { type_url: (*name).to_owned(), value: value.to_vec() };
    Status { code, message: "busy".to_owned(), details: details.iter().map(any).collect() }.encode_to_vec()
}

fn retry(seconds: i64, nanoseconds: i32) -> Vec<u8> {
    RetryInfo { delay: Some(Delay { seconds, nanoseconds }) }.encode_to_vec()
}

const RETRY: &str = "type.googleapis.com/google.rpc.RetryInfo";

#[rstest]
#[case::one_and_a_half(1, 500_000_000, Some(Duration::from_millis(1_500)))]
#[case::at_once(0, 0, Some(Duration::ZERO))]
#[case::less_than_nothing(-1, 0, None)]
#[case::less_than_nothing_by_little(0, -1, None)]
#[case::more_nanoseconds_than_there_are(0, i32::MAX, None)]
fn a_delay_is_read(#[case] seconds: i64, #[case] nanoseconds: i32, #[case] expected: Option<Duration>) {
    let other: (&str, &[u8]) = ("type.googleapis.com/google.rpc.DebugInfo", b"\xff");
    let read = refusal(&status(14, &[other, (RETRY, &retry(seconds, nanoseconds))])).unwrap();
    assert_eq!(read, Refusal { code: 14, message: "busy".to_owned(), delay: expected });
}

/// `google/rpc/status.proto`, byte for byte: unavailable, `no`, and a delay of 2 s.
#[test]
fn a_status_is_read_as_others_write_it() {
    let mut bytes = b"\x08\x0e\x12\x02no\x1a\x30\x0a\x28type.googleapis.com/google.rpc.RetryInfo\x12\x04".to_vec();
    bytes.extend_from_slice(b"\x0a\x02\x08\x02");
    let expected = Refusal { code: 14, message: "no".to_owned(), delay: Some(Duration::from_secs(2)) };
    assert_eq!(refusal(&bytes), Ok(expected));
}

/// To a request of garbage over HTTP.
#[test]
fn the_refusal_of_a_real_collector_is_read() {
    let bytes = b"\x08\x03\x12\x19proto: illegal wireType 7";
    let read = refusal(bytes).unwrap();
    assert_eq!((read.code, read.message.as_str(), read.delay), (3, "proto: illegal wireType 7", None));
    assert!(!read.may_retry());
}

#[test]
fn a_delay_that_cannot_be_read_is_none() {
    assert_eq!(refusal(&status(8, &[(RETRY, b"\xff\xff")])).unwrap().delay, None);
}

#[test]
fn only_what_may_pass_is_tried_again() {
    let may_retry = |delay: Option<Duration>| {
        let refusals = (0..=16).map(move |code| Refusal { code, message: String::new(), delay });
        refusals.filter(Refusal::may_retry).map(|refusal| refusal.code).collect::<Vec<_>>()
    };
    assert_eq!(may_retry(None), [1, 4, 10, 11, 14, 15]);
    assert_eq!(may_retry(Some(Duration::ZERO)), [1, 4, 8, 10, 11, 14, 15]);
}

#[test]
fn what_is_no_answer_is_an_error() {
    let html = b"<html><body>502 Bad Gateway</body></html>";
    assert!(matches!(metrics_response(html), Err(InvalidResponse::Malformed(_))));
    assert!(matches!(logs_response(b"\x0a\xff"), Err(InvalidResponse::Malformed(_))));
    assert!(matches!(refusal(b"\x12\x02\xff\xfe"), Err(InvalidResponse::Malformed(_))));
    let long = vec![0x1a; MAX_RESPONSE + 1];
    assert_eq!(refusal(&long), Err(InvalidResponse::TooLong(MAX_RESPONSE + 1)));
}

proptest! {
    #[test]
    fn whatever_comes_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = (metrics_response(&bytes), logs_response(&bytes), refusal(&bytes));
    }
}
