//! Where each part of a pod's telemetry is from, and what lost.

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

#[test]
fn a_disabled_metric_of_a_set_that_is_off_is_said_to_have_no_effect() {
    let disabled = |metric: &str| format!("overrides: [{{match: {{metric: {metric}}}, disabled: true}}]");
    let (off, on) = (disabled("longwire_tcp_rtt_seconds"), disabled("istio_tcp_connections_opened_total"));
    let all = "overrides: [{match: {reporter: source}, disabled: false}]";
    let written = [
        MESH,
        ("TelemetryPolicy", "shop/off", AGE, off.as_str()),
        ("TelemetryPolicy", "shop/on", AGE, on.as_str()),
        ("TelemetryPolicy", "root/kept", "", all),
    ];
    let status = explained("", &written);
    let overrides: Vec<_> = status
        .overrides
        .iter()
        .map(|it| format!("{}{} {}", it.disabled, only(&it.metrics), said(&it.provenance)))
        .collect();
    let others = "istio_tcp_connections_closed_total+istio_tcp_received_bytes_total+istio_tcp_sent_bytes_total";
    assert_eq!(overrides.len(), 3, "{overrides:#?}");
    assert!(overrides[0].starts_with("false of source istio_"), "{}", overrides[0]);
    assert!(
        overrides[0].ends_with(", destination  by TelemetryPolicy root kept spec.overrides[0].disabled"),
        "{}",
        overrides[0]
    );
    for name in others.split('+') {
        assert!(overrides[0].contains(name), "{name} {}", overrides[0]);
    }
    assert!(!overrides[0].contains("istio_tcp_connections_opened_total"), "{}", overrides[0]);
    let kept = |by: &str| {
        format!("lost TelemetryPolicy root kept spec.overrides[0].disabled: TelemetryPolicy shop/{by} is narrower")
    };
    assert_eq!(
        overrides[1..],
        [
            format!("true of no metric by TelemetryPolicy shop off spec.overrides[0].disabled; {}", kept("off")),
            format!(
                "true of istio_tcp_connections_opened_total by TelemetryPolicy shop on spec.overrides[0].disabled; {}",
                kept("on")
            ),
        ]
    );
}

#[test]
fn an_override_goes_before_an_extra_tag_metric_by_metric() {
    let tags = "tags: [{name: team, value: \"'shop'\"}, {name: tier, value: \"'web'\"}, {name: more, value: \"'x'\", optIn: true}]";
    let overrides = "overrides: [{tagOverrides: {team: {value: \"'mesh'\"}}}, \
                     {match: {metric: istio_tcp_sent_bytes_total}, tagOverrides: {tier: {value: \"'one'\"}, source_app: {operation: REMOVE}}}]";
    let written = [
        MESH,
        ("ExtraStatTags", "shop/tags", "", tags),
        ("ExtraStatTags", "root/tags", "", "tags: [{name: team, value: \"'root'\", maxValues: 3}]"),
        ("TelemetryPolicy", "root/over", "", overrides),
    ];
    let said = tags_of(&written);
    let field = "spec.overrides[1].tagOverrides";
    let over = "TelemetryPolicy root over";
    assert_eq!(said[0], format!("source_app removed of istio_tcp_sent_bytes_total by {over} {field}.source_app"));
    assert_eq!(
        said[1],
        format!(
            "team='mesh' by {over} spec.overrides[0].tagOverrides.team; \
             lost ExtraStatTags shop tags spec.tags[0] team: TelemetryPolicy root/over overrides it; \
             lost ExtraStatTags root tags spec.tags[0] team: TelemetryPolicy root/over overrides it"
        )
    );
    assert_eq!(
        said[2],
        format!(
            "tier='one' of istio_tcp_sent_bytes_total by {over} {field}.tier; \
             lost ExtraStatTags shop tags spec.tags[1] tier: TelemetryPolicy root/over overrides it"
        )
    );
    assert!(said[3].starts_with("tier='web' of istio_tcp_connections_opened_total+"), "{}", said[3]);
    assert!(said[3].ends_with(" by ExtraStatTags shop tags spec.tags[1] tier"), "{}", said[3]);
    assert_eq!(said.len(), 4, "{said:#?}");
}

