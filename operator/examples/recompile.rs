//! How long an edit of a policy takes to become configurations: 2,000 pods on 20 nodes in 10 namespaces, 100 policies.
//!
//! `cargo run --release -p longwire-operator --example recompile`

use longwire_operator::index::{Index, Stale};
use longwire_operator::policy::compile::{Changes, Compiler, Settings};
use longwire_operator::source::event::Event;
use longwire_operator::source::manifests::Manifests;
use std::fmt::Write;
use std::fs;
use std::time::{Duration, Instant};

const PODS: usize = 2_000;
const POLICIES: usize = 100;
const NAMESPACES: usize = 10;
const NODES: usize = 20;
const EDITS: u32 = 200;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::temp_dir().join(format!("longwire-recompile-{}", std::process::id()));
    fs::create_dir_all(&directory)?;
    let mut operator = Operator::new();
    let started = Instant::now();
    let text = format!("{}{}{}", pods()?, policies()?, policy("ns-0", "edited", "", 5));
    let all = read(&directory, &text)?;
    println!("read {} objects in {:.1?}", all.len(), started.elapsed());
    let (all, took) = operator.take(all);
    println!("compiled everything in {took:.1?}: {} nodes", all.nodes.len());
    for (what, namespace, name) in [("one namespace", "ns-0", "edited"), ("the whole cluster", "root", "cluster")] {
        let edits = [10, 20].map(|seconds| read(&directory, &policy(namespace, name, "", seconds)));
        let edits = edits.into_iter().collect::<Result<Vec<_>, _>>()?;
        let mut times = Vec::new();
        for edit in edits.iter().cycle().take(EDITS as usize) {
            times.push(operator.take(edit.clone()).1);
        }
        times.sort_unstable();
        let mean = times.iter().sum::<Duration>() / EDITS;
        println!("an edit for {what}: mean {mean:.1?}, worst {:.1?}", times[times.len() - 1]);
    }
    fs::remove_dir_all(&directory)?;
    Ok(())
}

struct Operator {
    index: Index,
    compiler: Compiler,
}

impl Operator {
    fn new() -> Self {
        let settings = Settings {
            cluster_name: "Kubernetes".to_owned(),
            cluster_domain: "cluster.local".to_owned(),
            root_namespace: "root".to_owned(),
        };
        Self { index: Index::default(), compiler: Compiler::new(settings) }
    }

    fn take(&mut self, events: Vec<Event>) -> (Changes, Duration) {
        let started = Instant::now();
        let mut stale = Stale::default();
        events.into_iter().for_each(|event| self.index.apply(event, &mut stale));
        let changes = self.compiler.compile(&self.index, stale, 0);
        (changes, started.elapsed())
    }
}

fn read(directory: &std::path::Path, yaml: &str) -> Result<Vec<Event>, Box<dyn std::error::Error>> {
    fs::write(directory.join("all.yaml"), yaml)?;
    Ok(Manifests::open(directory)?.look())
}

fn pods() -> Result<String, std::fmt::Error> {
    let mut yaml = String::new();
    for number in 0..PODS {
        let (namespace, node, app) = (number % NAMESPACES, number % NODES, number / NAMESPACES % 20);
        writeln!(
            yaml,
            "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: p{number}, namespace: ns-{namespace}, labels: {{app: \
             a{app}, tier: t{}}}}}, spec: {{nodeName: n{node}, containers: []}}}}",
            app % 3
        )?;
    }
    Ok(yaml)
}

/// A tenth of them in each namespace, most with a selector.
fn policies() -> Result<String, std::fmt::Error> {
    let mut yaml = policy("root", "cluster", "", 5);
    for number in 0..POLICIES {
        let (namespace, app) = (number % NAMESPACES, number / NAMESPACES);
        let selector = format!("selector: {{matchLabels: {{app: a{app}}}}}, ");
        write!(yaml, "{}", policy(&format!("ns-{namespace}"), &format!("o{number}"), &selector, 5))?;
    }
    Ok(yaml)
}

fn policy(namespace: &str, name: &str, selector: &str, seconds: u32) -> String {
    format!(
        "---\n{{apiVersion: telemetry.longwire.io/v1alpha1, kind: TelemetryPolicy, metadata: {{name: {name}, namespace: \
         {namespace}}}, spec: {{{selector}longConnections: {{threshold: {seconds}s}}, overrides: [{{tagOverrides: {{team: \
         {{value: source.zone}}, source_principal: {{operation: REMOVE}}}}}}]}}}}\n"
    )
}
