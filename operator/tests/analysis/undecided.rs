//! What the files do not decide is not guessed.

use crate::{object, report, telemetry};
use rstest::rstest;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: bank, labels: {app: web}}\nspec: {containers: []}\n---\n";

#[rstest]
#[case::selector(telemetry("shop", "  selector: {matchLabels: {app: web}}\n  seriesSets: [istio]"))]
#[case::labels(object("ExtraStatTags", "shop", "p", "  tags:\n  - {name: team, value: 'source.labels[\"team\"]'}"))]
#[case::labels_that_are_asked_for(object(
    "ExtraStatTags",
    "shop",
    "p",
    "  tags:\n  - {name: team, value: '\"team\" in source.labels ? \"yes\" : \"no\"'}"
))]
#[case::filter(telemetry("shop", "  accessLogs: {enabled: true, filter: 'source.labels[\"team\"] == \"a\"'}"))]
#[case::no_change(telemetry("shop", "  seriesSets: [istio, kmesh-connection, longwire, longwire-locality]"))]
#[case::exporters(telemetry("shop", "  accessLogs: {enabled: true, exporters: [loki]}"))]
fn without_pods_of_its_namespace_an_object_is_taken_as_it_is(#[case] text: String) {
    assert_eq!(report(&text).findings, []);
    assert_eq!(report(&format!("{POD}{text}")).findings, []);
}

#[test]
fn a_tag_may_be_defined_where_nobody_looked() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, annotations: {sidecar.istio.io/extraStatTags: zone}}\n";
    assert_eq!(report(pod).findings, []);
}

#[test]
fn notes_say_what_was_not_compared() {
    let notes = |text: &str| report(text).notes;
    assert_eq!(notes(POD), [""; 0]);
    let policy = telemetry("shop", "  accessLogs: {enabled: true, exporters: [loki]}");
    assert_eq!(
        notes(&policy),
        [
            "no pods and no templates of pods were read, so selectors and labels in expressions were not compared with any",
            "no object that was read defines exporters, so names in spec.accessLogs.exporters were not compared with any",
        ]
    );
    assert_eq!(notes(&format!("{POD}{policy}")).len(), 1);
}
