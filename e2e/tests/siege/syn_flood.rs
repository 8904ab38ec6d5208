//! A pod that opens more connections than the kernel side's table holds for the whole node.

use anyhow::{Context, Result, ensure};
use longwire_testkit::{Cluster, Edge, Machine, Pod, Process, Siege, Truth};
use parking_lot::Mutex;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
/// Least size of the kernel side's table.
const TABLE: u64 = 65_536;
/// Each has fewer descriptors than a strict limit allows.
const PROCESSES: u64 = 4;

/// As many processes of one pod, one in each container, as fill the table.
fn flood(pod: &Pod, command: &str, address: &str, each: u64) -> Result<Vec<Process>> {
    let start = |number: u64| {
        let (container, to) = (format!("c{number}"), format!("{address}{number}:80"));
        pod.process(&container, &[command, &to, &each.to_string()])
    };
    let processes = (1..=PROCESSES).map(start).collect::<Result<Vec<_>>>()?;
    for process in &processes {
        process.await_line(&each.to_string(), PATIENCE)?;
    }
    Ok(processes)
}

/// Ten connections between two pods, exact to the byte, within a short time.
fn expect_exact(cluster: &Cluster, client: &Pod, server: &Pod) -> Result<()> {
    let address = server.address().to_string();
    let _serving = server.process_that_says("main", &["serve", &address, "--reply", "30"], "listening")?;
    let mut sending = client.process("main", &["send", &address, "100000", "--times", "10"])?;
    sending.succeed(PATIENCE)?;
    let truth = Truth { opened: 10, closed: 10, to_server: 1_000_000, to_client: 300 };
    Edge::of(client, server).expect(&cluster.probe, truth)
}

/// How often the kernel skipped a program, because it had preempted the same one; the connections are not known.
fn missed(cluster: &Cluster) -> Result<u64> {
    Ok(cluster.probe.scrape()?.sum("longwire_probe_recursion_misses_total", &[]))
}

/// The kernel side counts the floods of all tests, so only one of them runs at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn start(attack: &'static str) -> Result<Siege> {
    Siege::start(attack, Machine::new(4, &[])?, &["--max-connections", "32768"])
}

#[test]
fn a_pod_beside_a_syn_flood_is_counted_to_the_byte() -> Result<()> {
    let _alone = ALONE.lock();
    let siege = start("syn_flood")?;
    let cluster = &siege.cluster;
    let (flooder, (client, server)) = (cluster.machine.take()?, cluster.machine.two()?);
    cluster.machine.node.iptables("-t raw -A PREROUTING -d 198.18.0.0/15 -j DROP")?;
    let each = TABLE / PROCESSES + 500;
    let _flood = flood(flooder, "flood", "198.18.0.", each).context("the flood")?;
    expect_exact(cluster, client, server)?;
    // Its own connections too: one without a place while half-open gets one when established.
    expect_exact(cluster, flooder, cluster.machine.take()?)?;
    let kinds = ["half_open_share_full", "half_open_full", "connections_share_full", "connections_full"];
    let [share, all, established, table] = kinds.map(|kind| cluster.probe.of_kernel(kind));
    // A sixteenth of the table holds half-open connections of one pod; those that time out free places.
    let beyond = TABLE / 2;
    let (share, missed) = (share?, missed(cluster)?);
    ensure!(share + missed >= beyond, "{share} half-open connections were left out, not {beyond}; {missed} unseen");
    assert_eq!((all?, established?, table?), (0, 0, 0));
    siege.end(&[])
}

#[test]
fn a_pod_beside_one_that_holds_a_tableful_of_connections_is_counted_to_the_byte() -> Result<()> {
    let _alone = ALONE.lock();
    let siege = start("connection_flood")?;
    let cluster = &siege.cluster;
    let (flooder, (client, server)) = (cluster.machine.take()?, cluster.machine.two()?);
    // Both ends are the pod's own.
    let each = TABLE / 2 / PROCESSES + 500;
    let _flood = flood(flooder, "hold", "127.0.0.", each).context("the flood")?;
    expect_exact(cluster, client, server)?;
    let [share, table] = ["connections_share_full", "connections_full"].map(|kind| cluster.probe.of_kernel(kind));
    let beyond = 2 * each * PROCESSES - TABLE / 4;
    let (share, missed) = (share?, missed(cluster)?);
    ensure!(share + missed >= beyond, "{share} established connections were left out, not {beyond}; {missed} unseen");
    assert_eq!(table?, 0);
    siege.end(&[])
}
