//! Watchers of the traffic: none, the probe, or programs that run for each packet.

use super::per_packet::PerPacket;
use anyhow::{Context, Result};
use longwire_testkit::{Machine, Probe, janitor, probe::PORT};

/// Begins each kind of watching.
pub(super) const WATCHERS: [fn(&Machine) -> Result<Watching>; 3] = [
    |_| Ok(Watching::Nobody),
    |machine| Ok(Watching::Probe(start_probe(machine, &["--sample-interval", "5s"])?)),
    |_| Ok(Watching::PerPacket { _attached: PerPacket::attach()? }),
];

/// Detached when dropped.
#[derive(Debug)]
pub(super) enum Watching {
    Nobody,
    Probe(Probe),
    PerPacket { _attached: PerPacket },
}

impl Watching {
    /// The watching process, if there is one.
    pub(super) fn process(&self) -> Option<u32> {
        match self {
            Self::Probe(probe) => Some(probe.process().id()),
            Self::Nobody | Self::PerPacket { .. } => None,
        }
    }
}

/// A ready probe with pins and state, as deployed. Its pins are removed with it, because its BPF file system is its
/// own.
pub(super) fn start_probe(machine: &Machine, flags: &[&str]) -> Result<Probe> {
    const WRAPPER: [&str; 6] = ["unshare", "--mount", "sh", "-c", "mount -t bpf bpf /sys/fs/bpf && exec \"$@\"", "sh"];
    // Removed by the janitor.
    let state = janitor::temporary_directory("state")?.keep();
    let state = state.to_str().context("path")?;
    let kept = ["--long-connection-threshold", "5s", "--pin-dir", "/sys/fs/bpf/longwire", "--state-dir", state];
    let probe = Probe::start_under(&machine.node.netns, &WRAPPER, PORT, &[&kept, flags].concat())?;
    probe.await_ready()?;
    Ok(probe)
}
