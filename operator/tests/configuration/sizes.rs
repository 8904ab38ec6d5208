//! Objects beyond a size limit have no effect, are reported, and do not affect others.

use crate::cluster::{Cluster, events};
use longwire_model::limits::{MAX_NAMESPACE_BYTES, MAX_NODE_TELEMETRY_BYTES, MAX_OBJECT_BYTES};
use longwire_model::telemetry::Telemetry;
use longwire_operator::source::object::Refusal;
use std::fmt::Write;

fn policy(name: &str, created: u32, spec: &str) -> String {
    format!(
        "---\n{{apiVersion: telemetry.longwire.io/v1alpha1, kind: TelemetryPolicy, metadata: {{name: {name}, namespace: shop, \
         creationTimestamp: \"2026-01-01T00:00:{created:02}Z\"}}, spec: {spec}}}\n"
    )
}

fn pod(name: &str, annotations: &str) -> String {
    format!(
        "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: shop, labels: {{app: {name}}}, annotations: \
         {{{annotations}}}}}, spec: {{nodeName: n1, containers: []}}}}\n"
    )
}

/// Overrides of these metrics, each with so many tags of so many bytes.
fn overrides(metrics: &[&str], tags: usize, length: usize, seed: &str) -> String {
    let of = |metric: &&str| {
        let tag = |tag| format!("t{tag}: {{value: \"'{seed}{}'\"}}", "x".repeat(length));
        let tags: Vec<String> = (0..tags).map(tag).collect();
        format!("{{match: {{metric: {metric}}}, tagOverrides: {{{}}}}}", tags.join(", "))
    };
    format!("[{}]", metrics.iter().map(of).collect::<Vec<_>>().join(", "))
}

const METRICS: [&str; 6] = [
    "istio_tcp_sent_bytes_total",
    "istio_tcp_received_bytes_total",
    "istio_tcp_connections_opened_total",
    "istio_tcp_connections_closed_total",
    "longwire_tcp_rtt_seconds",
    "longwire_tcp_handshake_seconds",
];

fn refusal<'a>(cluster: &'a Cluster, name: &str) -> Option<&'a Refusal> {
    let (_, state) = cluster.policy_states.iter().find(|(key, _)| key.name.name == name).unwrap();
    state.accepted.as_ref().err()
}

fn telemetry<'a>(cluster: &'a Cluster, pod: &str) -> &'a Telemetry {
    let (_, local) = cluster.nodes["n1"].pods.values().find(|(_, local)| local.pod.name == pod).unwrap();
    &local.telemetry
}

fn tags(telemetry: &Telemetry) -> Vec<&str> {
    telemetry.source.iter().flat_map(|group| &group.tags).map(|tag| tag.name.as_str()).collect()
}

#[test]
fn a_spec_that_is_too_long_is_refused_with_its_length_and_the_remedy() {
    let spec = format!("{{overrides: {}}}", overrides(&METRICS, 32, 400, ""));
    let cluster = Cluster::of(&(policy("a", 1, &spec) + &policy("b", 2, "{seriesSets: [longwire]}") + &pod("p", "")));
    let refusal = refusal(&cluster, "a").unwrap();
    assert_eq!(refusal.reason.as_str(), "TooLarge");
    let (bytes, rest) = refusal.message.strip_prefix("spec: ").unwrap().split_once(' ').unwrap();
    assert!(bytes.parse::<usize>().unwrap() > 32_768, "{bytes}");
    assert_eq!(
        rest,
        "bytes as JSON are too many: at most 32768 are allowed; shorten it, or split it into several objects"
    );
    assert_eq!(cluster.policy_states.values().filter(|state| state.accepted.is_ok()).count(), 1);
}

#[test]
fn a_short_spec_that_takes_much_memory_is_refused_too() {
    let mut text = String::new();
    for at in 0..64 {
        let names: Vec<String> = (0..16).map(|tag| format!("a{}: {{operation: REMOVE}}", at * 16 + tag)).collect();
        write!(text, "{{tagOverrides: {{{}}}}}, ", names.join(", ")).unwrap();
    }
    let cluster = Cluster::of(&policy("a", 1, &format!("{{overrides: [{text}]}}")));
    let refusal = refusal(&cluster, "a").unwrap();
    assert_eq!(refusal.reason.as_str(), "TooLarge");
    let expected = format!(
        "bytes of memory, too many: at most {MAX_OBJECT_BYTES} are allowed; use fewer tags, patterns or overrides, or split \
         it into several objects"
    );
    assert!(refusal.message.ends_with(&expected), "{refusal}");
}

/// More objects than a namespace has room for.
fn too_many_objects() -> Vec<String> {
    let spec = |number: usize| {
        let overrides = overrides(&METRICS[..1], 32, 300, &number.to_string());
        format!("{{selector: {{matchLabels: {{app: none}}}}, overrides: {overrides}}}")
    };
    (0..30).map(|number| policy(&format!("o{number:02}"), u32::try_from(number).unwrap(), &spec(number))).collect()
}

fn accepted(cluster: &Cluster) -> Vec<&str> {
    let policy_states = cluster.policy_states.iter().filter(|(_, state)| state.accepted.is_ok());
    policy_states.map(|(key, _)| key.name.name.as_str()).collect()
}

