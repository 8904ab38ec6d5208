//! What each pod holds of the kernel side's table: its share says what the table says, whatever ends how.

use anyhow::{Context, Result, ensure};
use longwire_e2e::kept::Kept;
use longwire_e2e::machine::Machine;
use longwire_e2e::netns::Netns;
use longwire_e2e::pod::Pod;
use longwire_e2e::probe::bpftool;
use longwire_e2e::wait::eventually;
use longwire_e2e::{cgroup, process::Process};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);
/// Of `struct connection` in `bpf/maps.h`: where its flags stand, and what they say.
const FLAGS: usize = 24;
const LIVE: u32 = 1 << 16;
const SHARE_SHIFT: u32 = 17;

/// Established and half-open connections of a pod, as its share has them and as the table has them.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    share: [usize; 2],
    table: [usize; 2],
}

impl Held {
    fn both(established: usize, half_open: usize) -> Self {
        Self { share: [established, half_open], table: [established, half_open] }
    }

    fn of(pod: &Pod, kept: &Kept) -> Result<Self> {
        let container = cgroup::container(&pod.uid, "main")?;
        let id = fs::metadata(container.parent().context("no cgroup above a container's")?)?.ino();
        let shares = values(kept, "shares")?;
        let slot = shares.iter().position(|share| number(share, 0, 8) == id).context("the pod has no share")?;
        let share = [16, 20].map(|at| number(&shares[slot], at, 4) as usize);
        let mut table = [0; 2];
        for connection in values(kept, "connections")? {
            let flags = u32::try_from(number(&connection, FLAGS, 4))?;
            if (flags >> SHARE_SHIFT) as usize == slot {
                table[usize::from(flags & LIVE == 0)] += 1;
            }
        }
        Ok(Self { share, table })
    }
}

/// The values of a map, in the order of its keys where it is an array.
fn values(kept: &Kept, map: &str) -> Result<Vec<Vec<u8>>> {
    let pin = kept.layout()?.join(map);
    let dump = bpftool(&Netns::new()?, &["map", "dump", "pinned", pin.to_str().context("path")?])?;
    let bytes = |value: &serde_json::Value| -> Result<Vec<u8>> {
        let bytes = value["value"].as_array().with_context(|| format!("no value in {value}"))?;
        let parse = |byte: &serde_json::Value| {
            let text = byte.as_str().and_then(|byte| byte.strip_prefix("0x")).context("no byte")?;
            Ok(u8::from_str_radix(text, 16)?)
        };
        bytes.iter().map(parse).collect()
    };
    dump.as_array().context("no array")?.iter().map(bytes).collect()
}

fn number(value: &[u8], at: usize, bytes: usize) -> u64 {
    value[at..at + bytes].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn await_held(pod: &Pod, kept: &Kept, expected: &Held) -> Result<()> {
    eventually(PATIENCE, || {
        let held = Held::of(pod, kept)?;
        ensure!(held == *expected, "{held:?} instead of {expected:?}");
        Ok(())
    })
}

fn start(pod: &Pod, container: &str, arguments: &[&str], says: &str) -> Result<Process> {
    let process = pod.process(container, arguments)?;
    process.await_line(says, PATIENCE)?;
    Ok(process)
}

#[test]
fn a_pods_share_is_what_the_table_holds_of_it_across_ends_failures_and_a_kill_of_the_probe() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let (_operator, kept) = (machine.operator()?, Kept::new()?);
    let (client, server) = machine.pair()?;
    machine.node.iptables("-t raw -A PREROUTING -d 198.18.0.0/15 -j DROP")?;
    let probe = kept.start(&machine.node.netns, &[])?;
    probe.await_ready()?;
    let address = server.address().to_string();
    let _serving = start(server, "main", &["serve", &address], "listening")?;
    // Come and gone; refused; and what stays, from three containers of one pod.
    let mut sent = client.process("main", &["send", &address, "1000", "--times", "50"])?;
    ensure!(sent.await_exit(PATIENCE)?.success(), "{}", sent.last_words());
    for _ in 0..20 {
        ensure!(client.connect((server.ipv4, 9)).is_err(), "nobody listens");
    }
    let flooding = start(client, "second", &["flood", "198.18.0.1:80", "100"], "flooding")?;
    let holding = start(client, "third/nested", &["hold", "127.0.0.1:80", "30"], "holding")?;
    await_held(client, &kept, &Held::both(60, 100))?;
    // Ends that no probe looks at.
    drop(probe);
    drop(flooding);
    await_held(client, &kept, &Held::both(60, 0))?;
    let probe = kept.start(&machine.node.netns, &[])?;
    probe.await_ready()?;
    await_held(client, &kept, &Held::both(60, 0))?;
    let _flooding = start(client, "second", &["flood", "198.18.0.1:80", "7"], "flooding")?;
    drop(holding);
    await_held(client, &kept, &Held::both(0, 7))
}
