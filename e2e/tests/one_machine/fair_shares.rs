//! Fair shares of the kernel side's table: a pod's share equals its entries, however connections end.

use anyhow::{Context, Result, ensure};
use longwire_testkit::{
    Edge, Kept, Machine, Pod, Process, Truth, binaries, cgroup, confirm, eventually, pod::traffic_in,
};
use parking_lot::RwLock;
use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
/// Offsets and bits of `struct connection` in `bpf/maps.h`.
const FLAGS: usize = 24;
const LIVE: u32 = 1 << 16;
const SHARE_SHIFT: u32 = 17;
/// Pod id of cgroups that are nested too deep (`bpf/shares.h`).
const TOO_DEEP: u64 = u64::MAX;
/// More pods than there are shares (`SHARES` in `bpf/maps.h`).
const CROWD: u32 = 2_200;

/// The crowd of one test leaves no share to the pods of other tests, because all probes of the machine see it. So such
/// tests take turns.
static SHARES: RwLock<()> = RwLock::new(());

fn number(value: &[u8], at: usize, bytes: usize) -> u64 {
    value[at..at + bytes].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Awaits so many established and half-open connections of a pod.
fn await_held(pod: &Pod, kept: &Kept, held: [usize; 2]) -> Result<()> {
    await_held_by(id_above(&cgroup::container(&pod.uid, "main")?)?, kept, held)
}

/// The id of the pod's cgroup.
fn id_above(container: &Path) -> Result<u64> {
    Ok(fs::metadata(container.parent().context("no cgroup above a container's")?)?.ino())
}

/// The same by the id of the pod's cgroup: counted by its share, and in the table.
fn await_held_by(id: u64, kept: &Kept, held: [usize; 2]) -> Result<()> {
    eventually(PATIENCE, || {
        let shares = kept.values("shares")?;
        let slot = shares.iter().position(|share| number(share, 0, 8) == id).context("the pod has no share")?;
        let share = [16, 20].map(|at| number(&shares[slot], at, 4) as usize);
        let mut table = [0; 2];
        for connection in kept.values("connections")? {
            let flags = u32::try_from(number(&connection, FLAGS, 4))?;
            if (flags >> SHARE_SHIFT) as usize == slot {
                table[usize::from(flags & LIVE == 0)] += 1;
            }
        }
        confirm!([share, table] == [held; 2], "{share:?} by the share and {table:?} in the table instead of {held:?}")
    })
}

#[test]
fn a_pods_share_is_what_the_table_holds_of_it_across_ends_failures_and_a_kill_of_the_probe() -> Result<()> {
    let _shares = SHARES.read();
    let machine = Machine::new(2, &[])?;
    let (_operator, kept, (client, server)) = (machine.operator()?, Kept::new()?, machine.two()?);
    machine.node.iptables("-t raw -A PREROUTING -d 198.18.0.0/15 -j DROP")?;
    let probe = kept.ready(&machine.node.netns, &[])?;
    let address = server.address().to_string();
    let _serving = server.process_that_says("main", &["serve", &address], "listening")?;
    // Closed, refused, and open connections, from three containers of one pod.
    client.run("main", &["send", &address, "1000", "--times", "50"])?;
    for _ in 0..20 {
        ensure!(client.connect((server.ipv4, 9)).is_err(), "nobody listens");
    }
    let flooding = client.process_that_says("second", &["flood", "198.18.0.1:80", "100"], "flooding")?;
    let holding = client.process_that_says("third/nested", &["hold", "127.0.0.1:80", "30"], "holding")?;
    await_held(client, &kept, [60, 100])?;
    // Ends without a running probe.
    drop(probe);
    drop(flooding);
    await_held(client, &kept, [60, 0])?;
    let _probe = kept.ready(&machine.node.netns, &[])?;
    await_held(client, &kept, [60, 0])?;
    let _flooding = client.process_that_says("second", &["flood", "198.18.0.1:80", "7"], "flooding")?;
    drop(holding);
    await_held(client, &kept, [0, 7])
}

/// `times` connections of 1,000 bytes.
fn send(pod: &Pod, address: &str, times: u64) -> Result<Truth> {
    pod.run("main", &["send", address, "1000", "--times", &times.to_string()])?;
    Ok(Truth { opened: times, closed: times, to_server: 1_000 * times, to_client: 0 })
}

#[test]
fn what_pods_nest_too_deep_to_be_looked_up_has_one_share_together() -> Result<()> {
    let _shares = SHARES.read();
    let machine = Machine::new(2, &[])?;
    let (_operator, kept, (one, other)) = (machine.operator()?, Kept::new()?, machine.two()?);
    let _probe = kept.ready(&machine.node.netns, &[])?;
    let deep = ["main"].into_iter().chain(["d"; 40]).collect::<Vec<_>>().join("/");
    let _held = [
        one.process_that_says(&deep, &["hold", "127.0.0.1:80", "20"], "holding")?,
        other.process_that_says(&deep, &["hold", "127.0.0.1:80", "10"], "holding")?,
        other.process_that_says("main", &["hold", "127.0.0.1:81", "5"], "holding")?,
    ];
    await_held_by(TOO_DEEP, &kept, [60, 0])?;
    await_held(other, &kept, [10, 0])
}

#[test]
fn a_pod_in_the_layout_of_systemds_driver_is_named_by_its_cgroup_and_has_a_share() -> Result<()> {
    let _shares = SHARES.read();
    let machine = Machine::new(2, &[])?;
    let (_operator, kept, (client, server)) = (machine.operator()?, Kept::new()?, machine.two()?);
    let root = format!("{}/nodes.slice", cgroup::kubelet_root());
    let probe = kept.ready(&machine.node.netns, &["--kubelet-cgroup-root", &root])?;
    let class = "nodes.slice/nodes-kubepods.slice/nodes-kubepods-burstable.slice";
    let scope_of = |pod: &Pod| {
        let slice = format!("nodes-kubepods-burstable-pod{}.slice", pod.uid.replace('-', "_"));
        cgroup::below_root(&format!("{class}/{slice}/cri-containerd-4d1a.scope"))
    };
    let address = server.address().to_string();
    let serving = traffic_in(&server.netns, "systemd", &scope_of(server)?, &["serve", &address])?;
    serving.await_line("listening", PATIENCE)?;
    // In a network namespace without a pod: only the cgroup identifies the pod.
    let (network, _) = machine.node.attach(&[Ipv4Addr::new(203, 0, 113, 7).into()])?;
    let scope = scope_of(client)?;
    let run = |arguments: &[&str]| traffic_in(&network, "systemd", &scope, arguments);
    run(&["send", &address, "1000", "--times", "7"])?.succeed(PATIENCE)?;
    let holding = run(&["hold", "127.0.0.1:80", "15"])?;
    holding.await_line("holding", PATIENCE)?;
    await_held_by(id_above(&scope)?, &kept, [30, 0])?;
    let truth = Truth { opened: 7, closed: 7, to_server: 7_000, to_client: 0 };
    Edge::of(client, server).expect(&probe, truth)
}

#[test]
fn a_pod_whose_failures_fill_the_ring_and_its_share_beside_it_leaves_a_neighbour_exact() -> Result<()> {
    let _shares = SHARES.read();
    let machine = Machine::new(3, &[])?;
    let (_operator, kept, (client, server)) = (machine.operator()?, Kept::new()?, machine.two()?);
    let flooder = machine.take()?;
    let probe = kept.ready(&machine.node.netns, &[])?;
    let address = server.address().to_string();
    let _serving = server.process_that_says("main", &["serve", &address], "listening")?;
    let before = send(client, &address, 3)?;
    flooder.run("main", &["knock", "127.0.0.1", "3"])?;
    Edge::of(client, server).expect(&probe, before)?;
    // No probe reads the ring: 27,000 failures fill it, and each further one has its own address and port.
    drop(probe);
    flooder.run("main", &["knock", "127.0.0.1", "32000"])?;
    let meanwhile = send(client, &address, 20)?;
    let probe = kept.ready(&machine.node.netns, &[])?;
    Edge::of(client, server).expect(&probe, before + meanwhile)?;
    let (aggregated, dropped) = (probe.of_kernel("close_aggregated")?, probe.of_kernel("aggregation_share_full")?);
    confirm!(aggregated > 1_000 && dropped > 500, "{aggregated} were added up and {dropped} dropped")
}

#[test]
fn more_pods_than_shares_are_counted_and_do_not_block_others() -> Result<()> {
    let _shares = SHARES.write();
    let machine = Machine::new(2, &[])?;
    let (_operator, kept, (client, server)) = (machine.operator()?, Kept::new()?, machine.two()?);
    let probe = kept.ready(&machine.node.netns, &[])?;
    let directory = cgroup::root_of(std::process::id())?.join("crowd");
    let (program, pods) = (binaries::find("longwire-traffic")?, CROWD.to_string());
    let line = ["127.0.0.1:80", directory.to_str().context("path")?, &pods];
    let crowd =
        [&["sh", "-c", "ulimit -n 8192 && exec \"$@\"", "sh", program.to_str().context("path")?, "crowd"], &line[..]];
    let crowd = Process::start(&machine.node.netns, "crowd", &crowd.concat())?;
    crowd.await_line("a crowd of", Duration::from_secs(60))?;
    eventually(PATIENCE, || confirm!(probe.of_kernel("shares_full")? > 0, "every pod has found a share"))?;
    let address = server.address().to_string();
    let _serving = server.process_that_says("main", &["serve", &address], "listening")?;
    let truth = send(client, &address, 10)?;
    Edge::of(client, server).expect(&probe, truth)?;
    drop(crowd);
    cgroup::remove(&directory)
}
