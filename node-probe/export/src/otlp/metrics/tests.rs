mod births;
mod bounds;
mod deltas;
mod golden;
mod hostile;
mod read;
mod same;

use super::{Encoder, Export, Request, Temporality};
use crate::otlp::Origin;
use longwire_model::identity::UnixNanos;
use longwire_model::series::{Metrics, SeriesSet, SeriesSets};
use longwire_pipeline::labels::samples::{edge, flow, pod, service, workload};
use longwire_pipeline::metrics::samples::{hold_cluster, hold_edge, hold_flow};
use longwire_pipeline::metrics::{Budget, SeriesHandles, SeriesStore};
use longwire_pipeline::observation::{Delta, Reporter};
use longwire_pipeline::record::{FailReason, Monotonic};
use read::{Point, read};

const SECOND: Monotonic = 1_000_000_000;
/// Wall clock less CLOCK_MONOTONIC.
const OFFSET: UnixNanos = 1_700_000_000 * SECOND;

const SENT: &str = "istio_tcp_sent_bytes_total";
const FAILED: &str = "longwire_tcp_connections_failed_total";
const RTT: &str = "longwire_tcp_rtt_seconds";

/// A store, and an exporter of it.
struct Stage {
    store: SeriesStore,
    encoder: Encoder,
    now: Monotonic,
}

impl Stage {
    fn new(temporality: Temporality) -> Self {
        let store = SeriesStore::new(Budget::undivided(10_000, 1_000));
        Self { store, encoder: Encoder::new(origin(), temporality), now: 1_000 * SECOND }
    }

    fn edge(&mut self, source: &str) -> SeriesHandles {
        let edge = edge(Reporter::Source, source, "server");
        hold_edge(&mut self.store, &edge, everything(), self.now)
    }

    fn add(&mut self, to: &SeriesHandles, delta: &Delta) {
        self.store.record(to, Reporter::Source, delta, self.now);
        self.store.publish();
    }

    /// Of now, a second later.
    fn begin(&mut self, max_bytes: usize) -> Export {
        self.now += SECOND;
        // Lines are born at the time of the last look or later.
        self.store.open(None, self.now);
        Export::new(OFFSET + self.now, OFFSET, max_bytes)
    }

    fn requests(&mut self, mut export: Export, slice: usize) -> Vec<Request> {
        let mut ready = Vec::new();
        while self.encoder.render(&self.store, &mut export, slice, &mut ready) {}
        ready
    }

    /// All of it in one request, which is accepted.
    fn export(&mut self) -> Vec<Point> {
        let export = self.begin(usize::MAX);
        let mut requests = self.requests(export, 1_000);
        assert!(requests.len() <= 1);
        let points = requests.iter().flat_map(read).collect();
        requests.drain(..).for_each(|request| self.encoder.accepted(request));
        points
    }
}

fn origin() -> Origin {
    Origin::new([("service.name", "longwire-probe"), ("k8s.node.name", "node-1")])
}

fn everything() -> Metrics {
    SeriesSet::ALL.into_iter().collect::<SeriesSets>().into()
}

fn received(bytes: u64) -> Delta {
    Delta { received: bytes, ..Delta::default() }
}

fn failed(reason: FailReason, count: u64) -> Delta {
    Delta { failed: Some((reason, count)), ..Delta::default() }
}

/// Something of every family.
fn fill(store: &mut SeriesStore) {
    let flow = flow(Reporter::Source, "client", "server", 40_000);
    let long = hold_flow(store, &flow, everything(), SECOND);
    let client = (edge(Reporter::Source, "client", "server"), pod("client-0", &workload("client")));
    let cluster = hold_cluster(store, client, (80, service("web")), SECOND);
    let other = hold_edge(store, &edge(Reporter::Destination, "job", "server"), everything(), SECOND);
    let lived = Delta {
        sent: 1_000_000_007,
        received: 9,
        retransmitted_bytes: 3,
        retransmits: 2,
        lost: 1,
        opened: 1,
        closed: 1,
        closed_by_remote: 1,
        rtt_us: Some(1_234),
        handshake: Some(2_000_000),
        duration: Some(60 * SECOND + 1),
        ..Delta::default()
    };
    for held in [&long, &cluster, &other] {
        store.record(held, Reporter::Source, &lived, SECOND);
        store.record(held, Reporter::Source, &failed(FailReason::Refused, 2), SECOND);
        store.record(held, Reporter::Source, &failed(FailReason::Timeout, 1), SECOND);
        store.activate(held);
    }
    store.publish();
}
