//! A metrics page with a simulated clock, so that ten minutes of a probe take no time. The pipeline is the probe's, and
//! scrapers are distinguished in the same way.

use anyhow::{Result, ensure};
use longwire_export::exposition::{Cursor, Encoder, Format};
use longwire_model::identity::{Address, Owner, OwnerKind, Pod, Workload};
use longwire_model::series::{SeriesSet, SeriesSets};
use longwire_model::telemetry::Telemetry;
use longwire_model::update::{LocalPod, Update};
use longwire_pipeline::metrics::{Budget, Scraper};
use longwire_pipeline::pipeline::{KubeletCgroups, Options, Pipeline, Waits};
use longwire_pipeline::record::{Counters, RawRecord, flag, kind};
use longwire_testkit::{confirm, eventually};
use parking_lot::Mutex;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use zerocopy::{FromZeros, IntoBytes};

const SECOND: u64 = 1_000_000_000;
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 1);

struct World {
    pipeline: Pipeline,
    encoder: Encoder,
    now: u64,
    jobs: u16,
    scrapes: u64,
}

pub(crate) struct Replayed {
    address: SocketAddr,
    world: Arc<Mutex<World>>,
}

fn local() -> LocalPod {
    let telemetry = Telemetry::plain(SeriesSets::NONE.with(SeriesSet::Istio));
    LocalPod { pod: pod("job", CLIENT), telemetry: Arc::new(telemetry) }
}

fn pod(name: &str, address: Ipv4Addr) -> Arc<Pod> {
    let name = || name.to_owned();
    let workload = Workload {
        namespace: name(),
        name: name(),
        canonical_service: name(),
        canonical_revision: name(),
        cluster: "Kubernetes".to_owned(),
    };
    Arc::new(Pod {
        uid: format!("uid-{}", name()),
        name: name(),
        addresses: vec![address.into()],
        host_network: false,
        workload: Arc::new(workload),
        services: Vec::new(),
        more_services: Vec::new(),
        service_account: name(),
        place: Arc::default(),
        labels: Vec::new(),
    })
}

impl World {
    fn new() -> Self {
        let pipeline = Pipeline::new(Options {
            budget: Budget::undivided(10_000, 100),
            max_connections: 1_000,
            long_connection_threshold: 5 * SECOND,
            waits: Waits { answer: 3 * SECOND, pod: 10 * SECOND, settling: 0 },
            max_pending: 1_000,
            host_netns: 1,
            kubelet_cgroups: KubeletCgroups::default(),
            wall_clock_offset: 1_700_000_000 * SECOND,
            live_history: 8,
        });
        Self { pipeline, encoder: Encoder::default(), now: 1_000 * SECOND, jobs: 0, scrapes: 0 }
    }

    /// Handles timeouts and expiry, then shows the result.
    fn tick(&mut self) {
        self.now += SECOND;
        self.pipeline.begin_pass(self.now);
        self.pipeline.end_pass(true, self.now);
        self.pipeline.tick(self.now);
        self.pipeline.publish();
    }

    fn job(&mut self, bytes: u64) {
        self.jobs += 1;
        self.pipeline.local_cgroups([(1, "kubepods/poduid-job/x".to_owned())]);
        self.pipeline.apply(&Update { pods: vec![local()], ..Update::default() }, self.now);
        let mut record = RawRecord::new_zeroed();
        (record.kind, record.flags, record.id) = (kind::CLOSE, flag::ACTIVE, u64::from(self.jobs));
        (record.time, record.syn_time, record.established) = (self.now, self.now, self.now);
        (record.cgroup, record.netns) = (1, 2);
        (record.client_isn, record.server_isn) = (u32::from(self.jobs), 1);
        (record.local, record.remote) = (CLIENT.to_ipv6_mapped().octets(), SERVER.to_ipv6_mapped().octets());
        (record.local_port, record.remote_port) = (self.jobs, 80);
        record.counters = Counters { sent: bytes, ..Counters::default() };
        self.pipeline.ingest(record.as_bytes(), self.now);
        let asked = self.pipeline.queries().addresses.into_iter();
        let owner = || Owner { kind: OwnerKind::Pod(pod("server", SERVER)), from: 0, until: None, observed: true };
        let addresses = asked.map(|address| Address { address, owners: vec![owner()] }).collect();
        self.pipeline.apply(&Update { addresses, ..Update::default() }, self.now);
        self.tick();
    }

    fn page(&mut self, by: Option<Scraper>) -> Vec<u8> {
        let snapshot = self.pipeline.store_mut().open(by.map(Into::into), self.now);
        let (mut cursor, mut page) = (Cursor::new(Format::Text).viewed(snapshot.view()), Vec::new());
        while self.encoder.render(self.pipeline.store(), &mut cursor, 64 << 10, &mut page) {}
        self.pipeline.store_mut().completed(&snapshot);
        page
    }
}

impl Replayed {
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let (address, world) = (listener.local_addr()?, Arc::new(Mutex::new(World::new())));
        let served = Arc::clone(&world);
        // It ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // The client has disconnected.
                let _ = answer(stream, &served);
            }
        });
        Ok(Self { address, world })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A connection that begins and ends between two scrapes.
    pub(crate) fn job(&self, bytes: u64) {
        self.world.lock().job(bytes);
    }

    /// The pod is removed, and eleven minutes pass.
    pub(crate) fn expire(&self) {
        let mut world = self.world.lock();
        let removed_pods = vec!["uid-job".to_owned()];
        let now = world.now;
        world.pipeline.apply(&Update { removed_pods, ..Update::default() }, now);
        world.now += 660 * SECOND;
        world.tick();
        // Former owners on the node are forgotten after some time.
        world.now += 660 * SECOND;
        world.tick();
    }

    pub(crate) fn shows(&self, family: &str) -> bool {
        String::from_utf8_lossy(&self.world.lock().page(None)).contains(family)
    }

    pub(crate) fn await_scrapes(&self, more: u64) -> Result<()> {
        let before = self.world.lock().scrapes;
        eventually(Duration::from_secs(60), || {
            let scrapes = self.world.lock().scrapes - before;
            confirm!(scrapes >= more, "{scrapes} scrapes of {more}")
        })
    }
}

/// One request a connection.
fn answer(mut stream: TcpStream, world: &Mutex<World>) -> Result<()> {
    let (mut request, mut byte) = (Vec::new(), [0]);
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        request.push(byte[0]);
    }
    let head = String::from_utf8(request)?.to_ascii_lowercase();
    ensure!(head.contains("\r\nx-prometheus-scrape-timeout-seconds: "), "Prometheus does not say so any more: {head}");
    let by = Scraper { address: stream.peer_addr()?.ip(), slot: 0, is_new: Some(0) };
    let page = {
        let mut world = world.lock();
        world.tick();
        world.scrapes += 1;
        world.page(Some(by))
    };
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n")?;
    write!(stream, "Content-Length: {}\r\nConnection: close\r\n\r\n", page.len())?;
    Ok(stream.write_all(&page)?)
}
