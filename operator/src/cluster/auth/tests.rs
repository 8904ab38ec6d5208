use super::cache::{Cache, hash};
use super::claims::Claims;
use super::keys::KeySet;
use super::{Refusal, Verified};
use crate::index::probes::{Account, ProbePods, Probes};
use crate::index::{Index, Stale};
use crate::source::object::{Kind, Pod};
use crate::source::sample::{apply, delete, pod};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rsa::RsaPrivateKey;
use rsa::pkcs1::{EncodeRsaPrivateKey, LineEnding};
use rstest::rstest;
use serde_json::{Value, json};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

pub(super) fn account() -> Account {
    Account { namespace: "watch".to_owned(), name: "longwire-probe".to_owned() }
}

/// Made by this test, and used by it alone.
static KEY: LazyLock<EncodingKey> = LazyLock::new(|| {
    let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2_048).unwrap();
    EncodingKey::from_rsa_pem(key.to_pkcs1_pem(LineEnding::LF).unwrap().as_bytes()).unwrap()
});

fn keys() -> KeySet {
    let mut key = Jwk::from_encoding_key(&KEY, Algorithm::RS256).unwrap();
    key.common.key_id = Some("one".to_owned());
    KeySet { issuer: "https://api".to_owned(), keys: JwkSet { keys: vec![key] } }
}

pub(super) fn claims() -> Value {
    let now = super::wall().as_secs();
    json!({
        "iss": "https://api",
        "aud": ["longwire-operator"],
        "sub": "system:serviceaccount:watch:longwire-probe",
        "iat": now, "nbf": now, "exp": now + 600,
        "kubernetes.io": {
            "namespace": "watch",
            "pod": {"name": "longwire-probe-x", "uid": "p1"},
            "serviceaccount": {"name": "longwire-probe", "uid": "s1"},
        },
    })
}

pub(super) fn sign(claims: &Value, algorithm: Algorithm, key: &str) -> String {
    let header = Header { kid: Some(key.to_owned()), ..Header::new(algorithm) };
    encode(&header, claims, &KEY).unwrap()
}

pub(super) fn with(pointer: &str, value: Value) -> Value {
    let mut claims = claims();
    *claims.pointer_mut(pointer).unwrap() = value;
    claims
}

fn verified(claims: &Value) -> Result<Verified, String> {
    keys().verify(&sign(claims, Algorithm::RS256, "one")).map_err(|error| error.to_string())
}

#[test]
fn a_token_that_the_api_server_has_signed_is_verified_without_it() {
    let claims = claims();
    let found = verified(&claims).unwrap();
    let (now, made_for) = (Instant::now(), Duration::from_secs(600));
    assert_eq!(found.pod_of(&account(), now), Ok("p1"));
    assert_eq!(found.pod_of(&account(), now + made_for), Err(Refusal::Expired));
}

#[rstest]
#[case::audience("/aud", json!(["https://api"]), "InvalidAudience")]
#[case::issuer("/iss", json!("https://other"), "InvalidIssuer")]
#[case::expired("/exp", json!(1_000), "ExpiredSignature")]
#[case::not_yet("/nbf", json!(9_999_999_999_u64), "ImmatureSignature")]
fn what_is_wrong_with_a_token_is_found_without_the_api_server(
    #[case] pointer: &str,
    #[case] value: Value,
    #[case] expected: &str,
) {
    assert_eq!(verified(&with(pointer, value)), Err(expected.to_owned()));
}

#[test]
fn another_key_or_algorithm_or_a_changed_body_is_refused() {
    let error = |token: &str| keys().verify(token).unwrap_err().to_string();
    let unknown = sign(&claims(), Algorithm::RS256, "two");
    assert_eq!(error(&unknown), "it is signed with key \"two\", which is not known");
    let other_family = encode(
        &Header { kid: Some("one".to_owned()), ..Header::new(Algorithm::HS256) },
        &claims(),
        &EncodingKey::from_secret(b"public"),
    );
    assert_eq!(error(&other_family.unwrap()), "HS256 is not an algorithm of its key");
    let (good, evil) =
        (sign(&claims(), Algorithm::RS256, "one"), with("/sub", json!("system:serviceaccount:watch:evil")));
    let evil = sign(&evil, Algorithm::RS256, "one");
    let [header, _, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("{good}") };
    let body = evil.split('.').nth(1).unwrap();
    assert_eq!(error(&format!("{header}.{body}.{signature}")), "InvalidSignature");
    assert!(error("no token").starts_with("InvalidToken"), "{}", error("no token"));
}

