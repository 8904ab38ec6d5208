use super::Reread;
use futures::FutureExt;

#[tokio::test]
async fn what_is_asked_several_times_is_told_once_and_not_too_often() {
    let reread = Reread::default();
    let mut requests = reread.requests();
    assert_eq!(requests.next().now_or_never(), None);
    reread.ask();
    reread.ask();
    assert_eq!(requests.next().now_or_never(), Some(()));
    assert_eq!(requests.next().now_or_never(), None);
    reread.ask();
    assert_eq!(requests.next().now_or_never(), None, "the pause is not over");
    assert!(requests.take(), "a request that was not waited for to the end is lost");
}

#[test]
fn a_source_that_looks_anyway_takes_a_request_once() {
    let reread = Reread::default();
    let mut requests = reread.requests();
    assert!(!requests.take());
    reread.ask();
    assert!(requests.take());
    assert!(!requests.take());
}
