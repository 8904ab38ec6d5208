//! Nodes with a pipeline each: pods `a` and `b` on the first, `r` on the second. `b` and `r` serve `web`.

use super::Collected;
use crate::log::LogRecord;
use crate::metrics::Budget;
use crate::pipeline::{KubeletCgroups, Options, Pipeline, SaveCursor, Waits};
use crate::record::{Counters, RawRecord, Sample, kind};
use longwire_model::access_log::AccessLog;
use longwire_model::identity::{Address, Backing, Frontend, Owner, OwnerKind, Pod, Service, Workload};
use longwire_model::series::SeriesSets;
use longwire_model::telemetry::{NodeSettings, Telemetry};
use longwire_model::update::{LocalPod, Update};
use std::collections::BTreeMap;
use std::mem;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use zerocopy::{FromZeros, IntoBytes};

pub(super) const S: u64 = 1_000_000_000;
pub(super) const BOOT: u64 = 1_700_000_000 * S;
pub(super) const WEB: &str = "10.96.0.1:80";

pub(super) struct Node {
    pub(super) pipeline: Pipeline,
    pub(super) now: u64,
    /// Original destination and backend, by client.
    conntrack: BTreeMap<(SocketAddr, SocketAddr), SocketAddr>,
    lines: Vec<LogRecord>,
}

/// One end of a connection.
#[derive(Clone, Copy)]
pub(super) struct Socket {
    pub(super) id: u64,
    pub(super) flags: u32,
    pub(super) pod: &'static str,
    pub(super) sequence: (u32, u32),
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    pub(super) established: u64,
    pub(super) counters: Counters,
}

fn options() -> Options {
    Options {
        budget: Budget::undivided(10_000, 1000),
        max_connections: 1000,
        long_connection_threshold: 5 * S,
        waits: Waits { answer: 3 * S, pod: 3 * S, settling: 0 },
        max_pending: 1000,
        host_netns: 1,
        kubelet_cgroups: KubeletCgroups::default(),
        wall_clock_offset: BOOT,
        live_history: 8,
    }
}

fn service() -> Arc<Service> {
    let (namespace, name, cluster) = ("default".to_owned(), "web".to_owned(), "Kubernetes".to_owned());
    Arc::new(Service { namespace, name, host: "web.default.svc.cluster.local".to_owned(), cluster })
}

pub(super) fn address(pod: &str) -> IpAddr {
    match pod {
        "a" => [10, 0, 0, 1].into(),
        "b" => [10, 0, 0, 2].into(),
        _ => [10, 0, 1, 1].into(),
    }
}

fn cgroup(pod: &str) -> u64 {
    1 + ["a", "b", "r"].iter().position(|name| *name == pod).unwrap() as u64
}

fn pod(name: &str) -> Arc<Pod> {
    let workload = Workload {
        namespace: if name == "r" { "far" } else { "default" }.to_owned(),
        name: name.to_owned(),
        canonical_service: name.to_owned(),
        canonical_revision: "latest".to_owned(),
        cluster: "Kubernetes".to_owned(),
    };
    Arc::new(Pod {
        uid: format!("uid-{name}"),
        name: format!("{name}-0"),
        addresses: vec![address(name)],
        host_network: false,
        workload: Arc::new(workload),
        services: if name == "a" { Vec::new() } else { vec![Backing { target: 8080, port: 80, service: service() }] },
        more_services: Vec::new(),
        service_account: String::new(),
        place: Arc::default(),
        labels: Vec::new(),
    })
}

fn owners(of: IpAddr) -> Address {
    let pods = ["a", "b", "r"].map(pod);
    let kind = match pods.iter().find(|pod| pod.addresses.contains(&of)) {
        Some(pod) => Some(OwnerKind::Pod(Arc::clone(pod))),
        None => {
            (SocketAddr::new(of, 80) == WEB.parse().unwrap()).then(|| OwnerKind::Service(Frontend::whole(service())))
        }
    };
    let owners = kind.into_iter().map(|kind| Owner { kind, from: 0, until: None, observed: false }).collect();
    Address { address: of, owners }
}

impl Socket {
    fn record(&self, kind: u32, time: u64) -> Vec<u8> {
        let octets = |address: IpAddr| match address {
            IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
            IpAddr::V6(address) => address.octets(),
        };
        let raw = RawRecord {
            kind,
            flags: self.flags,
            id: self.id,
            time,
            syn_time: self.established.saturating_sub(1_000),
            established: self.established,
            cgroup: cgroup(self.pod),
            netns: 6 + u32::try_from(cgroup(self.pod)).unwrap(),
            client_isn: self.sequence.0,
            server_isn: self.sequence.1,
            local: octets(self.local.ip()),
            remote: octets(self.remote.ip()),
            local_port: self.local.port(),
            remote_port: self.remote.port(),
            counters: self.counters,
            ..RawRecord::new_zeroed()
        };
        raw.as_bytes().to_vec()
    }
}

