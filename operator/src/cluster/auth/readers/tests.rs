use super::claims::{Token, precheck};
use crate::cluster::auth::tests::{claims, sign, with};
use jsonwebtoken::Algorithm::RS256;
use rstest::rstest;
use serde_json::{Value, json};
use std::time::Duration;

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn checked(claims: &Value, wall: u64) -> Result<Token, String> {
    precheck(&sign(claims, RS256, "one"), seconds(wall))
}

#[test]
fn any_token_of_a_user_passes_by_its_subject() {
    let web = with("/sub", json!("system:serviceaccount:shop:web"));
    let token = checked(&web, 1_000).unwrap();
    assert_eq!((token.subject.as_str(), token.is_for_readers), ("system:serviceaccount:shop:web", false));
    // As OpenShift has them, and as a file of static tokens.
    for opaque in ["sha256~abcdef", "a"] {
        assert_eq!(precheck(opaque, seconds(1_000)).unwrap().subject, "");
    }
}

#[rstest]
#[case::one(json!("longwire-metrics"), true)]
#[case::of_several(json!(["https://api", "longwire-metrics"]), true)]
#[case::another(json!(["longwire-operator"]), false)]
fn a_token_for_readers_alone_is_reviewed_as_such(#[case] audience: Value, #[case] is_for_readers: bool) {
    assert_eq!(checked(&with("/aud", audience), 1_000).unwrap().is_for_readers, is_for_readers);
}

#[test]
fn what_no_review_would_change_is_refused_without_one() {
    let text = Err("it is no bearer token of at most 8192 bytes".to_owned());
    for bad in ["", "a b", "a\"b", &"x".repeat(8_193)] {
        assert_eq!(precheck(bad, seconds(0)), text);
    }
    let lately = with("/exp", json!(1_000_000));
    assert!(checked(&lately, 1_086_400).is_ok());
    assert_eq!(checked(&lately, 1_086_401), Err("it expired more than a day ago".to_owned()));
    assert!(checked(&with("/exp", json!(u64::MAX)), 1_000).is_ok());
}

#[test]
fn a_token_counts_until_it_expires_or_a_minute_where_that_is_not_known() {
    let mut claims = claims();
    (claims["iat"], claims["exp"]) = (json!(10_000), json!(10_600));
    let good_for = |claims: &Value, wall| checked(claims, wall).unwrap().good_for(seconds(wall));
    assert_eq!(good_for(&claims, 10_100), seconds(500));
    // By a clock that is slow, and by one that is fast.
    assert_eq!(good_for(&claims, 1_000), seconds(600));
    assert_eq!(good_for(&claims, 20_000), seconds(60));
    claims["exp"] = Value::Null;
    assert_eq!(good_for(&claims, 10_100), seconds(365 * 86_400));
    assert_eq!(precheck("opaque", seconds(0)).unwrap().good_for(seconds(0)), seconds(60));
}
