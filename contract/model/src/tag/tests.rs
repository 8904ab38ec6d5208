use super::{InvalidTagName, TagName};
use crate::regex::{Extent, Regex};
use crate::series::{CONNECTION_LABELS, SERVICE_LABELS, WORKLOAD_LABELS};
use proptest::prelude::*;
use rstest::rstest;

#[rstest]
#[case::letters("team")]
#[case::one_letter("x")]
#[case::one_underscore_in_front("_team")]
#[case::an_underscore_alone("_")]
#[case::digits_later("v2_Canary")]
#[case::reserved_only_in_lower_case("LE")]
#[case::a_reserved_name_as_a_part("app_name")]
#[case::sixty_three_bytes("a23456789_123456789_123456789_123456789_123456789_123456789_123")]
fn a_label_name_names_a_tag(#[case] name: &str) {
    let tag = TagName::parse(name).unwrap();
    assert_eq!(tag.as_str(), name);
    assert!(!tag.is_standard());
}

#[rstest]
#[case::empty("", "a tag's name is empty: give it one, as in team")]
#[case::hyphen("a-b", "tag name \"a-b\" is no Prometheus label name: write letters, digits and _, and no digit first")]
#[case::digit("1a", "tag name \"1a\" is no Prometheus label name: write letters, digits and _, and no digit first")]
#[case::colon("a:b", "tag name \"a:b\" is no Prometheus label name: write letters, digits and _, and no digit first")]
#[case::foreign("é", "tag name \"é\" is no Prometheus label name: write letters, digits and _, and no digit first")]
#[case::quote("a\"", "tag name \"a\\\"\" is no Prometheus label name: write letters, digits and _, and no digit first")]
#[case::long(
    "a23456789_123456789_123456789_123456789_123456789_123456789_1234",
    "a tag's name of 64 bytes is too long: at most 63 are allowed"
)]
#[case::meta("__name__", "tag name __name__ is reserved: choose another than __*, le, job, instance, app and reason")]
#[case::bucket("le", "tag name le is reserved: choose another than __*, le, job, instance, app and reason")]
#[case::job("job", "tag name job is reserved: choose another than __*, le, job, instance, app and reason")]
#[case::instance(
    "instance",
    "tag name instance is reserved: choose another than __*, le, job, instance, app and reason"
)]
#[case::app("app", "tag name app is reserved: choose another than __*, le, job, instance, app and reason")]
#[case::reason("reason", "tag name reason is reserved: choose another than __*, le, job, instance, app and reason")]
fn another_text_is_refused_with_the_reason(#[case] name: &str, #[case] message: &str) {
    assert_eq!(TagName::parse(name).unwrap_err().to_string(), message);
}

#[test]
fn every_standard_label_can_be_overridden() {
    for name in SERVICE_LABELS.iter().chain(&CONNECTION_LABELS).chain(&WORKLOAD_LABELS) {
        assert_eq!(TagName::parse(name).map(|tag| tag.is_standard()), Ok(true), "{name}");
    }
}

#[test]
fn a_name_is_serialized_as_its_text_and_checked_on_the_way_back() {
    let tag = TagName::parse("team").unwrap();
    assert_eq!(serde_json::to_string(&tag).unwrap(), "\"team\"");
    assert_eq!(serde_json::from_str::<TagName>("\"team\"").unwrap(), tag);
    let error = serde_json::from_str::<TagName>("\"le\"").unwrap_err().to_string();
    assert_eq!(error, InvalidTagName::Reserved("le".to_owned()).to_string());
}

proptest! {
    #[test]
    fn what_is_accepted_is_a_prometheus_label_name(name in "[_a-z0-9é:-]{0,70}") {
        if TagName::parse(&name).is_ok() {
            let label = Regex::parse("^[a-zA-Z_][a-zA-Z0-9_]*$", Extent::Anywhere).unwrap();
            prop_assert!(label.is_match(&name) && name.len() <= 63 && !name.starts_with("__"), "{name}");
        }
    }
}
