//! An operator that serves the live API in the clear, and a simulated probe of each node.

use super::crowd::{self, NODES, OF_NODE, PODS};
use super::watch::{Form, Watch, list};
use anyhow::{Context, Result};
use longwire_probe::simulated::SimulatedProbe;
use longwire_testkit::manifests::Manifests;
use longwire_testkit::{Crew, Process, binaries, confirm, eventually, netns::Netns};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use zerocopy::IntoBytes;

const PATIENCE: Duration = Duration::from_secs(120);
/// Between the passes of two probes. Each has one a second.
const TURN: Duration = Duration::from_millis(1_000 / NODES as u64);
const CONTROL: u16 = 15010;
const LIVE: u16 = 15014;

pub(super) struct Nodes {
    // Dropped first: it works with what the others hold.
    _sampler: Crew,
    netns: Netns,
    _probes: Arc<Vec<SimulatedProbe>>,
    pub(super) operator: Process,
    _manifests: Manifests,
    /// Its threads are in the namespace.
    _runtime: Runtime,
}

impl Nodes {
    /// All connections are there, and move.
    pub(super) fn start() -> Result<Self> {
        let (netns, manifests) = (Netns::new()?, Manifests::new()?);
        manifests.write("nodes.yaml", &crowd::manifests())?;
        let operator = operator(&netns, &manifests)?;
        let runtime = netns.run(Runtime::new)?;
        let probes = (0..NODES).map(|node| probe(&runtime, node)).collect::<Result<Vec<_>>>()?;
        eventually(PATIENCE, || probes.iter().try_for_each(check_configured))?;
        for (node, probe) in probes.iter().enumerate() {
            let now = SimulatedProbe::now();
            let mut pipeline = probe.pipeline();
            let cgroup = |pod| (crowd::cgroup(pod), format!("kubepods/pod{}/main", crowd::uid(node, pod)));
            pipeline.local_cgroups((0..PODS).map(cgroup));
            for end in crowd::ends(node, now) {
                pipeline.ingest(end.as_bytes(), now);
            }
        }
        let (probes, mut sampler) = (Arc::new(probes), Crew::default());
        let (passing, mut turn) = (Arc::clone(&probes), 0);
        sampler.repeat(TURN, move || {
            // Bytes begin above 0.
            pass(&passing[turn % NODES], 1 + (turn / NODES) as u64);
            passing.iter().for_each(SimulatedProbe::settle);
            turn += 1;
            Ok(())
        });
        eventually(PATIENCE, || probes.iter().try_for_each(check_resolved))?;
        Ok(Self { _sampler: sampler, netns, _probes: probes, operator, _manifests: manifests, _runtime: runtime })
    }

    /// Of all connections.
    pub(super) fn watch(&self, form: Form) -> Result<Watch> {
        Watch::start(self.netns.run(connect)?, form)
    }

    /// Milliseconds that a list takes.
    pub(super) fn list(&self, path: &str) -> Result<f64> {
        let (stream, start) = (self.netns.run(connect)?, Instant::now());
        list(stream, path)?;
        Ok(start.elapsed().as_secs_f64() * 1e3)
    }
}

fn connect() -> Result<TcpStream> {
    TcpStream::connect(("127.0.0.1", LIVE)).context("connect to the live API")
}

fn operator(netns: &Netns, manifests: &Manifests) -> Result<Process> {
    let program = binaries::find("longwire-operator")?;
    let (program, directory) = (program.to_str().context("path")?, manifests.path().to_str().context("path")?);
    let live = format!("127.0.0.1:{LIVE}");
    let mut operator =
        Process::start(netns, "longwire-operator", &[program, "--manifests", directory, "--live-listen", &live])?;
    eventually(PATIENCE, || {
        operator.check_alive()?;
        netns.run(connect)
    })?;
    Ok(operator)
}

fn probe(runtime: &Runtime, node: usize) -> Result<SimulatedProbe> {
    let line = [
        format!("--operator=http://127.0.0.1:{CONTROL}"),
        format!("--node-name={}", crowd::node(node)),
        // Series of long connections have a budget of their own, and are off here.
        "--long-connection-threshold=1h".to_owned(),
    ];
    runtime.block_on(async { SimulatedProbe::start(&line) })
}

fn pass(probe: &SimulatedProbe, number: u64) {
    let (samples, now) = (crowd::samples(number), SimulatedProbe::now());
    let mut pipeline = probe.pipeline();
    pipeline.begin_pass(now);
    pipeline.samples(&samples, now);
    pipeline.end_pass(true, SimulatedProbe::now());
}

fn check_configured(probe: &SimulatedProbe) -> Result<()> {
    let (counters, pods) = (probe.stream_counters(), probe.pipeline().local_pods().count());
    confirm!(counters.connected && pods == PODS, "a probe has received {pods} pods: {counters:?}")
}

fn check_resolved(probe: &SimulatedProbe) -> Result<()> {
    let stats = probe.pipeline().stats();
    let ends = 2 * OF_NODE as u64;
    confirm!(stats.connections == ends && stats.pending == 0, "not all {ends} ends are resolved: {stats:?}")
}
