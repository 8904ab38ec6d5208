//! The installation: its pods, their nodes and permissions, and both ends of an edge.

use anyhow::Result;
use longwire_kubernetes::{NODES, Running, longwire};
use longwire_testkit::{Edge, Truth};
use std::collections::BTreeSet;

#[test]
fn the_operators_two_replicas_run_on_a_node_each_and_a_probe_on_both() -> Result<()> {
    let (kubernetes, _namespace) = longwire::installed()?;
    for program in ["longwire-operator", "longwire-probe"] {
        let nodes = "jsonpath={range .items[*]}{.spec.nodeName} {end}";
        let selector = format!("--selector=app={program}");
        let said = longwire::kubectl(kubernetes, &["get", "pods", &selector, "-o", nodes])?;
        assert_eq!(said.split_whitespace().collect::<BTreeSet<_>>(), BTreeSet::from(NODES), "{program}");
    }
    Ok(())
}

#[test]
fn both_reporters_of_an_edge_between_two_nodes_say_the_same_and_the_truth() -> Result<()> {
    let (kubernetes, namespace) = longwire::installed()?;
    let client = Running::start(&namespace, "client", "n1")?;
    let server = Running::start(&namespace, "server", "n2")?;
    let listener = server.listen(8080)?;
    let mut truth = Truth::default();
    for bytes in [0, 1, 100_000] {
        truth += client.exchange((server.address, 8080), &listener, bytes, 2 * bytes)?;
    }
    let edge = Edge::between("client", "server").within(&namespace.name);
    longwire::until(kubernetes, |scrape| edge.both_say(scrape, truth))
}