impl Node {
    pub(super) fn new(pods: &[&str]) -> Self {
        Self::with(options(), pods)
    }

    /// With pod `a`, for so many connections.
    pub(super) fn with_room(connections: usize) -> Self {
        Self::with(Options { max_connections: connections, max_pending: connections, ..options() }, &["a"])
    }

    /// With pod `a`. Live views are off.
    pub(super) fn without_history() -> Self {
        Self::with(Options { live_history: 0, ..options() }, &["a"])
    }

    fn with(options: Options, pods: &[&str]) -> Self {
        let mut node =
            Self { pipeline: Pipeline::new(options), now: 100 * S, conntrack: BTreeMap::new(), lines: Vec::new() };
        node.pipeline.local_cgroups(pods.iter().map(|name| (cgroup(name), format!("kubepods/poduid-{name}/x"))));
        node.configure(pods, None);
        node
    }

    /// These pods have this access log.
    pub(super) fn configure(&mut self, pods: &[&str], access_log: Option<AccessLog>) {
        let telemetry = Arc::new(Telemetry { access_log, ..Telemetry::plain(SeriesSets::default()) });
        let local = |name: &&str| LocalPod { pod: pod(name), telemetry: Arc::clone(&telemetry) };
        self.pipeline.apply(&Update { pods: pods.iter().map(local).collect(), ..Update::default() }, self.now);
    }

    /// Of lines a second.
    pub(super) fn limit(&mut self, rate: u32) {
        let settings = NodeSettings { access_log_rate: Some(rate), ..NodeSettings::default() };
        self.pipeline.apply(&Update { settings: Some(settings), ..Update::default() }, self.now);
    }

    pub(super) fn translate(&mut self, source: SocketAddr, original_destination: SocketAddr, backend: SocketAddr) {
        self.conntrack.insert((source, original_destination), backend);
    }

    pub(super) fn announce(&mut self, socket: &Socket) {
        self.pipeline.ingest(&socket.record(kind::ANNOUNCE, self.now), self.now);
    }

    pub(super) fn close(&mut self, socket: &Socket) {
        self.pipeline.ingest(&socket.record(kind::CLOSE, self.now), self.now);
    }

    pub(super) fn fail(&mut self, socket: &Socket) {
        self.pipeline.ingest(&socket.record(kind::FAIL, self.now), self.now);
    }

    pub(super) fn pass(&mut self, sockets: &[Socket]) {
        self.pipeline.begin_pass(self.now);
        for Socket { id, counters, .. } in sockets {
            self.pipeline.samples(&[Sample { id: *id, counters: *counters }], self.now);
        }
        self.pipeline.end_pass(true, self.now);
    }

    /// Conntrack and operator answer, and time continues.
    pub(super) fn answer(&mut self) {
        let queries = self.pipeline.queries();
        for query in queries.backends {
            let backend = self.conntrack.get(&(query.source, query.destination)).copied();
            self.pipeline.backend(query.token, backend, self.now);
        }
        let addresses = queries.addresses.into_iter().map(owners).collect();
        self.pipeline.apply(&Update { addresses, ..Update::default() }, self.now);
        self.now += S / 2;
        self.pipeline.tick(self.now);
    }

    /// Everything is answered, and no wait is left.
    pub(super) fn settle(&mut self, live: &[Socket]) {
        for _ in 0..12 {
            self.answer();
            self.pass(live);
        }
    }

    /// The probe is restarted.
    pub(super) fn restart(&mut self) {
        // As the shell does before a save.
        self.lines.append(&mut self.pipeline.journal_mut().take(usize::MAX));
        let (mut cursor, mut state) = (SaveCursor::new(), Vec::new());
        while self.pipeline.save(&mut cursor, usize::MAX, &mut state) {}
        let mut collected = mem::take(&mut self.pipeline.collected);
        self.pipeline = Pipeline::restore(options(), &state, self.now).unwrap().pipeline;
        // What waited may be resolved at once.
        collected.append(&mut self.pipeline.collected);
        self.pipeline.collected = collected;
    }

    /// Lines of access logs since the begin.
    pub(super) fn lines(&mut self) -> &[LogRecord] {
        self.lines.append(&mut self.pipeline.journal_mut().take(usize::MAX));
        &self.lines
    }

    pub(super) fn events(&self, local_id: u64) -> Vec<&Collected> {
        self.pipeline.collected.iter().filter(|event| event.local_id == local_id).collect()
    }
}
