//! A pod that creates label sets as fast as it can, beside two pods whose own must stay.

use anyhow::{Result, ensure};
use longwire_testkit::{Machine, Pod, PodSpec, Siege, manifests};
use std::fs;
use std::net::{Ipv4Addr, TcpStream};

const FAILED: &str = "longwire_tcp_connections_failed_total";
const CHARGED: &str = "longwire_probe_series_charged";

/// Addresses of the node without listeners.
const ADDRESSES: &str = "198.18.0.0/16";

/// The pod `evil`, in a namespace of that name.
fn machine(evil: PodSpec) -> Result<Machine> {
    let machine = Machine::new(2, &[evil])?;
    machine.node.netns.ip(&format!("route add local {ADDRESSES} dev lo"))?;
    let text = fs::read_to_string(machine.manifests.path().join("evil.yaml"))?;
    machine.manifests.write("evil.yaml", &text.replace("namespace: shop", "namespace: evil"))?;
    machine.manifests.write("evil-namespace.yaml", "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: evil\n")?;
    Ok(machine)
}

/// Connects to one address after another, all of which refuse.
fn refused(pod: &Pod, connects: u32) -> Result<()> {
    pod.netns.run(|| {
        for number in 0..connects {
            let [_, _, high, low] = number.to_be_bytes();
            let address = Ipv4Addr::new(198, 18, high, low);
            ensure!(TcpStream::connect((address, 9)).is_err(), "{address} accepted");
        }
        Ok(())
    })
}

#[test]
fn refused_connects_take_no_room_from_others() -> Result<()> {
    const CONNECTS: u32 = 30_000;
    let evil = PodSpec::new("evil").annotation("telemetry.longwire.io/series-sets", "istio,kmesh-workload");
    let siege = Siege::start("refused-connects", machine(evil)?, &[])?;
    let probe = &siege.cluster.probe;
    let mut bystander = siege.bystander()?;
    refused(siege.cluster.machine.pod("evil")?, CONNECTS)?;
    bystander.talk(20)?;
    bystander.expect_exact(probe)?;
    let scrape = probe.scrape()?;
    let charged = scrape.sum(CHARGED, &[]);
    ensure!(charged < 2_000, "{charged} lines are charged, of which a scrape has hardly any");
    ensure!(scrape.sum("longwire_probe_overflowed_total", &[]) == 0, "something overflowed");
    siege.end(&[("connects", CONNECTS.into()), ("lines_charged", charged as f64)])
}

#[test]
fn long_labels_of_refused_connects_stay_within_the_share_of_their_namespace() -> Result<()> {
    const CONNECTS: u32 = 8_000;
    let machine = machine(PodSpec::new("evil"))?;
    let tag = |number: u32| {
        let long = "x".repeat(480);
        format!("  - {{name: tag_{number}, value: 'string(source.port) + \"{long}\"', maxValues: 10000}}\n")
    };
    let tags: String = (0..32).map(tag).collect();
    let object = manifests::telemetry("ExtraStatTags", "evil", "long", &format!("\n  tags:\n{tags}"));
    machine.manifests.write("tags.yaml", &object)?;
    let siege = Siege::start("long-labels", machine, &[])?;
    let probe = &siege.cluster.probe;
    let mut bystander = siege.bystander()?;
    bystander.talk(20)?;
    refused(siege.cluster.machine.pod("evil")?, CONNECTS)?;
    bystander.talk(20)?;
    bystander.expect_exact(probe)?;
    let overflowed = [("source_workload", "overflow"), ("source_workload_namespace", "evil")];
    let (own, overflowed) = probe.until(|scrape| {
        let counts = (scrape.sum(FAILED, &[("source_workload", "evil")]), scrape.sum(FAILED, &overflowed));
        ensure!(counts.0 + counts.1 == u64::from(CONNECTS), "{counts:?} of {CONNECTS}");
        Ok(counts)
    })?;
    ensure!(own > 0 && overflowed > own, "{own} of 17 kB each have label sets of their own");
    let scrape = probe.scrape()?;
    let [bytes, limit] =
        ["longwire_probe_label_set_bytes", "longwire_probe_label_set_bytes_limit"].map(|name| scrape.sum(name, &[]));
    ensure!(bytes < limit / 2, "{bytes} of {limit} bytes");
    ensure!(scrape.sum("longwire_probe_overflowed_total", &[("namespace", "")]) == 0, "others overflowed");
    siege.end(&[("connects", CONNECTS.into()), ("label_set_mb", bytes as f64 / 1e6)])
}
