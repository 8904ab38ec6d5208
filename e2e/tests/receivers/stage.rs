//! A node with pods, an operator with a policy that has exporters, and probes in turn.

use anyhow::{Result, ensure};
use longwire_testkit::{Edge, Kept, Machine, Pair, PodSpec, Probe, Process, Scrape, Truth, manifests};
use serde_json::Value;
use socket2::{Domain, Protocol};
use std::time::Duration;

/// For what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);
const SETS: &str = "istio,kmesh-workload,longwire";
/// Series of a long connection end with it, and what was added up or pushed of them stays with receivers.
const WITHOUT_LONG: [&str; 2] = ["--long-connection-threshold", "1h"];
/// Nobody listens there.
const NOBODY: u16 = 9;

#[derive(Debug)]
pub(crate) struct Stage {
    // Fields are dropped in order: the machine last.
    pub(crate) pairs: Vec<Pair>,
    kept: Kept,
    operator: Process,
    pub(crate) machine: Machine,
}

/// A node with pods for two pairs, before Longwire: receivers start on it first. The pods of one pair have Kmesh's series too.
pub(crate) fn node() -> Result<Machine> {
    let pod = |workload| PodSpec::new(workload).annotation("telemetry.longwire.io/series-sets", SETS);
    Machine::new(2, &[pod("client"), pod("server")])
}

impl Stage {
    /// `spec`: of a policy for the whole cluster.
    pub(crate) fn new(machine: Machine, spec: &Value) -> Result<Self> {
        configure(&machine, spec)?;
        let pairs = vec![Pair::new(machine.pod("client")?, machine.pod("server")?)?, machine.pair()?];
        Ok(Self { pairs, kept: Kept::new()?, operator: machine.operator()?, machine })
    }

    /// Another specification of the policy.
    pub(crate) fn configure(&self, spec: &Value) -> Result<()> {
        configure(&self.machine, spec)
    }

    /// A probe that goes on from the last one, ready. Dropped, it is killed by SIGKILL.
    pub(crate) fn probe(&self, flags: &[&str]) -> Result<Probe> {
        self.kept.ready(&self.machine.node.netns, &[WITHOUT_LONG.as_slice(), flags].concat())
    }

    /// Some traffic of both pairs: connections of all sizes, and one that is refused. Returns what each has moved.
    pub(crate) fn talk(&self, connections: usize) -> Result<Vec<Truth>> {
        self.pairs.iter().map(|pair| talk(pair, connections)).collect()
    }

    /// Both ends of all pairs are on the page with what they have moved, and the programs live.
    pub(crate) fn settle(&mut self, probe: &Probe, truths: &[Truth]) -> Result<()> {
        self.operator.check_alive()?;
        probe.process().check_alive()?;
        self.pairs.iter().zip(truths).try_for_each(|(pair, truth)| pair.edge.expect(probe, *truth))
    }
}

fn configure(machine: &Machine, spec: &Value) -> Result<()> {
    // JSON is valid YAML.
    let policy = manifests::telemetry("TelemetryPolicy", "longwire-system", "exporters", &spec.to_string());
    machine.manifests.write("exporters.yaml", &policy)
}

fn talk(pair: &Pair, connections: usize) -> Result<Truth> {
    let socket = pair.client.socket(Domain::IPV4, Protocol::TCP)?;
    let nobody = std::net::SocketAddr::from((pair.server.ipv4, NOBODY));
    ensure!(socket.connect(&nobody.into()).is_err(), "somebody listens");
    Ok(pair.exchange(1_234_567, 7_654_321)? + pair.churn(connections)?)
}

/// The sum of two rounds of traffic.
pub(crate) fn add(truths: &mut [Truth], more: &[Truth]) {
    truths.iter_mut().zip(more).for_each(|(truth, more)| *truth += *more);
}

/// Failed connects of an edge's client.
pub(crate) fn failed(edge: &Edge, scrape: &Scrape) -> u64 {
    edge.sum(scrape, "longwire_tcp_connections_failed_total", "source")
}
