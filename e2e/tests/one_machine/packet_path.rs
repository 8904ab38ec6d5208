//! Nothing of the probe runs per packet.

use anyhow::{Context, Result, ensure};
use longwire_testkit::{Cluster, Machine, Netns, Truth, bpftool, eventually, pass};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The only hooks: state changes and the end of a socket. Iterators run when they are read.
const HOOKS: [&str; 2] = ["inet_sock_set_state", "tcp_destroy_sock"];
/// On kernels that have it: ICMP errors that this machine sends.
const ERROR_HOOK: &str = "icmp_send";
/// Attached to functions that handle received ICMP errors, by name.
const OF_ERRORS: [&str; 2] = ["on_icmp4", "on_icmp6"];

/// Programs or links that bpftool lists, by id.
fn listed(netns: &Netns, list: &str) -> Result<BTreeMap<u64, Value>> {
    let Value::Array(all) = bpftool(netns, &[list, "show"])? else { return Ok(BTreeMap::new()) };
    Ok(all.into_iter().map(|one| (one["id"].as_u64().unwrap_or_default(), one)).collect())
}

/// The probe's programs are tracing programs at these hooks, not attached to cgroups or interfaces, so they decide
/// about no packet.
fn expect_only_tracing(netns: &Netns, [programs_before, links_before]: &[BTreeMap<u64, Value>; 2]) -> Result<()> {
    let (mut programs, mut links) = (listed(netns, "prog")?, listed(netns, "link")?);
    programs.retain(|id, _| !programs_before.contains_key(id));
    links.retain(|id, _| !links_before.contains_key(id));
    // Tracepoints with BTF and iterators are of this type. The program of a pass is attached to nothing.
    let is_run = |one: &&Value| one["type"] == "raw_tracepoint" && one["name"] == "sample";
    let strangers: Vec<_> = programs.values().filter(|one| one["type"] != "tracing" && !is_run(one)).collect();
    ensure!(strangers.is_empty(), "programs of another kind: {strangers:#?}");
    ensure!(programs.len() >= HOOKS.len(), "where are the probe's programs? {programs:#?}");
    let mut hooks = BTreeSet::new();
    for link in links.values() {
        match link["tp_name"].as_str() {
            Some(hook) => drop(hooks.insert(hook.to_owned())),
            None if link["type"] == "iter" => {}
            None => {
                let program =
                    programs.values().find(|one| one["id"] == link["prog_id"]).context("whose link is it?")?;
                let is_of_errors = OF_ERRORS.iter().any(|name| program["name"] == *name);
                ensure!(is_of_errors, "neither a tracepoint nor an iterator: {link:#} of {program:#}");
            }
        }
    }
    hooks.remove(ERROR_HOOK);
    ensure!(hooks.iter().map(String::as_str).eq(HOOKS), "hooks: {hooks:?}");
    for cgroup in bpftool(netns, &["cgroup", "tree"])?.as_array().context("no tree")? {
        let attached = cgroup["programs"].as_array().context("no programs")?;
        let is_ours = |one: &Value| one["id"].as_u64().is_some_and(|id| programs.contains_key(&id));
        ensure!(!attached.iter().any(is_ours), "{cgroup:#}");
    }
    Ok(())
}

#[test]
fn no_program_of_a_per_packet_kind_is_attached_while_traffic_flows() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let node = machine.node.netns.clone();
    let before = [listed(&node, "prog")?, listed(&node, "link")?];
    let cluster = Cluster::start_on(machine, &[])?;
    let pair = cluster.pair()?;
    let (near, far) = pair.connect()?;
    pass(&near, &far, 1_000_000)?;
    // Another test's probe may be checking the kernel's features at this moment.
    eventually(Duration::from_secs(60), || expect_only_tracing(&node, &before))?;
    for netns in [&node, &pair.client.netns, &pair.server.netns] {
        let attached = bpftool(netns, &["net"])?;
        for hook in ["xdp", "tc", "flow_dissector", "netfilter"] {
            ensure!(attached[0][hook].as_array().is_none_or(Vec::is_empty), "{hook}: {attached}");
        }
    }
    pass(&near, &far, 5)?;
    drop((near, far));
    pair.edge.expect(&cluster.probe, Truth::whole(1_000_005, 0))
}
