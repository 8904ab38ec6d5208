//! Where each part of a pod's telemetry is from, and what lost.

mod parts;
mod problems;

use super::Operator;
use crate::policy::compile::Shared;
use crate::source::documents::documents;
use crate::source::event::Event;
use crate::source::object::Name;
use crate::source::{object_of, telemetry_policy};
use longwire_live::effective_telemetry::{
    EffectiveTelemetryStatus, Loser, MetricSelection, ObjectReference, Origin, Provenance,
};
use rstest::rstest;

/// Of namespace `shop`, with the label `app: web`, and a second one with `app: db`.
const PODS: &str = "
apiVersion: v1
kind: Pod
metadata: {name: web-1, namespace: shop, labels: {app: web}, ANNOTATIONS}
spec: {nodeName: n1, containers: []}
status: {podIP: 10.0.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: db-1, namespace: shop, labels: {app: db}}
spec: {nodeName: n1, containers: []}
status: {podIP: 10.0.0.2}
";

fn events(text: &str) -> Vec<Event> {
    let objects = documents(text).into_iter().map(|document| object_of(&document.value.unwrap()).unwrap().unwrap());
    objects.map(Event::Apply).collect()
}

/// `kind namespace/name {rest of the metadata} {spec}` of each.
fn policies(written: &[(&str, &str, &str, &str)]) -> String {
    let one = |(kind, name, metadata, spec): &(&str, &str, &str, &str)| {
        let (namespace, name) = name.split_once('/').unwrap();
        format!(
            "---\napiVersion: telemetry.longwire.io/v1alpha1\nkind: {kind}\n\
             metadata: {{name: {name}, namespace: {namespace}{metadata}}}\nspec: {{{spec}}}\n"
        )
    };
    written.iter().map(one).collect()
}

fn of_pod(operator: &Operator, name: &str) -> EffectiveTelemetryStatus {
    let pod = operator.index.pod(&Name::new("shop", name)).unwrap();
    let explained = operator.compiler.explain(pod, &mut Shared::default()).unwrap();
    EffectiveTelemetryStatus::clone(&explained.status)
}

/// Of `web-1`, with these annotations beside these objects.
fn explained(annotations: &str, written: &[(&str, &str, &str, &str)]) -> EffectiveTelemetryStatus {
    let pods = PODS.replace("ANNOTATIONS", &format!("annotations: {{{annotations}}}"));
    let (operator, _) = Operator::new(events(&format!("{pods}{}", policies(written))));
    of_pod(&operator, "web-1")
}

fn object(ObjectReference { kind, namespace, name }: &ObjectReference) -> String {
    let parts = [Some(kind.as_str()), namespace.as_deref(), name.as_deref()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn origin(Origin { object: of, field }: &Origin) -> String {
    format!("{} {field}", object(of))
}

/// `by FIELD; lost FIELD: why`
fn said(Provenance { from, lost, more_lost }: &Provenance) -> String {
    let by = from.as_ref().map_or_else(|| "nobody".to_owned(), origin);
    let lost = lost.iter().map(|Loser { origin: loser, why }| format!("; lost {}: {why}", origin(loser)));
    let more = (*more_lost > 0).then(|| format!("; {more_lost} more"));
    format!("by {by}{}", lost.chain(more).collect::<String>())
}

fn only(MetricSelection { source, destination, none_on }: &MetricSelection) -> String {
    match (none_on, source == destination) {
        (true, _) => " of no metric".to_owned(),
        (false, true) if source.is_empty() => String::new(),
        (false, true) => format!(" of {}", source.join("+")),
        (false, false) => format!(" of source {}, destination {}", source.join("+"), destination.join("+")),
    }
}

fn set(status: &EffectiveTelemetryStatus, name: &str) -> String {
    let set = status.series_sets.iter().find(|set| set.name == name).unwrap();
    let why = set.reason.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
    format!("{}{why} {}", if set.on { "on" } else { "off" }, said(&set.provenance))
}

fn tags(status: &EffectiveTelemetryStatus) -> Vec<String> {
    let text = |value: &Option<String>| value.as_ref().map_or_else(|| " removed".to_owned(), |text| format!("={text}"));
    let one = |tag: &longwire_live::effective_telemetry::EffectiveTag| {
        format!("{}{}{} {}", tag.name, text(&tag.value), only(&tag.metrics), said(&tag.provenance))
    };
    status.tags.iter().map(one).collect()
}

fn settings(status: &EffectiveTelemetryStatus) -> Vec<String> {
    let one = |setting: &longwire_live::effective_telemetry::EffectiveSetting| {
        format!("{}={} {}", setting.name, setting.value, said(&setting.provenance))
    };
    status.settings.iter().map(one).collect()
}

const MESH: (&str, &str, &str, &str) = ("TelemetryPolicy", "root/mesh", "", "seriesSets: [istio]");
const SHOP: (&str, &str, &str, &str) = ("TelemetryPolicy", "shop/all", "", "seriesSets: [istio, longwire]");
const WEB: (&str, &str, &str, &str) =
    ("TelemetryPolicy", "shop/web", "", "selector: {matchLabels: {app: web}}, seriesSets: [longwire]");
const DB: (&str, &str, &str, &str) =
    ("TelemetryPolicy", "shop/db", "", "selector: {matchLabels: {app: db}}, seriesSets: [istio]");

#[rstest]
#[case::nobody("", &[DB], "istio", "on by nobody")]
#[case::the_cluster("", &[MESH], "longwire", "off by TelemetryPolicy root mesh spec.seriesSets")]
#[case::the_namespace(
    "",
    &[MESH, SHOP, DB],
    "longwire",
    "on by TelemetryPolicy shop all spec.seriesSets; \
     lost TelemetryPolicy root mesh spec.seriesSets: TelemetryPolicy shop/all is narrower"
)]
#[case::a_selector(
    "",
    &[MESH, SHOP, WEB],
    "istio",
    "off by TelemetryPolicy shop web spec.seriesSets; \
     lost TelemetryPolicy shop all spec.seriesSets: TelemetryPolicy shop/web is narrower; \
     lost TelemetryPolicy root mesh spec.seriesSets: TelemetryPolicy shop/web is narrower"
)]
#[case::the_pod(
    "telemetry.longwire.io/series-sets: kmesh-workload",
    &[MESH, WEB],
    "kmesh-workload",
    "on by Pod metadata.annotations.telemetry.longwire.io/series-sets; \
     lost TelemetryPolicy shop web spec.seriesSets: the pod's annotation goes before it; \
     lost TelemetryPolicy root mesh spec.seriesSets: the pod's annotation goes before it"
)]
#[case::meshed(
    "sidecar.istio.io/status: injected",
    &[MESH],
    "istio",
    "off (another mesh's data plane reports the pod's connections: the pod's annotation telemetry.longwire.io/series-sets may \
     select it nevertheless) by TelemetryPolicy root mesh spec.seriesSets"
)]
#[case::long_connections(
    "",
    &[("TelemetryPolicy", "shop/short", "", "longConnections: {enabled: false}")],
    "kmesh-connection",
    "off (long connections are disabled) by TelemetryPolicy shop short spec.longConnections.enabled"
)]
fn a_series_set_is_from_the_narrowest(
    #[case] annotations: &str,
    #[case] written: &[(&str, &str, &str, &str)],
    #[case] name: &str,
    #[case] expected: &str,
) {
    assert_eq!(set(&explained(annotations, written), name), expected);
}

