use super::Reread;
use crate::source::object::Kind;
use futures::FutureExt;

#[tokio::test]
async fn several_requests_cause_one_reread_and_not_too_often() {
    let reread = Reread::default();
    let mut requests = reread.requests(Kind::StatsMatcher);
    assert_eq!(requests.next().now_or_never(), None);
    reread.request(Kind::TelemetryPolicy);
    reread.request(Kind::TelemetryPolicy);
    assert_eq!(requests.next().now_or_never(), Some(()));
    assert_eq!(requests.next().now_or_never(), None);
    reread.request(Kind::TelemetryPolicy);
    assert_eq!(requests.next().now_or_never(), None, "the pause is not over");
    assert!(requests.take(), "a request that was not waited for to the end is lost");
}

#[test]
fn a_source_that_looks_anyway_takes_a_request_once() {
    let reread = Reread::default();
    let mut requests = reread.requests(Kind::StatsMatcher);
    assert!(!requests.take());
    reread.request(Kind::TelemetryPolicy);
    assert!(requests.take());
    assert!(!requests.take());
}

#[tokio::test]
async fn slices_are_requested_separately() {
    let reread = Reread::default();
    let mut requests = [Kind::EndpointSlice, Kind::ExtraStatTags].map(|kind| reread.requests(kind));
    reread.request(Kind::EndpointSlice);
    assert_eq!(requests.each_mut().map(|requests| requests.next().now_or_never()), [Some(()), None]);
}
