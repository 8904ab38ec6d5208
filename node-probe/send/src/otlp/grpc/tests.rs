use super::*;
use http::HeaderValue;
use rstest::rstest;

fn trailers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
}

#[test]
fn a_status_is_read_with_its_escapes_and_details() {
    // google.rpc.Status with a RetryInfo of 3 s, without padding.
    let info = b"\x0a\x28type.googleapis.com/google.rpc.RetryInfo\x12\x04\x0a\x02\x08\x03";
    let status_of_google = [&[0x08, 0x08, 0x1a, u8::try_from(info.len()).unwrap()], &info[..]].concat();
    let details = base64::engine::general_purpose::STANDARD_NO_PAD.encode(status_of_google);
    let read = status(&trailers(&[
        ("grpc-status", "8"),
        ("grpc-message", "caf%C3%A9 %"),
        ("grpc-status-details-bin", &details),
    ]));
    let delay = Some(Duration::from_secs(3));
    assert_eq!(read, Some(Refusal { code: 8, message: "café %".to_owned(), delay }));
}

#[rstest]
#[case::none(&[], None)]
#[case::no_number(&[("grpc-status", "x")], Some(2))]
#[case::beyond(&[("grpc-status", "99999999999")], Some(2))]
#[case::unknown(&[("grpc-status", "4711")], Some(4711))]
#[case::details_of_no_base64(&[("grpc-status", "14"), ("grpc-status-details-bin", "%%%")], Some(14))]
#[case::details_of_no_status(&[("grpc-status", "14"), ("grpc-status-details-bin", "////")], Some(14))]
#[case::no_text(&[("grpc-status", "14"), ("grpc-message", "%FF")], Some(14))]
fn a_hostile_status_is_one_of_these(#[case] pairs: &[(&'static str, &str)], #[case] code: Option<i32>) {
    assert_eq!(status(&trailers(pairs)).map(|status| status.code), code);
}

#[rstest]
#[case::nothing(b"", Ok(""))]
#[case::empty(b"\0\0\0\0\0", Ok(""))]
#[case::whole(b"\0\0\0\0\x02ab", Ok("ab"))]
#[case::cut_frame(b"\0\0\0", Err("the answer broke off: its frame is not whole"))]
#[case::cut(b"\0\0\0\0\x03ab", Err("the answer broke off: its length is not as its frame says"))]
#[case::two(b"\0\0\0\0\x01a\0\0\0\0\x01a", Err("the answer broke off: its length is not as its frame says"))]
#[case::huge(b"\0\xff\xff\xff\xff", Err("the answer broke off: its length is not as its frame says"))]
#[case::compressed(b"\x01\0\0\0\0", Err("the answer broke off: it is compressed in a way that was not asked for"))]
fn frames(#[case] body: &'static [u8], #[case] expected: Result<&str, &str>) {
    let read = unframed(Bytes::from_static(body), false).map_err(|error| error.to_string());
    assert_eq!(read, expected.map(|text| text.to_owned().into()).map_err(str::to_owned));
}

#[test]
fn a_status_that_nobody_knows_is_shown_as_its_number() {
    let outcome = judge_status(&Refusal { code: -3, message: String::new(), delay: None });
    assert_eq!(outcome, Outcome::Done(Sent::Refused { message: "answered status -3".to_owned() }));
}
