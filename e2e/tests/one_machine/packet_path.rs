//! Nothing of the probe runs per packet.

use anyhow::{Context, Result, ensure};
use longwire_testkit::{Cluster, Edge, Machine, Netns, Truth, bpftool, eventually, pass};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

/// The only hooks: state changes and the end of a socket. Iterators run when they are read.
const HOOKS: [&str; 2] = ["inet_sock_set_state", "tcp_destroy_sock"];
/// On kernels that have it: ICMP errors that this machine sends.
const ERROR_HOOK: &str = "icmp_send";
/// Attached to functions that handle received ICMP errors, by name.
const OF_ERRORS: [&str; 2] = ["on_icmp4", "on_icmp6"];

/// Programs or links that bpftool lists, without those from before.
fn listed(netns: &Netns, list: &str, before: &BTreeSet<u64>) -> Result<Vec<Value>> {
    let Value::Array(mut all) = bpftool(netns, &[list, "show"])? else { return Ok(Vec::new()) };
    all.retain(|one| !before.contains(&identifier(one)));
    Ok(all)
}

fn identifiers(all: &[Value]) -> BTreeSet<u64> {
    all.iter().map(identifier).collect()
}

fn identifier(one: &Value) -> u64 {
    one["id"].as_u64().unwrap_or_default()
}

/// The probe's programs are tracing programs at these hooks, not attached to cgroups or interfaces, so they decide
/// about no packet.
fn expect_only_tracing(netns: &Netns, programs: &BTreeSet<u64>, links: &BTreeSet<u64>) -> Result<()> {
    let programs = listed(netns, "prog", programs)?;
    // Tracepoints with BTF and iterators are of this type. The program of a pass is attached to nothing.
    let is_run = |one: &&Value| one["type"] == "raw_tracepoint" && one["name"] == "sample";
    let strangers: Vec<_> = programs.iter().filter(|one| one["type"] != "tracing" && !is_run(one)).collect();
    ensure!(strangers.is_empty(), "programs of another kind: {strangers:#?}");
    ensure!(programs.len() >= HOOKS.len(), "where are the probe's programs? {programs:#?}");
    let mut hooks = BTreeSet::new();
    for link in listed(netns, "link", links)? {
        match link["tp_name"].as_str() {
            Some(hook) => drop(hooks.insert(hook.to_owned())),
            None if link["type"] == "iter" => {}
            None => {
                let program = programs.iter().find(|one| one["id"] == link["prog_id"]).context("whose link is it?")?;
                let is_of_errors = OF_ERRORS.iter().any(|name| program["name"] == *name);
                ensure!(is_of_errors, "neither a tracepoint nor an iterator: {link:#} of {program:#}");
            }
        }
    }
    hooks.remove(ERROR_HOOK);
    ensure!(hooks.iter().map(String::as_str).eq(HOOKS), "hooks: {hooks:?}");
    let ours = identifiers(&programs);
    for cgroup in bpftool(netns, &["cgroup", "tree"])?.as_array().context("no tree")? {
        let attached = cgroup["programs"].as_array().context("no programs")?;
        ensure!(attached.iter().all(|one| !ours.contains(&identifier(one))), "{cgroup:#}");
    }
    Ok(())
}

#[test]
fn no_program_of_a_per_packet_kind_is_attached_while_traffic_flows() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let node = machine.node.netns.clone();
    let programs = identifiers(&listed(&node, "prog", &BTreeSet::new())?);
    let links = identifiers(&listed(&node, "link", &BTreeSet::new())?);
    let cluster = Cluster::start_on(machine, &[])?;
    let (client, server) = cluster.pair()?;
    let (near, far) = client.connect_to(server.address(), &server.listen()?)?;
    pass(&near, &far, 1_000_000)?;
    // Another test's probe may be checking the kernel's features at this moment.
    eventually(Duration::from_secs(5), || expect_only_tracing(&node, &programs, &links))?;
    for netns in [&node, &client.netns, &server.netns] {
        let attached = bpftool(netns, &["net"])?;
        for hook in ["xdp", "tc", "flow_dissector", "netfilter"] {
            ensure!(attached[0][hook].as_array().is_none_or(Vec::is_empty), "{hook}: {attached}");
        }
    }
    pass(&near, &far, 5)?;
    drop((near, far));
    Edge::of(client, server).expect(&cluster.probe, Truth::whole(1_000_005, 0))
}
