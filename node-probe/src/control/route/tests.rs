use super::{Next, Route, STEADY};
use std::time::Duration;
use tonic::Status;
use tonic::metadata::MetadataValue;

fn ask(holder: &str) -> Status {
    let mut status = Status::unavailable("this operator stands by");
    status.metadata_mut().insert("longwire-holder", MetadataValue::try_from(holder).unwrap());
    status
}

const SHORT: Duration = Duration::from_millis(5);

#[test]
fn a_probe_goes_where_it_is_sent_at_once() {
    let mut route = Route::default();
    assert_eq!(route.after(Some(&ask("10.0.0.7:15010")), SHORT, true), Next::AtOnce);
    assert_eq!(route.holder, Some("10.0.0.7:15010".parse().unwrap()));
}

#[test]
fn two_that_name_each_other_do_not_keep_it_busy() {
    let mut route = Route::default();
    let mut next = |to| route.after(Some(&ask(to)), SHORT, true);
    let round = [next("10.0.0.7:1"), next("10.0.0.8:1"), next("10.0.0.7:1"), next("10.0.0.8:1")];
    assert_eq!(round, [Next::AtOnce, Next::AtOnce, Next::Wait, Next::AtOnce]);
}

#[test]
fn who_fails_at_the_holder_comes_back_to_the_configured_one() {
    let mut route = Route::default();
    route.after(Some(&ask("10.0.0.7:1")), SHORT, true);
    assert_eq!((route.after(None, SHORT, true), route.holder), (Next::Wait, None));
    route.after(Some(&ask("10.0.0.7:1")), SHORT, true);
    let gone = Status::unavailable("the operator is stopping");
    assert_eq!((route.after(Some(&gone), STEADY, true), route.holder), (Next::Wait, None));
}

#[test]
fn a_good_stream_lets_it_be_sent_on_again() {
    let mut route = Route::default();
    for _ in 0..5 {
        assert_eq!(route.after(Some(&ask("10.0.0.7:1")), STEADY, true), Next::AtOnce);
    }
}

#[test]
fn in_the_clear_it_goes_nowhere_but_to_loopback() {
    let mut route = Route::default();
    assert_eq!((route.after(Some(&ask("10.0.0.7:1")), SHORT, false), route.holder), (Next::Wait, None));
    assert_eq!(route.after(Some(&ask("127.0.0.1:1")), SHORT, false), Next::AtOnce);
    assert_eq!(route.after(Some(&ask("no address")), SHORT, true), Next::Wait);
}
