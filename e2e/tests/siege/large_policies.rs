//! Tenants that write the largest objects that the schema and the operator accept.

use anyhow::{Result, ensure};
use longwire_testkit::{Machine, Pair, PodSpec, Scrape, Siege, confirm, manifests};
use std::fmt::Write;
use std::time::Instant;

/// Namespaces of the tenants.
const NAMESPACES: usize = 10;
const PODS: usize = 90;

/// The bystander's own object. Without timestamps, as here, its kind makes it the first.
fn small() -> String {
    let spec = "{selector: {matchLabels: {version: v1}}, tags: [{name: own, value: \"'mine'\"}]}";
    manifests::telemetry("ExtraStatTags", "shop", "small", spec)
}

/// How many connections of the bystander have its tag.
fn tagged(scrape: &Scrape) -> u64 {
    let labels = [("source_workload", "w0"), ("destination_workload", "w1"), ("own", "mine")];
    scrape.sum("istio_tcp_connections_opened_total", &labels)
}

fn policy(namespace: &str, name: &str, overrides: usize, tags: usize, regex: &str) -> Result<String> {
    let mut spec = "\n  selector: {matchLabels: {hostile: \"yes\"}}\n  overrides:\n".to_owned();
    for at in 0..overrides {
        let metric = ["istio_tcp_sent_bytes_total", "longwire_tcp_rtt_seconds"][at % 2];
        writeln!(spec, "  - match: {{metric: {metric}}}\n    tagOverrides:")?;
        for tag in 0..tags {
            writeln!(spec, "      t{tag}: {{value: \"source.pod.matches('{regex}{name}{at}') ? 'a' : 'b'\"}}")?;
        }
    }
    Ok(manifests::telemetry("TelemetryPolicy", namespace, name, &spec))
}

/// Pods without processes, whose configuration the probe receives.
fn pods() -> Result<String> {
    let mut text = String::new();
    for number in 0..PODS {
        let regexps: Vec<String> = (0..60).map(|at| format!("p{number}-{at}-[a-z]*\\.upstream_cx_.*")).collect();
        writeln!(
            text,
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{number}, namespace: ns-{}, labels: {{hostile: \"yes\"}}, \
             annotations: {{sidecar.istio.io/statsInclusionRegexps: '{}'}}}}\nspec: {{nodeName: node, containers: []}}\n---",
            number % NAMESPACES,
            regexps.join(",")
        )?;
    }
    Ok(text)
}

fn attack() -> Result<String> {
    let mut text = pods()?;
    for number in 0..4 {
        text += &policy("shop", &format!("huge-{number}"), 64, 32, &"[a-z]{99}".repeat(50))?;
    }
    for number in 0..200 {
        let regex = format!("{}{}", "[a-z]{99}".repeat(30), number);
        text += &policy(&format!("ns-{}", number % NAMESPACES), &format!("heavy-{number}"), 4, 8, &regex)?;
    }
    text += &policy("shop", "heavy", 4, 8, &r"[a-z]{99}".repeat(9))?;
    Ok(text)
}

#[test]
fn hundreds_of_large_policies_take_no_memory_and_leave_a_bystander_its_own() -> Result<()> {
    let hostile = |name| PodSpec::new(name).label("hostile", "yes");
    let machine = Machine::new(2, &[hostile("h0"), hostile("h1")])?;
    machine.manifests.write("victim.yaml", &small())?;
    machine.manifests.write("attack.yaml", &attack()?)?;
    let siege = Siege::start("large-policies", machine, &[])?;
    let (probe, machine) = (&siege.cluster.probe, &siege.cluster.machine);
    let mut bystander = siege.bystander()?;
    // The tenants' expressions are evaluated too.
    let tenants = Pair::new(machine.pod("h0")?, machine.pod("h1")?)?;
    (0..20).try_for_each(|_| tenants.exchange(101, 203).map(drop))?;
    bystander.talk(20)?;
    bystander.expect_exact(probe)?;
    probe.until(|scrape| confirm!(tagged(scrape) > 0, "no connection between the bystanders has the tag"))?;
    siege.end(&[])
}

#[test]
fn forty_thousand_broken_documents_hold_no_edit_up() -> Result<()> {
    let siege = Siege::start("broken-documents", Machine::new(2, &[])?, &[])?;
    let (probe, manifests) = (&siege.cluster.probe, &siege.cluster.machine.manifests);
    let mut bystander = siege.bystander()?;
    bystander.talk(5)?;
    bystander.expect_exact(probe)?;
    let begun = Instant::now();
    manifests.write("attack.yaml", &"kind: [\n---\n".repeat(40_000))?;
    manifests.write("victim.yaml", &small())?;
    let edit = probe.until(|scrape| {
        bystander.talk(1)?;
        ensure!(tagged(scrape) > 0, "the edit is not in force");
        Ok(begun.elapsed())
    })?;
    // Edits have spread it over several label sets.
    probe.until(|scrape| bystander.pair.edge.both_add_up(scrape, bystander.truth))?;
    siege.end(&[("edit_ms", edit.as_secs_f64() * 1e3)])
}
