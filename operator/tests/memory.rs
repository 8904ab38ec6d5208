//! How much memory the operator takes, and how long an edit, for the largest objects that it accepts. One test at a time, for the
//! allocator counts what all of this executable has.

#[path = "memory/slices.rs"]
mod slices;

use cap::Cap;
use longwire_model::limits::{MAX_NODE_TELEMETRY_BYTES, MAX_TELEMETRY_BYTES};
use longwire_model::update::LocalPod;
use longwire_operator::index::{Index, Stale};
use longwire_operator::policy::compile::{Changes, Compiler, NodeConfiguration, Settings};
use longwire_operator::policy::state::PolicyStates;
use longwire_operator::source::event::Event;
use longwire_operator::source::manifests::Manifests;
use std::alloc::System;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

static ALONE: Mutex<()> = Mutex::new(());

/// `make siege` runs the whole of it; a debug build is ten times as slow.
const OBJECTS: usize = if cfg!(debug_assertions) { 50 } else { 500 };
const PODS: usize = if cfg!(debug_assertions) { 60 } else { 300 };
const NODES: usize = 3;
/// Of the 512 MiB that the chart gives an operator, what objects of tenants may take.
const MAX_HEAP: usize = 192 << 20;

struct Operator {
    index: Index,
    compiler: Compiler,
    /// As the probes are sent it.
    nodes: BTreeMap<String, NodeConfiguration>,
}

#[derive(Debug)]
struct Outcome {
    /// Bytes more than before, when all was compiled.
    heap: usize,
    /// The longest of some edits, each of another large object.
    edit: Duration,
    /// Objects by the reason of their condition Accepted.
    accepted: BTreeMap<&'static str, usize>,
}

impl Operator {
    fn new() -> Self {
        let settings = Settings {
            cluster_name: "Kubernetes".to_owned(),
            cluster_domain: "cluster.local".to_owned(),
            root_namespace: "root".to_owned(),
        };
        Self { index: Index::default(), compiler: Compiler::new(settings), nodes: BTreeMap::new() }
    }

    fn take(&mut self, events: Vec<Event>) -> Option<PolicyStates> {
        let mut stale = Stale::default();
        events.into_iter().for_each(|event| self.index.apply(event, &mut stale));
        let Changes { nodes, policy_states, .. } = self.compiler.compile(&self.index, stale, 0);
        self.nodes.extend(nodes);
        policy_states
    }

    /// No node is sent more than a probe takes, and the victims' own objects are in force.
    fn check_nodes(&self) {
        for (node, configuration) in &self.nodes {
            let telemetries = configuration.pods.values().map(|(_, local)| &local.telemetry);
            let sizes: BTreeMap<_, _> = telemetries.map(|it| (Arc::as_ptr(it), it.bytes())).collect();
            assert!(sizes.values().all(|bytes| *bytes <= MAX_TELEMETRY_BYTES));
            let bytes: usize = sizes.values().sum();
            assert!(bytes <= MAX_NODE_TELEMETRY_BYTES, "node {node} is sent {bytes} bytes");
            let victim = configuration.pods.values().find(|(_, local)| local.pod.workload.namespace == "victim");
            let (_, LocalPod { telemetry, .. }) = victim.unwrap();
            let tags = telemetry.source.iter().map(|group| group.tags.iter().map(|tag| tag.name.as_str()).collect());
            assert_eq!(tags.collect::<Vec<Vec<&str>>>(), [["zone"]]);
        }
        assert_eq!(self.nodes.len(), NODES);
    }
}

fn read(yaml: &str) -> Vec<Event> {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("all.yaml"), yaml).unwrap();
    Manifests::open(directory.path()).unwrap().look()
}

/// Pods of hostile namespaces, each with labels and annotations of its own, and one of a victim on each node.
fn pods(namespaces: usize) -> String {
    let mut yaml = String::new();
    for number in 0..PODS {
        let (namespace, node) = (number % namespaces, number % NODES);
        let labels: String = (0..9).map(|bit| format!("b{bit}: \"{}\", ", number >> bit & 1)).collect();
        let regexps: Vec<String> = (0..60).map(|at| format!("pod{number}-{at}-[a-z]*\\\\.upstream_cx_.*")).collect();
        writeln!(
            yaml,
            "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: p{number}, namespace: ns-{namespace}, labels: {{{labels}app: \
             a}}, annotations: {{sidecar.istio.io/statsInclusionRegexps: \"{}\"}}}}, spec: {{nodeName: n{node}, containers: \
             []}}}}",
            regexps.join(",")
        )
        .unwrap();
    }
    for node in 0..NODES {
        writeln!(
            yaml,
            "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: v{node}, namespace: victim, labels: {{app: v}}}}, spec: \
             {{nodeName: n{node}, containers: []}}}}"
        )
        .unwrap();
    }
    yaml.push_str(
        "---\n{apiVersion: telemetry.longwire.io/v1alpha1, kind: ExtraStatTags, metadata: {name: small, namespace: victim}, \
         spec: {tags: [{name: zone, value: source.zone}]}}\n",
    );
    yaml
}

