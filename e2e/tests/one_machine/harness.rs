//! The harness itself, on which the other tests rely.

use anyhow::{Result, ensure};
use longwire_testkit::{
    Machine, MemoryCgroup, Netns, Process, TcpInfo, Truth, await_acknowledged, cgroup, confirm, exchange, iptables,
    janitor, pass,
};
use std::net::SocketAddr;
use std::time::Duration;

#[test]
fn pods_reach_each_other_over_both_families_and_through_every_kind_of_nat() -> Result<()> {
    let machine = Machine::new(3, &[])?;
    let (client, server) = machine.two()?;
    let listener = server.listen_on(("::".parse::<std::net::Ipv6Addr>()?, 8080))?;
    machine.publish(server)?;
    let mapped = SocketAddr::from((server.ipv4.to_ipv6_mapped(), 8080));
    for address in [server.address(), (server.ipv6, 8080).into(), mapped, (server.service_ip, 80).into()] {
        let truth = client.exchange(address, &listener, 100_000, 5_000)?;
        assert_eq!(truth, Truth::whole(100_000, 5_000), "{address}");
    }
    machine.node.iptables(&format!("-t nat -A POSTROUTING -s {} -j MASQUERADE --random-fully", client.ipv4))?;
    let (near, far) = client.connect_to(server.address(), &listener)?;
    assert_eq!(far.peer_addr()?.ip().to_canonical(), machine.node.gateway);
    exchange(near, far, 1, 1)?;
    let own = machine.take()?;
    machine.publish(own)?;
    machine.node.iptables(&format!("-t nat -A POSTROUTING -s {0} -d {0} -j MASQUERADE", own.ipv4))?;
    let listener = own.listen()?;
    let (near, far) = own.connect_to((own.service_ip, 80), &listener)?;
    assert_eq!(far.peer_addr()?.ip(), machine.node.gateway);
    exchange(near, far, 10, 20)?;
    Ok(())
}

#[test]
fn the_kernel_counts_what_the_applications_count_even_where_segments_are_lost() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let pair = machine.pair()?;
    for pod in [&pair.client, &pair.server] {
        pod.send_single_segments()?;
    }
    machine.node.iptables("-A FORWARD -m statistic --mode random --probability 0.02 -j DROP")?;
    iptables(&pair.client.netns, "-A OUTPUT -p tcp -m statistic --mode random --probability 0.05 -j DROP")?;
    let (near, far) = pair.connect()?;
    pass(&near, &far, 2_000_000)?;
    await_acknowledged(&near, 2_000_001)?;
    let (near, far) = (TcpInfo::of(&near)?, TcpInfo::of(&far)?);
    assert_eq!((near.acked, far.received), (2_000_001, 2_000_000));
    confirm!(near.retransmitted_bytes > 10_000, "only {} bytes were sent again", near.retransmitted_bytes)
}

#[test]
fn a_process_of_a_pod_is_in_its_namespace_and_in_its_cgroup() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let (client, server) = machine.two()?;
    let address = server.address().to_string();
    let serving = server.process_that_says("main", &["serve", &address, "--reply", "30"], "listening")?;
    let cgroup = std::fs::read_to_string(format!("/proc/{}/cgroup", serving.id()))?;
    ensure!(cgroup.contains(&format!("kubepods/besteffort/pod{}/main", server.uid)), "{cgroup}");
    client.run("main", &["send", &address, "20"])?;
    serving.await_line("received 20, sent 30", Duration::from_secs(60))?;
    Ok(())
}

#[test]
fn what_a_dead_run_left_is_swept_processes_and_all() -> Result<()> {
    let netns = Netns::new()?;
    let mut dead = Process::start(&netns, "a run of tests", &["true"])?;
    dead.await_exit(Duration::from_secs(60))?;
    let root = cgroup::root_of(dead.id())?;
    let (container, files) = (root.join("kubepods/podx/main"), std::env::temp_dir());
    let files = files.join(format!("{}{}-manifests", janitor::TEMPORARY, dead.id()));
    std::fs::create_dir_all(&container)?;
    std::fs::create_dir_all(files.join("below"))?;
    let mut orphan = Process::start(&netns, "an orphan", &["sleep", "1000"])?;
    std::fs::write(container.join("cgroup.procs"), orphan.id().to_string())?;
    janitor::sweep(dead.id())?;
    ensure!(!root.exists() && !files.exists(), "something is left");
    orphan.fail(Duration::from_secs(60)).map(drop)
}

#[test]
fn a_process_past_its_memory_is_ended_and_that_is_counted() -> Result<()> {
    let (memory, netns) = (MemoryCgroup::new("harness", 16 << 20)?, Netns::new()?);
    // It buffers the last line, which never ends.
    let line = [&memory.wrapper()[..], &["tail", "/dev/zero"]].concat();
    Process::start(&netns, "glutton", &line)?.fail(Duration::from_secs(60))?;
    assert_eq!(memory.oom_kills()?, 1);
    let peak = memory.peak()?;
    confirm!((14 << 20..=17 << 20).contains(&peak), "{peak} bytes at most")
}