#[test]
fn in_a_full_namespace_the_oldest_objects_are_accepted_in_any_order() {
    let mut objects = too_many_objects();
    let whole = Cluster::of(&objects.concat());
    let first = accepted(&whole);
    assert!((8..30).contains(&first.len()), "{first:?}");
    assert_eq!(first.last(), Some(&format!("o{:02}", first.len() - 1).as_str()));
    let refused = refusal(&whole, "o29").unwrap();
    assert_eq!(refused.reason.as_str(), "NamespaceBudgetExceeded");
    let expected = format!(
        "bytes of memory, and older objects of namespace shop leave less of the {MAX_NAMESPACE_BYTES} that all of a namespace \
         may take: delete objects there, or make them smaller"
    );
    assert!(refused.message.ends_with(&expected), "{refused}");
    // Applied one by one, the newest first, the result is the same.
    objects.reverse();
    let mut cluster = Cluster::new();
    objects.iter().for_each(|object| cluster.take(events(object)));
    while cluster.forgot() {
        objects.iter().for_each(|object| cluster.take(events(object)));
    }
    assert_eq!(accepted(&cluster), first);
}

#[test]
fn freed_room_is_used_by_the_next_object() {
    let objects = too_many_objects();
    let mut cluster = Cluster::of(&objects.concat());
    let before = accepted(&cluster).len();
    assert!(!cluster.forgot());
    cluster.delete("o00");
    assert!(cluster.forgot(), "the refused objects are not read again");
    assert_eq!(accepted(&cluster).len(), before - 1);
    objects[1..].iter().for_each(|object| cluster.take(events(object)));
    assert_eq!(accepted(&cluster).len(), before);
    assert_eq!(accepted(&cluster).last(), Some(&format!("o{before:02}").as_str()));
}

#[test]
fn a_configuration_too_large_for_a_pod_is_reduced_level_by_level() {
    // The object and the annotation are small enough alone, and too large together.
    let namespace = format!("{{overrides: {}}}", overrides(&METRICS[..1], 12, 300, ""));
    let regexps: Vec<String> = (0..40).map(|at| format!("{at}[a-z]{{300}}")).collect();
    let annotation = format!("sidecar.istio.io/statsInclusionRegexps: \"{}\"", regexps.join(","));
    let cluster = Cluster::of(&(policy("a", 1, &namespace) + &pod("modest", "") + &pod("greedy", &annotation)));
    let modest = telemetry(&cluster, "modest");
    assert_eq!(tags(modest).len(), 12);
    assert_eq!(telemetry(&cluster, "greedy"), modest, "the objects apply, the annotation does not");
    let [event] = cluster.warnings.as_slice() else { panic!("{:?}", cluster.warnings) };
    assert_eq!((event.name.as_str(), event.reason), ("greedy", "TelemetryTooLarge"));
    assert!(
        event.note.ends_with(
            "bytes of labels and statistics are too many: at most 262144 are allowed, so the annotations of this pod and 0 \
             objects have no effect on it: use fewer tags, patterns or regular expressions"
        ),
        "{}",
        event.note
    );
}

#[test]
fn on_a_full_node_the_largest_configurations_are_reduced_and_keep_their_metrics() {
    let mut yaml = policy("a", 1, "{seriesSets: [longwire]}") + &pod("small", "");
    for number in 0..100 {
        let regexps: Vec<String> = (0..30).map(|at| format!("{number}-{at}[a-z]{{200}}")).collect();
        yaml +=
            &pod(&format!("p{number}"), &format!("sidecar.istio.io/statsInclusionRegexps: \"{}\"", regexps.join(",")));
    }
    let cluster = Cluster::of(&yaml);
    let all: Vec<&Telemetry> = cluster.nodes["n1"].pods.values().map(|(_, local)| &*local.telemetry).collect();
    let full = all.iter().filter(|telemetry| telemetry.stats.is_some());
    let bytes: usize = full.clone().map(|telemetry| telemetry.bytes()).sum();
    assert!((MAX_NODE_TELEMETRY_BYTES / 2..=MAX_NODE_TELEMETRY_BYTES).contains(&bytes), "{bytes}");
    let events = cluster.warnings.iter().filter(|event| event.reason == "NodeBudgetExceeded");
    assert_eq!(events.count(), 100 - full.count());
    let small = telemetry(&cluster, "small");
    for telemetry in all {
        assert_eq!((&telemetry.source, &telemetry.destination), (&small.source, &small.destination));
    }
}

#[test]
fn of_a_megabyte_of_labels_the_first_are_read_with_an_event() {
    let labels: Vec<String> = (0..2_000).map(|number| format!("l{number:04}: {}", "x".repeat(59))).collect();
    let cluster = Cluster::of(&format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: p, namespace: shop, labels: {{{}}}}}, spec: {{nodeName: n1, \
         containers: []}}}}",
        labels.join(", ")
    ));
    let [event] = cluster.warnings.as_slice() else { panic!("{:?}", cluster.warnings) };
    // Each takes 64 bytes.
    assert_eq!(
        (event.reason, event.note.as_str()),
        ("TooManyLabels", "1488 labels are not read: a pod may have 32768 bytes of them, and these come last by name")
    );
}
