use super::check;
use rstest::rstest;
use std::time::Duration;

fn policy(spec: &str) -> String {
    let head = "apiVersion: telemetry.longwire.io/v1alpha1\nkind: TelemetryPolicy\n";
    format!("{head}metadata: {{name: defaults, namespace: root}}\nspec: {spec}\n")
}

#[test]
fn it_may_say_what_is_for_the_whole_cluster() {
    let read = check(&policy("{reportingInterval: 7s, longConnections: {threshold: 9s}}"), "root").unwrap();
    let spec = read.spec.unwrap();
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!((spec.cluster.reporting_interval, spec.threshold), (seconds(7), seconds(9)));
}

#[rstest]
#[case::of_some_pods(&policy("{selector: {matchLabels: {a: b}}}"), "spec.selector: defaults are for every pod")]
#[case::wrong(&policy("{longConnections: {threshold: 9h}}"), "spec.longConnections.threshold")]
#[case::of_a_later_release(&policy("{sampling: 7s}"), "sampling")]
#[case::of_another_namespace(&policy("{reportingInterval: 7s}").replace("root", "shop"), "only allowed in namespace root")]
#[case::of_another_kind("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", "not one TelemetryPolicy")]
#[case::nothing("", "not one TelemetryPolicy")]
#[case::no_yaml("a: [", "line 1")]
fn anything_else_is_refused(#[case] text: &str, #[case] words: &str) {
    let error = check(text, "root").unwrap_err();
    assert!(error.contains(words), "{error}");
}
