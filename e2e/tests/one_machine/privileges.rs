//! Capabilities that the probe needs, its errors without them, and its end.

use anyhow::{Result, ensure};
use longwire_testkit::{Edge, Kept, Machine, Probe, Truth, confirm, exchange, probe::PORT};
use nix::sys::signal::Signal;
use std::net::TcpListener;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

/// `setpriv` with only these capabilities.
fn only(capabilities: &str) -> [String; 2] {
    ["setpriv".to_owned(), format!("--bounding-set=-all,{capabilities}")]
}

fn start_with(machine: &Machine, capabilities: &str) -> Result<Probe> {
    let wrapper = only(capabilities);
    Probe::start_under(&machine.node.netns, &wrapper.each_ref().map(String::as_str), 15020, &[])
}

fn exchange_once(machine: &Machine) -> Result<(Edge, Truth)> {
    let (client, server) = machine.pair()?;
    let (near, far) = client.connect_to((server.service_ip, 80), &server.listen()?)?;
    Ok((Edge::of(client, server), exchange(near, far, 100, 200)?))
}

#[test]
fn three_capabilities_are_enough() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    machine.publish(machine.pod("w1")?)?;
    let _operator = machine.operator()?;
    let probe = start_with(&machine, "+bpf,+perfmon,+net_admin")?;
    probe.await_ready()?;
    let (edge, truth) = exchange_once(&machine)?;
    edge.expect(&probe, truth)
}

#[test]
fn they_are_enough_to_pin_and_to_go_on_from_pins() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    machine.publish(machine.pod("w1")?)?;
    let (_operator, kept, wrapper) = (machine.operator()?, Kept::new()?, only("+bpf,+perfmon,+net_admin"));
    let start = || kept.start_on(&machine.node.netns, PORT, &wrapper.each_ref().map(String::as_str), &[]);
    let first = start()?;
    first.await_ready()?;
    let (edge, truth) = exchange_once(&machine)?;
    edge.expect(&first, truth)?;
    drop(first);
    let next = start()?;
    next.await_ready()?;
    edge.expect(&next, truth)
}

#[test]
fn a_missing_capability_is_named() -> Result<()> {
    let machine = Machine::new(0, &[])?;
    let _operator = machine.operator()?;
    for (rest, missing) in
        [("+perfmon,+net_admin", "CAP_BPF"), ("+bpf,+net_admin", "CAP_PERFMON"), ("+bpf,+perfmon", "CAP_NET_ADMIN")]
    {
        let probe = start_with(&machine, rest)?;
        let status = probe.process().await_exit(PATIENCE)?;
        let said = probe.process().last_words();
        ensure!(!status.success() && said.contains(missing), "{status} without {missing}: {said}");
    }
    Ok(())
}

#[test]
fn a_port_that_is_taken_is_named() -> Result<()> {
    let machine = Machine::new(0, &[])?;
    let _operator = machine.operator()?;
    let _taken = machine.node.netns.run(|| TcpListener::bind("0.0.0.0:15020"))?;
    let probe = Probe::start(&machine.node.netns, &[])?;
    let status = probe.process().await_exit(PATIENCE)?;
    let said = probe.process().last_words();
    confirm!(!status.success() && said.contains("15020"), "{status}: {said}")
}

#[test]
fn two_probes_count_the_same_and_each_ends_well_when_asked_to() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    machine.publish(machine.pod("w1")?)?;
    let mut operator = machine.operator()?;
    let probes = [Probe::start(&machine.node.netns, &[])?, Probe::start_under(&machine.node.netns, &[], 15021, &[])?];
    for probe in &probes {
        probe.await_ready()?;
    }
    let (edge, truth) = exchange_once(&machine)?;
    for probe in &probes {
        edge.expect(probe, truth)?;
    }
    for probe in &probes {
        probe.process().signal(Signal::SIGTERM)?;
        let status = probe.process().await_exit(PATIENCE)?;
        ensure!(status.code() == Some(0), "{status}: {}", probe.process().last_words());
    }
    operator.signal(Signal::SIGTERM)?;
    let status = operator.await_exit(PATIENCE)?;
    confirm!(status.code() == Some(0), "{status}: {}", operator.last_words())
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
    let status = probe.process().await_exit(PATIENCE)?;
    let said = probe.process().last_words();
    ensure!(!status.success(), "it ended with {status}");
    for missing in ["bpf_sock_from_file (connections older than the probe)", "atomic operations that return"] {
        ensure!(said.contains(missing), "{missing} is not named: {said}");
    }
    Ok(())
}

#[test]
fn a_kernel_without_type_information_is_named() -> Result<()> {
    let machine = Machine::new(0, &[])?;
    let hide = "mount --bind /dev/null /sys/kernel/btf/vmlinux && exec \"$0\" \"$@\"";
    let probe = Probe::start_under(&machine.node.netns, &["unshare", "--mount", "sh", "-c", hide], 15020, &[])?;
    let status = probe.process().await_exit(PATIENCE)?;
    let said = probe.process().last_words();
    ensure!(!status.success() && said.contains("/sys/kernel/btf/vmlinux"), "{status}: {said}");
    confirm!(said.contains("CONFIG_DEBUG_INFO_BTF=y"), "no remedy in {said}")
}
