//! Capabilities that the probe needs, its errors without them, and its end.

use anyhow::{Result, ensure};
use longwire_testkit::{Edge, Kept, Machine, Pair, Probe, SERVICE_PORT, Truth, confirm, probe::PORT};
use nix::sys::signal::Signal;
use std::net::TcpListener;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// With only the capabilities that the probe needs.
const ENOUGH: [&str; 2] = ["setpriv", "--bounding-set=-all,+bpf,+perfmon,+net_admin"];

/// A connection to a Service.
fn exchange(machine: &Machine) -> Result<(Edge, Truth)> {
    let Pair { client, server, listener, edge } = machine.pair()?;
    machine.publish(&server)?;
    Ok((edge, client.exchange((server.service_ip, SERVICE_PORT), &listener, 100, 200)?))
}

#[test]
fn three_capabilities_are_enough() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let _operator = machine.operator()?;
    let probe = Probe::start_under(&machine.node.netns, &ENOUGH, PORT, &[])?;
    probe.await_ready()?;
    let (edge, truth) = exchange(&machine)?;
    edge.expect(&probe, truth)
}

#[test]
fn they_are_enough_to_pin_and_to_go_on_from_pins() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let (_operator, kept) = (machine.operator()?, Kept::new()?);
    let ready = || {
        let probe = kept.start_on(&machine.node.netns, PORT, &ENOUGH, &[])?;
        probe.await_ready().map(|()| probe)
    };
    let first = ready()?;
    let (edge, truth) = exchange(&machine)?;
    edge.expect(&first, truth)?;
    drop(first);
    edge.expect(&ready()?, truth)
}

#[test]
fn a_missing_capability_is_named() -> Result<()> {
    let machine = Machine::new(0, &[])?;
    let _operator = machine.operator()?;
    for (rest, missing) in
        [("+perfmon,+net_admin", "CAP_BPF"), ("+bpf,+net_admin", "CAP_PERFMON"), ("+bpf,+perfmon", "CAP_NET_ADMIN")]
    {
        let only = format!("--bounding-set=-all,{rest}");
        let probe = Probe::start_under(&machine.node.netns, &["setpriv", &only], PORT, &[])?;
        let said = probe.process().fail(PATIENCE)?;
        ensure!(said.contains(missing), "without {missing}: {said}");
    }
    Ok(())
}

#[test]
fn a_port_that_is_taken_is_named() -> Result<()> {
    let machine = Machine::new(0, &[])?;
    let _operator = machine.operator()?;
    let _taken = machine.node.netns.run(|| TcpListener::bind("0.0.0.0:15020"))?;
    let probe = Probe::start(&machine.node.netns, &[])?;
    let said = probe.process().fail(PATIENCE)?;
    confirm!(said.contains("15020"), "{said}")
}

#[test]
fn two_probes_count_the_same_and_each_ends_well_when_asked_to() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let mut operator = machine.operator()?;
    let probes =
        [Probe::start(&machine.node.netns, &[])?, Probe::start_under(&machine.node.netns, &[], PORT + 1, &[])?];
    for probe in &probes {
        probe.await_ready()?;
    }
    let (edge, truth) = exchange(&machine)?;
    for probe in &probes {
        edge.expect(probe, truth)?;
    }
    for probe in &probes {
        probe.process().signal(Signal::SIGTERM)?;
        probe.process().succeed(PATIENCE)?;
    }
    operator.signal(Signal::SIGTERM)?;
    operator.succeed(PATIENCE)
}

/// For `make kernels`, on a kernel that lacks a feature.
#[test]
fn a_missing_kernel_feature_is_named_with_its_purpose() -> Result<()> {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
    if !release.starts_with("5.10.") {
        return Ok(());
    }
    let machine = Machine::new(0, &[])?;
    let probe = Probe::start(&machine.node.netns, &[])?;
    let said = probe.process().fail(PATIENCE)?;
    for missing in ["bpf_sock_from_file (connections older than the probe)", "atomic operations that return"] {
        ensure!(said.contains(missing), "{missing} is not named: {said}");
    }
    Ok(())
}

#[test]
fn a_kernel_without_type_information_is_named() -> Result<()> {
    let machine = Machine::new(0, &[])?;
    let hide = "mount --bind /dev/null /sys/kernel/btf/vmlinux && exec \"$0\" \"$@\"";
    let probe = Probe::start_under(&machine.node.netns, &["unshare", "--mount", "sh", "-c", hide], PORT, &[])?;
    let said = probe.process().fail(PATIENCE)?;
    ensure!(said.contains("/sys/kernel/btf/vmlinux"), "{said}");
    confirm!(said.contains("CONFIG_DEBUG_INFO_BTF=y"), "no remedy in {said}")
}
