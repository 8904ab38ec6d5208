//! Two edges that cross the nodes in both directions, each with a connection that stays open and sends on demand.

use anyhow::{Context, Result};
use longwire_kubernetes::{Kubernetes, NODES, Namespace, Running, longwire};
use longwire_testkit::{Edge, Floor, Sample, Truth, beside, traffic};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const PORT: u16 = 8080;
/// Interval of connections and of scrapes: the programs under test need processor time too.
const PACE: Duration = Duration::from_millis(10);
const SCRAPES: Duration = Duration::from_millis(250);

#[derive(Debug)]
pub(crate) struct Shop<'a> {
    pub(crate) namespace: &'a Namespace<'a>,
    pub(crate) client: Running,
    pub(crate) server: Running,
    listener: TcpListener,
    /// From `client` to `server` and back, which keep both edges alive.
    open: [(TcpStream, TcpStream); 2],
}

/// Whether all probes answer all the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probes {
    Stay,
    Change,
}

impl<'a> Shop<'a> {
    /// Pods `client` on n1 and `server` on n2, connected both ways.
    pub(crate) fn open(namespace: &'a Namespace<'a>) -> Result<Self> {
        let client = Running::start(namespace, "client", "n1")?;
        let server = Running::start(namespace, "server", "n2")?;
        let (listener, back) = (server.listen(PORT)?, client.listen(PORT)?);
        let open =
            [client.connect_to((server.address, PORT), &listener)?, server.connect_to((client.address, PORT), &back)?];
        Ok(Self { namespace, client, server, listener, open })
    }

    /// One more connection from `client` to `server`, which moves nothing.
    pub(crate) fn connect(&self) -> Result<(TcpStream, TcpStream)> {
        self.client.connect_to((self.server.address, PORT), &self.listener)
    }

    /// The edge from n1 to n2.
    pub(crate) fn there(&self) -> Edge {
        Edge::between("client", "server").within(&self.namespace.name)
    }

    /// Connections one after the other from `client` to `server`, until `stop`; returns the truth, with the open
    /// connection.
    pub(crate) fn load(&self, stop: &AtomicBool) -> Result<Truth> {
        let mut truth = Truth::open(0, 0);
        let (near, far) = &self.open[0];
        while !stop.load(Ordering::Relaxed) {
            truth += self.client.exchange((self.server.address, PORT), &self.listener, 1_000, 3_000)?;
            traffic::pass(near, far, 500)?;
            truth.to_server += 500;
            thread::sleep(PACE);
        }
        Ok(truth)
    }

    /// Traffic continues during `trouble`, and no counter goes back. At the end both reporters are exact, over all
    /// label sets.
    pub(crate) fn exact_throughout<T>(
        &self,
        kubernetes: &Kubernetes,
        trouble: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        self.exact(kubernetes, Probes::Stay, trouble).map(|(outcome, _)| outcome)
    }

    /// The same while probes are replaced and do not answer for a moment. Returns how long it took until they were
    /// exact.
    pub(crate) fn exact_while_probes_change(
        &self,
        kubernetes: &Kubernetes,
        change: impl FnOnce() -> Result<()>,
    ) -> Result<Duration> {
        self.exact(kubernetes, Probes::Change, change).map(|((), took)| took)
    }

    fn exact<T>(
        &self,
        kubernetes: &Kubernetes,
        probes: Probes,
        trouble: impl FnOnce() -> Result<T>,
    ) -> Result<(T, Duration)> {
        // A connection waits for a name for some seconds, and a replica that takes over in this time cannot always give it.
        let edge = self.there();
        longwire::until(kubernetes, |scrape| edge.both_add_up(scrape, Truth::open(0, 0)))?;
        let watched = || beside(|over| self.hold_floors(over, probes), trouble);
        let (truth, ((), outcome)) = beside(|over| self.load(over), watched)?;
        let ended = Instant::now();
        longwire::until(kubernetes, |scrape| edge.both_add_up(scrape, truth))?;
        Ok((outcome, ended.elapsed()))
    }

    /// No counter of this shop goes back until `stop`.
    fn hold_floors(&self, stop: &AtomicBool, probes: Probes) -> Result<()> {
        let mut floors = NODES.map(|node| (node, Floor::default()));
        while !stop.load(Ordering::Relaxed) {
            for (node, floor) in &mut floors {
                let mut scrape = match longwire::scrape(node) {
                    Ok(scrape) => scrape,
                    Err(_) if probes == Probes::Change => continue,
                    Err(error) => return Err(error),
                };
                // Series of single connections disappear: with the connection, or some time after an edit has replaced
                // them.
                let is = |sample: &Sample, label: &str, value: &str| {
                    sample.labels.get(label).is_some_and(|found| found == value)
                };
                scrape.samples.retain(|sample| {
                    !sample.labels.contains_key("start_time")
                        && is(sample, "source_workload_namespace", &self.namespace.name)
                        && (is(sample, "source_workload", "client") || is(sample, "source_workload", "server"))
                });
                floor.rise(&scrape).with_context(|| format!("on {node}"))?;
            }
            thread::sleep(SCRAPES);
        }
        Ok(())
    }
}
