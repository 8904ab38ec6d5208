//! A pipeline with very many connections of one pod to 1,000 others, without a kernel.

use anyhow::{Result, ensure};
use longwire_model::identity::{Address, Backing, Owner, OwnerKind, Pod, Service, Workload};
use longwire_model::series::SeriesSets;
use longwire_model::telemetry::Telemetry;
use longwire_model::update::{LocalPod, Update};
use longwire_pipeline::metrics::Budget;
use longwire_pipeline::pipeline::{KubeletCgroups, Options, Pipeline, Waits};
use longwire_pipeline::record::{Counters, RawRecord, Sample, flag, kind};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use zerocopy::{FromZeros, IntoBytes};

pub(super) const PEERS: usize = 1_000;
/// Cgroup of the local pod.
pub(super) const CGROUP: u64 = 1;
const SECOND: u64 = 1_000_000_000;
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const PORT: u16 = 8080;

#[derive(Debug)]
pub(super) struct Followed {
    pub(super) pipeline: Pipeline,
    pub(super) kernel: Kernel,
}

/// Source of the samples.
#[derive(Debug)]
pub(super) struct Kernel {
    /// In random order.
    samples: Vec<Sample>,
    now: u64,
}

impl Followed {
    /// All are old enough for series of their own.
    pub(super) fn new(connections: usize, sets: SeriesSets) -> Result<Self> {
        Self::configured(connections, Telemetry::plain(sets))
    }

    /// The same with another configuration of the pod.
    pub(super) fn configured(connections: usize, telemetry: Telemetry) -> Result<Self> {
        let mut pipeline = Pipeline::new(Options {
            // Both reporters' overflow sets count against the budget.
            budget: Budget::undivided(100_000, 10_002),
            max_connections: 131_072,
            long_connection_threshold: 5 * SECOND,
            waits: Waits { answer: 3 * SECOND, pod: 10 * SECOND, settling: 0 },
            max_pending: 131_072,
            host_netns: 1,
            kubelet_cgroups: KubeletCgroups::default(),
            wall_clock_offset: 1_700_000_000 * SECOND,
            live_history: 8_192,
        });
        let now = 100 * SECOND;
        let local = LocalPod { pod: pod("client", CLIENT), telemetry: Arc::new(telemetry) };
        pipeline.local_cgroups([(CGROUP, format!("kubepods/pod{}/main", local.pod.uid))]);
        pipeline.apply(&Update { pods: vec![local], ..Update::default() }, now);
        for id in 1..=connections as u64 {
            pipeline.ingest(old(id, now).as_bytes(), now);
        }
        let mut followed = Self { pipeline, kernel: Kernel::new(connections, now) };
        // The operator's answers, and passes until no connection waits for its other end.
        for _ in 0..3 {
            followed.answer();
            followed.pass();
        }
        let stats = followed.pipeline.stats();
        ensure!(stats.connections == connections as u64 && stats.pending == 0, "not all are followed: {stats:?}");
        Ok(followed)
    }

    /// A whole pass, after which scrapes show it.
    pub(super) fn pass(&mut self) {
        let Self { pipeline, kernel } = self;
        let (samples, now) = kernel.advance();
        pipeline.begin_pass(now);
        pipeline.samples(samples, now);
        pipeline.end_pass(true, now);
        pipeline.tick(now);
        pipeline.publish();
    }

    fn answer(&mut self) {
        let queries = self.pipeline.queries();
        let addresses = queries.addresses.into_iter().map(owners).collect();
        self.pipeline.apply(&Update { addresses, ..Update::default() }, self.kernel.now);
    }
}

impl Kernel {
    fn new(connections: usize, now: u64) -> Self {
        let mut samples: Vec<_> =
            (1..=connections as u64).map(|id| Sample { id, counters: Counters::default() }).collect();
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        for last in (1..samples.len()).rev() {
            // xorshift64: the same order in every run.
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            samples.swap(last, (random % (last as u64 + 1)) as usize);
        }
        Self { samples, now }
    }

    /// The next sample of each connection; all have moved.
    pub(super) fn advance(&mut self) -> (&[Sample], u64) {
        self.now += 10 * SECOND;
        for sample in &mut self.samples {
            let Counters { sent, received, srtt_us, .. } = &mut sample.counters;
            *sent += 1_000 + sample.id % 100;
            *received += 10_000;
            *srtt_us = 200 + (sample.id % 1_000) as u32;
        }
        (&self.samples, self.now)
    }
}

/// The peer of a connection.
pub(super) fn peer_of(id: u64) -> usize {
    id as usize % PEERS
}

fn old(id: u64, now: u64) -> RawRecord {
    let [high, low] = ((peer_of(id) + 256) as u16).to_be_bytes();
    let mut raw = announce(id, CLIENT.into(), Ipv4Addr::new(10, 1, high, low).into(), now);
    raw.syn_time = now - 1_000_000;
    raw.established = now - 500_000;
    raw.netns = 2;
    raw.local_port = 1_024 + (id / PEERS as u64) as u16;
    raw
}

/// A connection of a local pod to a server, as the kernel side announces it.
pub(super) fn announce(id: u64, local: IpAddr, remote: IpAddr, now: u64) -> RawRecord {
    let octets = |address: IpAddr| match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    };
    let mut raw = RawRecord::new_zeroed();
    (raw.kind, raw.flags, raw.id) = (kind::ANNOUNCE, flag::ACTIVE, id);
    (raw.time, raw.syn_time, raw.established) = (now, now, now);
    (raw.cgroup, raw.netns) = (CGROUP, u32::MAX);
    (raw.client_isn, raw.server_isn) = (id as u32, !(id as u32));
    (raw.local, raw.remote) = (octets(local), octets(remote));
    (raw.local_port, raw.remote_port) = (40_000, PORT);
    raw
}

fn owners(address: IpAddr) -> Address {
    let owners = match address {
        IpAddr::V4(v4) => {
            let [_, _, high, low] = v4.octets();
            let name = format!("server-{:04}", u16::from_be_bytes([high, low]) - 256);
            vec![Owner { kind: OwnerKind::Pod(pod(&name, v4)), from: 0, until: None, observed: false }]
        }
        IpAddr::V6(_) => Vec::new(),
    };
    Address { address, owners }
}

fn pod(name: &str, address: Ipv4Addr) -> Arc<Pod> {
    let (namespace, cluster) = ("shop".to_owned(), "Kubernetes".to_owned());
    let host = format!("{name}.shop.svc.cluster.local");
    let service = Service { namespace: namespace.clone(), name: name.to_owned(), host, cluster: cluster.clone() };
    let workload = Workload {
        namespace,
        name: name.to_owned(),
        canonical_service: name.to_owned(),
        canonical_revision: "v1".to_owned(),
        cluster,
    };
    Arc::new(Pod {
        uid: format!("uid-{name}"),
        name: format!("{name}-7d4b9c6f5d-abcde"),
        addresses: vec![address.into()],
        host_network: false,
        workload: Arc::new(workload),
        services: vec![Backing { target: PORT, port: 80, service: Arc::new(service) }],
        more_services: Vec::new(),
        service_account: String::new(),
        place: Arc::default(),
        labels: Vec::new(),
    })
}
