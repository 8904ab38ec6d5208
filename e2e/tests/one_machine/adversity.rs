//! Invalid input, and an unreachable operator.

use anyhow::Result;
use longwire_testkit::{
    Cluster, Machine, Probe, REPORTERS, SAMPLE_INTERVAL, Truth, confirm, eventually, pass, throughout,
};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_manifest_that_does_not_parse_is_named_with_its_line_and_the_rest_serves() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let good = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: other\n";
    // Line 9 of the file, with the tab, is line 4 of its document.
    machine.manifests.write("broken.yaml", &format!("{good}---\nkind: Pod\nmetadata:\n  name: x\n\tlabels: {{}}\n"))?;
    let cluster = Cluster::start_on(machine, &[])?;
    cluster.operator.await_line("broken.yaml:9", PATIENCE)?;
    let pair = cluster.pair()?;
    pair.edge.expect(&cluster.probe, pair.exchange(100, 200)?)
}

#[test]
fn an_edit_that_does_not_parse_keeps_what_was_there() -> Result<()> {
    let cluster = Cluster::start(2, &[], &[])?;
    let pair = cluster.pair()?;
    let file = format!("{}.yaml", pair.server.workload);
    cluster.machine.manifests.write(&file, "kind: Pod\nmetadata: [\n")?;
    cluster.operator.await_line(&file, PATIENCE)?;
    pair.edge.expect(&cluster.probe, pair.exchange(100, 200)?)
}

#[test]
fn without_an_operator_the_probe_counts_and_names_everything_once_it_comes() -> Result<()> {
    let machine = Machine::new(4, &[])?;
    let probe = Probe::start(&machine.node.netns, &[])?;
    let status = |path: &str| -> Result<u16> { Ok(probe.get(path, &[])?.status) };
    eventually(PATIENCE, || confirm!(status("/healthz")? == 200, "not healthy"))?;
    // The programs are attached within the time of a pass, and everything counts from then on.
    throughout(SAMPLE_INTERVAL * 2, || confirm!(status("/readyz")? == 503, "ready without an operator"))?;
    let (pair, other) = (machine.pair()?, machine.pair()?);
    let closed = (0..50).map(|_| pair.exchange(1_000, 2_000)).sum::<Result<Truth>>()?;
    let (near, far) = other.connect()?;
    pass(&near, &far, 5_000)?;
    throughout(SAMPLE_INTERVAL * 2, || confirm!(status("/readyz")? == 503, "ready without an operator"))?;
    let _operator = machine.operator()?;
    probe.await_ready()?;
    pair.edge.expect(&probe, closed)?;
    other.edge.expect(&probe, Truth::open(5_000, 0))
}

#[test]
fn a_probe_whose_operator_leaves_goes_on_and_meets_the_next_one() -> Result<()> {
    let Cluster { probe, operator, machine } = Cluster::start(4, &[], &[])?;
    let pair = machine.pair()?;
    let mut truth = pair.exchange(10, 20)?;
    pair.edge.expect(&probe, truth)?;
    drop(operator);
    truth += pair.exchange(30, 40)?;
    pair.edge.expect(&probe, truth)?;
    let _operator = machine.operator()?;
    // A pod whose address was not looked up before.
    let pair = machine.pair()?;
    pair.edge.expect(&probe, pair.exchange(50, 60)?)
}

#[test]
fn a_pod_that_comes_later_is_named_without_a_restart() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let path = machine.manifests.path().join("w1.yaml");
    let text = std::fs::read_to_string(&path)?;
    std::fs::remove_file(&path)?;
    let cluster = Cluster::start_on(machine, &[])?;
    cluster.machine.manifests.write("w1.yaml", &text)?;
    let pair = cluster.pair()?;
    // Connections from before the update may be unresolved, but soon there is one with both ends known.
    eventually(PATIENCE, || {
        pair.exchange(5, 5)?;
        let scrape = cluster.probe.scrape()?;
        let named = REPORTERS.map(|reporter| pair.edge.reported(&scrape, reporter).closed);
        confirm!(named.iter().all(|closed| *closed > 0), "named by source and destination: {named:?}")
    })
}
