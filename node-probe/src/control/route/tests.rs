use super::{Next, Route, STEADY};
use std::time::Duration;
use tonic::Status;
use tonic::metadata::MetadataValue;

fn redirect(leader: &str) -> Status {
    let mut status = Status::unavailable("this operator is a standby");
    status.metadata_mut().insert("longwire-leader", MetadataValue::try_from(leader).unwrap());
    status
}

const SHORT: Duration = Duration::from_millis(5);

#[test]
fn a_redirect_is_followed_at_once() {
    let mut route = Route::default();
    assert_eq!(route.after(Some(&redirect("10.0.0.7:15010")), SHORT, true), Next::AtOnce);
    assert_eq!(route.leader, Some("10.0.0.7:15010".parse().unwrap()));
}

#[test]
fn two_standbys_that_redirect_to_each_other_do_not_keep_a_probe_busy() {
    let mut route = Route::default();
    let mut next = |to| route.after(Some(&redirect(to)), SHORT, true);
    let round = [next("10.0.0.7:1"), next("10.0.0.8:1"), next("10.0.0.7:1"), next("10.0.0.8:1")];
    assert_eq!(round, [Next::AtOnce, Next::AtOnce, Next::Wait, Next::AtOnce]);
}

#[test]
fn after_a_failure_at_the_leader_the_configured_address_is_next() {
    let mut route = Route::default();
    route.after(Some(&redirect("10.0.0.7:1")), SHORT, true);
    assert_eq!((route.after(None, SHORT, true), route.leader), (Next::Wait, None));
    route.after(Some(&redirect("10.0.0.7:1")), SHORT, true);
    let gone = Status::unavailable("the operator is stopping");
    assert_eq!((route.after(Some(&gone), STEADY, true), route.leader), (Next::Wait, None));
}

#[test]
fn a_steady_stream_resets_the_count_of_redirects() {
    let mut route = Route::default();
    for _ in 0..5 {
        assert_eq!(route.after(Some(&redirect("10.0.0.7:1")), STEADY, true), Next::AtOnce);
    }
}

#[test]
fn in_plaintext_only_redirects_to_loopback_are_followed() {
    let mut route = Route::default();
    assert_eq!((route.after(Some(&redirect("10.0.0.7:1")), SHORT, false), route.leader), (Next::Wait, None));
    assert_eq!(route.after(Some(&redirect("127.0.0.1:1")), SHORT, false), Next::AtOnce);
    assert_eq!(route.after(Some(&redirect("no address")), SHORT, true), Next::Wait);
}

#[test]
fn a_redirect_of_an_operator_of_the_previous_release_is_followed() {
    let mut status = Status::unavailable("this operator stands by");
    status.metadata_mut().insert("longwire-holder", MetadataValue::from_static("10.0.0.7:15010"));
    let mut route = Route::default();
    assert_eq!(route.after(Some(&status), SHORT, true), Next::AtOnce);
    assert_eq!(route.leader, Some("10.0.0.7:15010".parse().unwrap()));
}
