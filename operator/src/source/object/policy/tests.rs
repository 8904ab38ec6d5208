use super::overrides::{MetricMatch, Overrides, Reporter};
use super::selector::Selector;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use longwire_model::canonical::Labels;
use longwire_model::series::Metric;
use rstest::rstest;
use serde_json::{Value, from_value, json};

fn labels(value: Value) -> Labels {
    from_value(value).unwrap()
}

#[rstest]
#[case::a_label(json!({"matchLabels": {"app": "web"}}), json!({"app": "web", "x": "y"}), true)]
#[case::another_value(json!({"matchLabels": {"app": "web"}}), json!({"app": "db"}), false)]
#[case::all_must_match(json!({"matchLabels": {"app": "web", "tier": "a"}}), json!({"app": "web"}), false)]
#[case::an_empty_value_is_one(json!({"matchLabels": {"app": ""}}), json!({"app": ""}), true)]
#[case::within(json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "b"]}]}), json!({"app": "b"}), true)]
#[case::within_nothing(json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["a"]}]}), json!({}), false)]
#[case::not_within(json!({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]}), json!({"app": "a"}), false)]
#[case::not_within_without_it(json!({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]}), json!({}), true)]
#[case::there(json!({"matchExpressions": [{"key": "app", "operator": "Exists"}]}), json!({"app": ""}), true)]
#[case::there_and_should_not(json!({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}), json!({"app": ""}), false)]
#[case::both_parts(
    json!({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "app.kubernetes.io/name", "operator": "DoesNotExist"}]}),
    json!({"app": "web", "app.kubernetes.io/name": "web"}),
    false
)]
fn a_selector_matches_as_in_kubernetes(#[case] selector: Value, #[case] pod: Value, #[case] matches: bool) {
    let selector = Selector::read(Some(from_value::<LabelSelector>(selector).unwrap())).unwrap().unwrap();
    assert_eq!(selector.matches(&labels(pod)), matches);
}

#[test]
fn a_later_override_replaces_a_former_one_and_a_fallback_does_not() {
    use Metric::{IstioClosed as Closed, IstioOpened as Opened};
    let mut overrides = Overrides::default();
    overrides.over(MetricMatch::of(None, None), 1);
    overrides.over(MetricMatch::of(Some(Opened), Some(Reporter::Source)), 2);
    overrides.under(MetricMatch::of(Some(Opened), None), 3);
    let at = |overrides: &Overrides<i32>, metric, reporter| overrides.at(metric, reporter).copied();
    assert_eq!(at(&overrides, Opened, Reporter::Source), Some(2));
    assert_eq!(at(&overrides, Opened, Reporter::Destination), Some(1));
    assert_eq!(at(&overrides, Closed, Reporter::Source), Some(1));
    assert_eq!(at(&overrides, Metric::EnvoyTotal, Reporter::Source), None);
    // Nothing is left of what is covered as a whole.
    overrides.over(MetricMatch::of(None, None), 4);
    assert_eq!(overrides.iter().count(), 1);
}
