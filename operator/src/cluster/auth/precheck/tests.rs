use super::precheck;
use crate::cluster::auth::tests::{account, claims, sign, with};
use jsonwebtoken::Algorithm::RS256;
use rstest::rstest;
use serde_json::{Value, json};
use std::time::Duration;

fn check(claims: &Value) -> Result<String, String> {
    check_text(&sign(claims, RS256, "one"), crate::cluster::auth::wall())
}

fn check_text(token: &str, wall: Duration) -> Result<String, String> {
    precheck(token, &account(), wall).map_err(|refusal| format!("{}: {refusal}", refusal.reason()))
}

#[test]
fn a_token_of_a_probes_pod_passes_by_its_pod() {
    assert_eq!(check(&claims()), Ok("p1".to_owned()));
    assert_eq!(check(&with("/aud", json!("longwire-operator"))), Ok("p1".to_owned()));
}

#[rstest]
#[case::audience("/aud", json!(["api"]), "invalid: the token is invalid: it is not for audience longwire-operator")]
#[case::no_audience("/aud", Value::Null, "invalid: the token is invalid: it is not for audience longwire-operator")]
#[case::account("/sub", json!("system:serviceaccount:watch:web"), "other_account: the token is of system:serviceaccount:watch:web, and only system:serviceaccount:watch:longwire-probe may connect")]
#[case::pod(
    "/kubernetes.io/pod",
    Value::Null,
    "not_bound: the token is not bound to a pod: mount a projected one with audience longwire-operator"
)]
#[case::no_expiry("/exp", json!("soon"), "invalid: the token is invalid: it is not a ServiceAccount token")]
fn what_no_review_would_change_is_refused_without_one(
    #[case] pointer: &str,
    #[case] value: Value,
    #[case] expected: &str,
) {
    assert_eq!(check(&with(pointer, value)), Err(expected.to_owned()));
}

#[test]
fn what_is_no_token_is_refused_by_its_shape() {
    let good = sign(&claims(), RS256, "one");
    let unshaped = "invalid: the token is invalid: it is not three parts of base64url with dots between";
    for text in ["nonsense", "a.b", "a..c", &format!("{good}.d"), &good.replace('.', "="), &format!("{good}\n")] {
        assert_eq!(check_text(text, Duration::ZERO), Err(unshaped.to_owned()), "{text}");
    }
    let long = check_text(&"x".repeat(8_193), Duration::ZERO);
    assert_eq!(long, Err("invalid: the token is invalid: it is longer than 8192 bytes".to_owned()));
    let other = check_text("a.b.c", Duration::ZERO);
    assert_eq!(other, Err("invalid: the token is invalid: it is not a ServiceAccount token".to_owned()));
}

/// The API server's decision takes precedence over this machine's clock.
#[test]
fn a_token_that_expired_lately_by_this_clock_is_reviewed() {
    let token = sign(&with("/exp", json!(1_000_000)), RS256, "one");
    let at = |wall| check_text(&token, Duration::from_secs(wall));
    assert_eq!(check(&with("/exp", json!(u64::MAX))), Ok("p1".to_owned()));
    assert_eq!(at(1_086_400), Ok("p1".to_owned()));
    assert_eq!(at(1_086_401), Err("invalid: the token is invalid: it expired more than a day ago".to_owned()));
}