#[test]
fn only_the_probes_account_and_a_bound_pod_pass() {
    let judge = |claims: Value| {
        let (claims, now): (Claims, _) = (serde_json::from_value(claims).unwrap(), Instant::now());
        claims.verified(Duration::from_secs(1_000), now).pod_of(&account(), now).map(str::to_owned)
    };
    assert_eq!(judge(claims()), Ok("p1".to_owned()));
    let found = "system:serviceaccount:shop:longwire-probe".to_owned();
    let expected = account().to_string();
    let other = judge(with("/sub", json!("system:serviceaccount:shop:longwire-probe")));
    assert_eq!(other, Err(Refusal::OtherAccount { found, expected }));
    // Its two places disagree.
    assert_eq!(judge(with("/kubernetes.io/namespace", json!("shop"))), Err(Refusal::NotBound));
    assert_eq!(judge(with("/kubernetes.io/pod", Value::Null)), Err(Refusal::NotBound));
    assert_eq!(judge(with("/exp", json!(1_000))), Err(Refusal::Expired));
}

/// A token that was made at 10,000 for 600 s, and how long it counts at this time of the operator's clock.
#[rstest]
#[case::by_a_right_clock(10_100, 500, 500)]
#[case::by_a_clock_that_is_an_hour_slow(6_500, 600, 600)]
#[case::by_a_clock_that_is_an_hour_fast(13_700, 0, 60)]
#[case::at_the_last_moment(10_600, 0, 60)]
#[case::before_there_was_time(0, 600, 600)]
fn the_validity_of_a_token_is_bounded_independently_of_the_wall_clock(
    #[case] wall: u64,
    #[case] by_keys: u64,
    #[case] by_the_api_server: u64,
) {
    let claims: Claims =
        serde_json::from_value(json!({"sub": "u", "iat": 10_000, "exp": 10_600, "kubernetes.io": null})).unwrap();
    let wall = Duration::from_secs(wall);
    let found = [claims.left(wall), super::review::good_for(&claims, wall)];
    assert_eq!(found, [by_keys, by_the_api_server].map(Duration::from_secs));
}

#[test]
fn a_token_without_end_counts_for_a_year_until_it_is_looked_at_again() {
    let claims: Claims = serde_json::from_value(json!({"sub": "u", "exp": u64::MAX, "kubernetes.io": null})).unwrap();
    assert_eq!(claims.left(Duration::from_secs(10_000)), Duration::from_secs(31_536_000));
}

#[test]
fn an_answer_is_remembered_for_ten_seconds() {
    let (mut cache, start) = (Cache::default(), Instant::now());
    let known = Verified { username: "u".to_owned(), pod: None, until: start };
    cache.put(hash("a"), known.clone(), start);
    let at = |seconds| start + Duration::from_millis(seconds);
    assert_eq!(cache.get(&hash("a"), at(9_999)), Some(Ok(known)));
    assert_eq!(cache.get(&hash("a"), at(10_000)), None);
    assert_eq!(cache.get(&hash("b"), start), None);
}

#[test]
fn the_living_pods_of_the_account_are_known_by_their_uid() {
    let account = Account { namespace: "shop".to_owned(), name: "longwire-probe".to_owned() };
    let (mut probes, pods) = Probes::new(account);
    let mut index = Index::default();
    let mut take = |event| {
        let mut stale = Stale::default();
        index.apply(event, &mut stale);
        probes.take(&index, &stale);
    };
    let probe = |name: &str| Pod { service_account: "longwire-probe".to_owned(), ..pod("agent", name, "10.9.0.1") };
    let nodes = |pods: &ProbePods| {
        let mut nodes: Vec<_> = pods.nodes.iter().map(|(uid, node)| format!("{uid} on {node}")).collect();
        nodes.sort();
        nodes
    };
    take(apply(probe("a")));
    take(apply(Pod { node: None, ..probe("b") }));
    take(apply(Pod { ended: true, ..probe("c") }));
    take(apply(pod("web", "d", "10.0.0.1")));
    assert_eq!((nodes(&pods.borrow()), pods.borrow().synced), (vec!["uid-a on n1".to_owned()], false));
    take(apply(probe("b")));
    take(crate::source::event::Event::Synced);
    assert_eq!((nodes(&pods.borrow()).len(), pods.borrow().synced), (2, true));
    take(delete(Kind::Pod, "a"));
    take(apply(Pod { ended: true, ..probe("b") }));
    assert_eq!(nodes(&pods.borrow()), [""; 0]);
}