fn tags_of(written: &[(&str, &str, &str, &str)]) -> Vec<String> {
    tags(&explained("", written))
}

#[test]
fn a_narrower_tag_of_the_same_name_has_it_and_an_annotation_chooses_others() {
    let tag = |value: &str| format!("tags: [{{name: team, value: \"'{value}'\", optIn: true}}]");
    let (broad, narrow) = (tag("broad"), tag("narrow"));
    let written =
        [("ExtraStatTags", "root/tags", "", broad.as_str()), ("ExtraStatTags", "shop/tags", "", narrow.as_str())];
    assert_eq!(tags_of(&written), [""; 0]);
    let status = explained("sidecar.istio.io/extraStatTags: \"team,nothing\"", &written);
    assert_eq!(
        tags(&status),
        ["team='narrow' by ExtraStatTags shop tags spec.tags[0] team; \
          lost ExtraStatTags root tags spec.tags[0] team: ExtraStatTags shop/tags is narrower"]
    );
    assert_eq!(
        (&status.annotations[0].name, &status.annotations[0].value),
        (&"sidecar.istio.io/extraStatTags".to_owned(), &"team,nothing".to_owned())
    );
    assert_eq!((status.problems.len(), &status.problems[0].object), (1, &None));
    assert!(status.problems[0].message.contains("has a tag \"nothing\""), "{:?}", status.problems);
}

#[test]
fn statistics_and_access_logs_have_their_origins_too() {
    let written = [
        ("StatsMatcher", "root/none", "", "rejectAll: true"),
        ("StatsMatcher", "shop/some", "", "inclusionPrefixes: [cluster.a], inclusionSuffixes: [.cx_total]"),
        ("TelemetryPolicy", "root/logs", "", "accessLogs: {enabled: true, rateLimit: 500, format: '%BYTES_SENT%'}"),
        (
            "TelemetryPolicy",
            "shop/logs",
            "",
            "accessLogs: {enabled: false, rateLimit: 5, sample: 12.5, events: [connect, close]}",
        ),
    ];
    let annotations =
        "telemetry.longwire.io/access-log: \"true\", sidecar.istio.io/statsInclusionPrefixes: \"cluster.b,cluster.c\"";
    let by = "by TelemetryPolicy shop logs spec.accessLogs";
    assert_eq!(
        settings(&explained(annotations, &written)),
        [
            "statsMatcher.inclusionPrefixes=cluster.b, cluster.c by Pod metadata.annotations.sidecar.istio.io/statsInclusionPrefixes; \
             lost StatsMatcher shop some spec.inclusionPrefixes: the pod's annotation goes before it; \
             lost StatsMatcher root none spec.rejectAll: the pod's annotation goes before it"
                .to_owned(),
            "statsMatcher.inclusionSuffixes=.cx_total by StatsMatcher shop some spec.inclusionSuffixes".to_owned(),
            "accessLogs.enabled=true by Pod metadata.annotations.telemetry.longwire.io/access-log; \
             lost TelemetryPolicy shop logs spec.accessLogs.enabled: the pod's annotation goes before it; \
             lost TelemetryPolicy root logs spec.accessLogs.enabled: the pod's annotation goes before it"
                .to_owned(),
            format!("accessLogs.events=connect,close {by}.events"),
            format!("accessLogs.sample=12.5% {by}.sample"),
            format!("accessLogs.rateLimit=5 {by}.rateLimit"),
            "accessLogs.rateLimit=500 of the node by TelemetryPolicy root logs spec.accessLogs.rateLimit".to_owned(),
            "accessLogs.format=a format string by TelemetryPolicy root logs spec.accessLogs.format".to_owned(),
        ]
    );
}

