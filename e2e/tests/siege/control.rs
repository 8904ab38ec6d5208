//! Attacks on a serving operator within the chart's memory limit, in a network namespace of its own with a minimal API
//! server.

mod api_server;
mod half_open;
mod hostile_slices;
mod large_messages;
mod probe;

use anyhow::{Context, Result};
use api_server::{ApiServer, NAMESPACE};
use longwire_testkit::{MemoryCgroup, Netns, Process, binaries, siege::OPERATOR_LIMIT, siege::print};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const PORT: u16 = 15010;
/// Timeout of steps that are not measured.
const PATIENCE: Duration = Duration::from_secs(60);

/// Nodes `m1` and so on, each with its probe's pod. No program of Longwire runs there.
struct Control {
    // Fields are dropped in order: the process before its cgroup.
    operator: Process,
    memory: MemoryCgroup,
    api: ApiServer,
    runtime: Runtime,
    netns: Netns,
    attack: &'static str,
    begun: Instant,
    _directory: TempDir,
}

/// The address of node `m{number}`, which its probe shares.
fn address_of(node: u8) -> IpAddr {
    Ipv4Addr::new(127, 0, 1, node).into()
}

fn node_name(node: u8) -> String {
    format!("m{node}")
}

impl Control {
    fn start(attack: &'static str, nodes: u8) -> Result<Self> {
        let netns = Netns::new()?;
        // Its threads are created in that namespace.
        let runtime =
            netns.run(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build())?;
        let api = netns.run(|| runtime.block_on(ApiServer::start()))?;
        for node in 1..=nodes {
            api.add_node(&node_name(node), address_of(node));
            api.add_pod(NAMESPACE, &probe_pod(node), &node_name(node));
        }
        let directory = tempfile::tempdir()?;
        let kubeconfig = directory.path().join("kubeconfig");
        std::fs::write(&kubeconfig, api.kubeconfig())?;
        let memory = MemoryCgroup::new(&format!("{attack}-operator"), OPERATOR_LIMIT)?;
        let (variable, program) =
            (format!("KUBECONFIG={}", kubeconfig.display()), binaries::find("longwire-operator")?);
        let program = ["env", &variable, program.to_str().context("path")?, "--namespace", NAMESPACE];
        let operator = Process::start(&netns, "longwire-operator", &[&memory.wrapper()[..], &program].concat())?;
        operator.await_line("holds the Lease", PATIENCE)?;
        Ok(Self { operator, memory, api, runtime, netns, attack, begun: Instant::now(), _directory: directory })
    }

    fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, PORT).into()
    }

    /// Runs a future in the operator's namespace.
    fn block_on<T: Send>(&self, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        self.netns.run(|| self.runtime.block_on(work))
    }

    /// Checks that the operator lives and was never out of memory; prints the results.
    fn end(mut self, figures: &[(&str, f64)]) -> Result<()> {
        self.operator.check_alive()?;
        let own = [("operator_peak_mb", self.memory.spared()?), ("seconds", self.begun.elapsed().as_secs_f64())];
        print(self.attack, own.iter().chain(figures));
        Ok(())
    }
}

/// Limit of the time until an edit reaches its node's probe during an attack. A debug build beside other tests is much
/// slower.
fn soon() -> Duration {
    Duration::from_secs(if std::env::var_os(binaries::BIN_DIR).is_some() { 2 } else { 10 })
}

/// The pod of a node's probe; its UID equals its name.
fn probe_pod(node: u8) -> String {
    format!("probe-{node}")
}

fn milliseconds(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}
