//! Watchers of the traffic: none, the probe, the probe with a line of each connection, or programs that run for each packet.

use super::per_packet::PerPacket;
use anyhow::{Context, Result};
use longwire_testkit::{Machine, Probe, janitor, probe::PORT};

/// Begins each kind of watching.
pub(super) const WATCHERS: [fn(&Machine) -> Result<Watching>; 4] = [
    |_| Ok(Watching::Nobody),
    |machine| {
        machine.manifests.write(POLICY, &policy(false))?;
        Ok(Watching::Probe(start_probe(machine, &INTERVAL)?))
    },
    |_| Ok(Watching::PerPacket { _attached: PerPacket::attach()? }),
    |machine| {
        machine.manifests.write(POLICY, &policy(true))?;
        // A reader of the lines would cost more than the probe.
        Ok(Watching::Probe(start_probe_under("exec \"$@\" > /dev/null", machine, &INTERVAL)?))
    },
];
/// The last of them, for traffic of many connections.
pub(super) const LOGGING: usize = 3;

const INTERVAL: [&str; 2] = ["--sample-interval", "5s"];
const POLICY: &str = "logs.yaml";

/// Access logs of all pods are on or off.
fn policy(enabled: bool) -> String {
    format!(
        "apiVersion: telemetry.longwire.io/v1alpha1
kind: TelemetryPolicy
metadata: {{name: logs, namespace: longwire-system}}
spec: {{accessLogs: {{enabled: {enabled}, rateLimit: 100000}}}}
"
    )
}

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
    start_probe_under("exec \"$@\"", machine, flags)
}

/// `run`: the end of a shell script that starts it.
fn start_probe_under(run: &str, machine: &Machine, flags: &[&str]) -> Result<Probe> {
    let script = format!("mount -t bpf bpf /sys/fs/bpf && {run}");
    let wrapper = ["unshare", "--mount", "sh", "-c", &script, "sh"];
    // Removed by the janitor.
    let state = janitor::temporary_directory("state")?.keep();
    let state = state.to_str().context("path")?;
    let kept = ["--long-connection-threshold", "5s", "--pin-dir", "/sys/fs/bpf/longwire", "--state-dir", state];
    let probe = Probe::start_under(&machine.node.netns, &wrapper, PORT, &[&kept, flags].concat())?;
    probe.await_ready()?;
    Ok(probe)
}