const AGE: &str = ", creationTimestamp: \"2026-01-01T00:00:00Z\"";

#[test]
fn of_objects_of_one_age_the_first_by_name_has_it_and_who_says_the_same_has_lost_nothing() {
    let policy = |name, sets| ("TelemetryPolicy", name, AGE, sets);
    let written = [
        policy("shop/c", "seriesSets: [istio]"),
        policy("shop/b", "seriesSets: [longwire]"),
        policy("shop/a", "seriesSets: [istio]"),
        (
            "TelemetryPolicy",
            "shop/old",
            ", creationTimestamp: \"2025-01-01T00:00:00Z\"",
            "longConnections: {threshold: 9s}",
        ),
    ];
    let status = explained("", &written);
    assert_eq!(
        set(&status, "istio"),
        "on by TelemetryPolicy shop a spec.seriesSets; \
         lost TelemetryPolicy shop b spec.seriesSets: TelemetryPolicy shop/a is older, or first by name"
    );
    assert_eq!(
        settings(&status),
        ["longConnections.threshold=9s by TelemetryPolicy shop old spec.longConnections.threshold"]
    );
    // The oldest first, as they count.
    let names: Vec<_> = status.objects.iter().map(object).collect();
    let expected = ["old", "a", "b", "c"].map(|name| format!("TelemetryPolicy shop {name}"));
    assert_eq!(names, expected);
}

#[test]
fn a_namespaces_annotation_stands_behind_its_objects() {
    let namespace = "---\napiVersion: v1\nkind: Namespace\n\
                     metadata: {name: shop, annotations: {telemetry.longwire.io/series-sets: istio}}\n";
    let text = |written: &[_]| format!("{}{namespace}{}", PODS.replace(", ANNOTATIONS", ""), policies(written));
    let (operator, _) = Operator::new(events(&text(&[MESH])));
    let annotation = "Namespace shop metadata.annotations.telemetry.longwire.io/series-sets";
    assert_eq!(
        set(&of_pod(&operator, "web-1"), "longwire"),
        format!(
            "off by {annotation}; lost TelemetryPolicy root mesh spec.seriesSets: the annotation of the Namespace is narrower"
        )
    );
    let (operator, _) = Operator::new(events(&text(&[SHOP])));
    assert_eq!(
        set(&of_pod(&operator, "web-1"), "longwire"),
        format!(
            "on by TelemetryPolicy shop all spec.seriesSets; lost {annotation}: TelemetryPolicy shop/all goes before an annotation \
             of the Namespace"
        )
    );
}

#[test]
fn defaults_are_named_as_such() {
    let defaults = "apiVersion: telemetry.longwire.io/v1alpha1\nkind: TelemetryPolicy\n\
                    metadata: {name: mesh, namespace: root}\nspec: {seriesSets: [istio], reportingInterval: 7s}\n";
    let (mut operator, _) = Operator::new(Vec::new());
    operator.compiler = operator.compiler.with_defaults(telemetry_policy(defaults).unwrap());
    operator.take(events(&format!("{}{}", PODS.replace(", ANNOTATIONS", ""), policies(&[SHOP]))), 1);
    let status = of_pod(&operator, "web-1");
    assert_eq!(
        set(&status, "istio"),
        "on by TelemetryPolicy shop all spec.seriesSets; \
         lost Defaults spec.seriesSets: TelemetryPolicy shop/all is narrower"
    );
    assert_eq!(settings(&status), ["reportingInterval=7s by Defaults spec.reportingInterval"]);
}