/// As large as the schema admits: 64 overrides of 32 tags of 512 bytes, a megabyte.
fn largest(namespace: &str, name: &str) -> String {
    let overrides: Vec<String> = (0..64).map(|at| override_of(at, 32, 500)).collect();
    policy(namespace, name, &overrides)
}

/// As large as the operator takes: what attacks once it knows the bounds.
fn bounded(namespace: &str, name: &str, seed: usize) -> String {
    let overrides: Vec<String> = (0..2).map(|at| override_of(at + seed, 8, 200)).collect();
    policy(namespace, name, &overrides)
}

fn override_of(at: usize, tags: usize, length: usize) -> String {
    let metric = ["istio_tcp_sent_bytes_total", "longwire_tcp_rtt_seconds", "kmesh_tcp_retrans_total"][at % 3];
    let tags: Vec<String> = (0..tags)
        .map(|tag| {
            let tail = format!("{at}-{tag}");
            let text = "[a-z]{9}".repeat((length - 80) / 8);
            format!("t{tag}_{}: {{value: \"source.pod.matches('{text}{tail}') ? 'yes' : 'no'\"}}", at % 7)
        })
        .collect();
    format!("{{match: {{metric: {metric}}}, tagOverrides: {{{}}}}}", tags.join(", "))
}

fn policy(namespace: &str, name: &str, overrides: &[String]) -> String {
    format!(
        "---\n{{apiVersion: telemetry.longwire.io/v1alpha1, kind: TelemetryPolicy, metadata: {{name: {name}, namespace: \
         {namespace}}}, spec: {{selector: {{matchLabels: {{app: a}}}}, overrides: [{}]}}}}\n",
        overrides.join(", ")
    )
}

fn run(namespaces: usize, object: impl Fn(&str, &str, usize) -> String) -> Outcome {
    let mut operator = Operator::new();
    let before = HEAP.allocated();
    operator.take(read(&pods(namespaces)));
    let mut accepted = BTreeMap::new();
    for first in (0..OBJECTS).step_by(50) {
        let objects: String = (first..first + 50)
            .map(|number| object(&format!("ns-{}", number % namespaces), &format!("o{number}"), number))
            .collect();
        accepted = BTreeMap::new();
        for state in operator.take(read(&objects)).unwrap().values() {
            let reason = state.accepted.as_ref().err().map_or("Accepted", |refusal| refusal.reason.as_str());
            *accepted.entry(reason).or_default() += 1;
        }
    }
    let heap = HEAP.allocated() - before;
    let edits = (0..5).map(|number| {
        let events = read(&object(&format!("ns-{}", number % namespaces), &format!("o{number}"), number + 1000));
        let started = Instant::now();
        operator.take(events);
        started.elapsed()
    });
    let edit = edits.max().unwrap();
    operator.check_nodes();
    Outcome { heap, edit, accepted }
}

#[test]
fn hundreds_of_the_largest_objects_stay_within_memory_and_delay_no_others() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let largest = |namespace: &str, name: &str, _| largest(namespace, name);
    // One more is the victim's.
    let too_large = BTreeMap::from([("Accepted", 1), ("TooLarge", OBJECTS)]);
    for namespaces in [1, OBJECTS] {
        for (what, outcome) in [
            ("as large as the schema admits", run(namespaces, largest)),
            ("as large as is accepted", run(namespaces, bounded)),
        ] {
            let Outcome { heap, edit, accepted } = &outcome;
            println!(
                "{OBJECTS} objects {what} in {namespaces} namespaces: {} MiB, an edit {edit:.0?}, {accepted:?}",
                heap >> 20
            );
            assert!(*heap <= MAX_HEAP, "{heap}");
            if what == "as large as the schema admits" {
                assert_eq!(*accepted, too_large);
            } else {
                assert!(accepted["Accepted"] > 10, "{accepted:?}");
            }
        }
    }
}