#[test]
fn of_what_is_not_accepted_elsewhere_only_the_name_is_said() {
    let written = [
        ("TelemetryPolicy", "shop/wrong", "", "reportingInterval: 10s"),
        ("TelemetryPolicy", "root/wrong", "", "seriesSets: [secret]"),
        ("TelemetryPolicy", "bank/wrong", "", "seriesSets: [secret]"),
    ];
    let status = explained("telemetry.longwire.io/seriesSets: istio", &written);
    let said: Vec<_> = status
        .problems
        .iter()
        .map(|problem| format!("{} {}", problem.object.as_ref().map(object).unwrap_or_default(), problem.message))
        .collect();
    assert_eq!(said[0], "TelemetryPolicy root wrong is not accepted, so it applies to no pod");
    assert!(
        said[1]
            .starts_with("TelemetryPolicy shop wrong is not accepted, so it applies to no pod: spec.reportingInterval"),
        "{}",
        said[1]
    );
    assert!(said[2].starts_with(" annotation telemetry.longwire.io/seriesSets is not known"), "{}", said[2]);
    assert_eq!(said.len(), 3, "{said:#?}");
    assert!(!said.concat().contains("secret"), "{said:?}");
}

#[test]
fn what_is_over_a_limit_is_a_problem_of_its_object() {
    let many = "tags: [{name: a, value: \"'1'\"}, {name: b, value: \"'2'\"}]";
    let written = [
        ("TelemetryPolicy", "root/limit", "", "limits: {extraTags: 1}"),
        ("ExtraStatTags", "shop/tags", "", many),
        ("ExtraStatTags", "root/tags", "", "tags: [{name: z, value: \"'9'\"}]"),
    ];
    let status = explained("", &written);
    assert_eq!(tags(&status), ["z='9' by ExtraStatTags root tags spec.tags[0] z"]);
    let said: Vec<_> = status
        .problems
        .iter()
        .map(|problem| (problem.object.as_ref().map(object).unwrap(), problem.reason.as_str()))
        .collect();
    let tags = || "ExtraStatTags shop tags".to_owned();
    assert_eq!(said, [(tags(), "OverLimit"), (tags(), "OverLimit")]);
    assert!(
        status.problems[0].message.starts_with("spec.tags[0] a: left out, over 1 extra tags"),
        "{:?}",
        status.problems
    );
}

#[test]
fn many_losers_are_counted() {
    let names: Vec<String> = (0..40).map(|at| format!("shop/p{at:02}")).collect();
    let sets = ["seriesSets: [istio]", "seriesSets: [longwire]"];
    let written: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(at, name)| ("TelemetryPolicy", name.as_str(), AGE, sets[usize::from(at > 0)]))
        .collect();
    let status = explained("", &written);
    let provenance = &status.series_sets[0].provenance;
    assert_eq!((provenance.lost.len(), provenance.more_lost), (8, 31));
}

#[test]
fn what_is_explained_is_what_is_compiled() {
    // The same objects through the compiler: tags and sets that are said are those that a probe is sent.
    let written = [
        SHOP,
        ("ExtraStatTags", "shop/tags", "", "tags: [{name: team, value: \"'shop'\"}]"),
        ("TelemetryPolicy", "root/over", "", "overrides: [{tagOverrides: {tier: {value: \"'mesh'\"}}}]"),
    ];
    let pods = PODS.replace(", ANNOTATIONS", "");
    let (operator, _) = Operator::new(events(&format!("{pods}{}", policies(&written))));
    let telemetry = &operator.compiler.outcome(&Name::new("shop", "web-1")).unwrap().telemetry;
    let sent: std::collections::BTreeSet<_> = telemetry
        .source
        .iter()
        .flat_map(|group| &group.tags)
        .map(|tag| (tag.name.as_str().to_owned(), tag.value.as_ref().map(|value| value.expression.text().to_owned())))
        .collect();
    let status = of_pod(&operator, "web-1");
    let explained = status.tags.iter().map(|tag| (tag.name.clone(), tag.value.clone())).collect();
    assert_eq!(sent, explained);
}
