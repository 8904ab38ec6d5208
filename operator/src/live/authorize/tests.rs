use super::known::{Decision, Known};
use super::{Attributes, forbidden, spec};
use crate::live::identity::Identity;
use longwire_live::{Verb, resource};
use serde_json::json;
use std::time::{Duration, Instant};

fn identity() -> Identity {
    Identity { user: "eve".to_owned(), groups: vec!["dev".to_owned()], ..Identity::default() }
}

fn attributes<'a>(namespace: Option<&'a str>, name: Option<&'a str>) -> Attributes<'a> {
    Attributes { verb: Verb::Get, resource: resource("probes").unwrap(), namespace, name }
}

#[test]
fn the_api_server_is_asked_about_the_user_and_the_object() {
    let asked = serde_json::to_value(spec(&identity(), attributes(None, Some("n1")))).unwrap();
    let wanted = json!({
        "user": "eve", "groups": ["dev"], "extra": {},
        "resourceAttributes": {
            "group": "live.telemetry.longwire.io", "version": "v1alpha1", "resource": "probes", "verb": "get", "name": "n1",
        },
    });
    assert_eq!(asked, wanted);
}

#[test]
fn a_refusal_says_who_may_not_do_what_and_where() {
    let text = r#"User "eve" cannot get resource "probes" in API group "live.telemetry.longwire.io""#;
    assert_eq!(forbidden(&identity(), attributes(None, None), ""), format!("{text} at the cluster scope"));
    let named = forbidden(&identity(), attributes(Some("shop"), None), "no role");
    assert_eq!(named, format!("{text} in the namespace \"shop\": no role"));
}

#[test]
fn a_decision_counts_for_ten_seconds() {
    let (mut known, start) = (Known::default(), Instant::now());
    let at = |seconds| start + Duration::from_secs(seconds);
    known.put([1; 32], Decision::Allowed, at(0));
    assert_eq!(known.get(&[1; 32], at(9)), Some(Decision::Allowed));
    assert_eq!(known.get(&[1; 32], at(10)), None);
    assert_eq!(known.get(&[2; 32], at(0)), None);
    known.put([1; 32], Decision::Forbidden("since".to_owned()), at(11));
    assert_eq!(known.get(&[1; 32], at(12)), Some(Decision::Forbidden("since".to_owned())));
}

#[test]
fn the_oldest_decisions_give_way() {
    let (mut known, start) = (Known::default(), Instant::now());
    let hash = |number: u32| {
        let mut hash = [0; 32];
        hash[..4].copy_from_slice(&number.to_be_bytes());
        hash
    };
    for number in 0..5_000 {
        known.put(hash(number), Decision::Allowed, start);
        // One that is decided again and again.
        known.put(hash(u32::MAX), Decision::Allowed, start + Duration::from_nanos(number.into()));
    }
    assert!(known.count() <= 4_096, "{}", known.count());
    assert_eq!(known.get(&hash(0), start), None);
    assert_eq!(known.get(&hash(4_999), start), Some(Decision::Allowed));
    assert_eq!(known.get(&hash(u32::MAX), start), Some(Decision::Allowed));
}
