//! A node with two pods, a pod elsewhere, a Service, and an operator that answers when the test lets it.

use longwire_export::exposition::{Cursor, Encoder, Format};
use longwire_model::expression::Expression;
use longwire_model::identity::{Address, Backing, Frontend, Owner, OwnerKind, Place, Pod, Service, Workload};
use longwire_model::series::{Metrics, SeriesSet, SeriesSets};
use longwire_model::tag::TagName;
use longwire_model::telemetry::{Group, Tag, TagValue, Telemetry};
use longwire_model::update::{LocalPod, Update};
use longwire_pipeline::metrics::{Budget, View};
use longwire_pipeline::pipeline::{
    Dropped, Folded, FoldedKey, KubeletCgroups, Options, Pipeline, Restored, SaveCursor, Waits,
};
use longwire_pipeline::record::{Counters, RawRecord, Sample, kind};
use std::collections::BTreeMap;
use std::mem;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use zerocopy::{FromBytes, IntoBytes};

pub(crate) const S: u64 = 1_000_000_000;
pub(crate) const HOST: u32 = 1;
pub(crate) const WEB: &str = "10.96.0.1:80";
/// Unix time of the moment at which the monotonic clock began.
pub(crate) const BOOT: u64 = 1_700_000_000 * S;

/// Labels and values of one family's samples.
pub(crate) type Samples = Vec<(BTreeMap<String, String>, f64)>;

pub(crate) struct World {
    pub(crate) pipeline: Pipeline,
    pub(crate) now: u64,
    /// Entries of conntrack: client and original destination, with the backend.
    pub(crate) conntrack: BTreeMap<(SocketAddr, SocketAddr), SocketAddr>,
    unanswered: Vec<IpAddr>,
    /// When pod `r` was gone, Unix nanoseconds.
    pub(crate) departed: Option<u64>,
    /// Where pods run, other than in the zone of all others.
    places: BTreeMap<&'static str, Arc<Place>>,
    /// What is configured for both pods of the node.
    telemetry: Arc<Telemetry>,
    /// What the kernel side has emitted so far, by position.
    pub(crate) emitted: Vec<KernelOutput>,
}

/// By the ring, or by the map into which ends are folded when it is full.
#[derive(Clone)]
pub(crate) enum KernelOutput {
    Record(Vec<u8>),
    Folded(FoldedKey, Folded),
}

pub(crate) fn options() -> Options {
    Options {
        budget: Budget::undivided(10_000, 1000),
        max_connections: 1000,
        long_connection_threshold: 5 * S,
        waits: Waits { answer: 3 * S, pod: 3 * S, settling: 0 },
        max_pending: 1000,
        host_netns: HOST,
        kubelet_cgroups: KubeletCgroups::default(),
        wall_clock_offset: BOOT,
        live_history: 8,
    }
}

fn service() -> Arc<Service> {
    let (namespace, name, cluster) = ("default".to_owned(), "web".to_owned(), "Kubernetes".to_owned());
    Arc::new(Service { namespace, name, host: "web.default.svc.cluster.local".to_owned(), cluster })
}

/// Pods `a` 10.0.0.1 and `b` 10.0.0.2 are here, `r` 10.0.1.1 is elsewhere. `b` and `r` serve `web` on 8080.
pub(crate) fn pod(name: &str) -> Arc<Pod> {
    let address = match name {
        "a" => Ipv4Addr::new(10, 0, 0, 1),
        "b" => Ipv4Addr::new(10, 0, 0, 2),
        _ => Ipv4Addr::new(10, 0, 1, 1),
    };
    let workload = Workload {
        namespace: "default".to_owned(),
        name: name.to_owned(),
        canonical_service: name.to_owned(),
        canonical_revision: "latest".to_owned(),
        cluster: "Kubernetes".to_owned(),
    };
    Arc::new(Pod {
        uid: format!("uid-{name}"),
        name: format!("{name}-0"),
        addresses: vec![address.into()],
        host_network: false,
        workload: Arc::new(workload),
        services: if name == "a" { Vec::new() } else { vec![Backing { target: 8080, port: 80, service: service() }] },
        more_services: Vec::new(),
        service_account: format!("sa-{name}"),
        place: Arc::new(Place { node: "node".to_owned(), zone: "zone".to_owned(), region: String::new() }),
        labels: vec![("team".to_owned(), format!("team-{name}"))],
    })
}

/// An address as the kernel side writes it.
pub(crate) fn octets(address: &str) -> [u8; 16] {
    address.parse::<Ipv4Addr>().unwrap().to_ipv6_mapped().octets()
}

/// One end of a connection, as the kernel side reports it.
#[derive(Clone, Copy)]
pub(crate) struct Socket {
    pub(crate) id: u64,
    pub(crate) flags: u32,
    pub(crate) cgroup: u64,
    pub(crate) netns: u32,
    pub(crate) sequence: (u32, u32),
    pub(crate) syn_time: u64,
    pub(crate) established: u64,
    pub(crate) local: &'static str,
    pub(crate) local_port: u16,
    pub(crate) remote: &'static str,
    pub(crate) remote_port: u16,
    pub(crate) counters: Counters,
}

impl Socket {
    pub(crate) fn record(&self, kind: u32, time: u64) -> Vec<u8> {
        let raw = RawRecord {
            kind,
            flags: self.flags,
            id: self.id,
            time,
            syn_time: self.syn_time,
            established: self.established,
            cgroup: self.cgroup,
            netns: self.netns,
            client_isn: self.sequence.0,
            server_isn: self.sequence.1,
            local: octets(self.local),
            remote: octets(self.remote),
            local_port: self.local_port,
            remote_port: self.remote_port,
            counters: self.counters,
            ..RawRecord::read_from_bytes(&[0; size_of::<RawRecord>()]).unwrap()
        };
        raw.as_bytes().to_vec()
    }

    pub(crate) fn sample(&self) -> Sample {
        Sample { id: self.id, counters: self.counters }
    }
}

impl World {
    /// The probe knows nothing yet but the names of the two pods' cgroups, 1 and 2.
    pub(crate) fn unconfigured(options: Options) -> Self {
        let mut pipeline = Pipeline::new(options);
        pipeline.local_cgroups([(1, "kubepods/poduid-a/x".to_owned()), (2, "kubepods/poduid-b/x".to_owned())]);
        pipeline.local_cgroups([(3, "system.slice/kubelet.service".to_owned())]);
        let telemetry = Arc::new(Telemetry::plain(SeriesSets::default()));
        Self {
            pipeline,
            now: 100 * S,
            conntrack: BTreeMap::new(),
            unanswered: Vec::new(),
            departed: None,
            places: BTreeMap::new(),
            telemetry,
            emitted: Vec::new(),
        }
    }

    pub(crate) fn new(options: Options) -> Self {
        let mut world = Self::unconfigured(options);
        world.configure(SeriesSets::default().with(SeriesSet::KmeshWorkload));
        world
    }

    pub(crate) fn configure(&mut self, series: SeriesSets) {
        self.observe(&Arc::new(Telemetry::plain(series)));
    }

    /// Both pods of the node, with this telemetry.
    pub(crate) fn observe(&mut self, telemetry: &Arc<Telemetry>) {
        self.telemetry = Arc::clone(telemetry);
        self.observe_again();
    }

    /// The same once more, as after a new stream.
    pub(crate) fn observe_again(&mut self) {
        let telemetry = Telemetry::clone(&self.telemetry);
        let telemetry = Arc::new(telemetry);
        let pods = ["a", "b"].map(|name| LocalPod { pod: self.placed(name), telemetry: Arc::clone(&telemetry) }).into();
        self.pipeline.apply(&Update { pods, ..Update::default() }, self.now);
    }

    /// The pod's node is one of these labels from now on, and the operator sends that.
    pub(crate) fn label(&mut self, pod: &'static str, [node, zone, region]: [&str; 3]) {
        let place = Place { node: node.to_owned(), zone: zone.to_owned(), region: region.to_owned() };
        self.places.insert(pod, Arc::new(place));
        self.observe_again();
        let known = self.placed(pod).addresses.iter().map(|address| self.owners(*address)).collect();
        self.pipeline.apply(&Update { addresses: known, ..Update::default() }, self.now);
    }

    fn placed(&self, name: &str) -> Arc<Pod> {
        let pod = pod(name);
        match self.places.get(name) {
            Some(place) => Arc::new(Pod { place: Arc::clone(place), ..Pod::clone(&pod) }),
            None => pod,
        }
    }

    /// Who has an address, as the operator knows it.
    fn owners(&self, address: IpAddr) -> Address {
        let web: SocketAddr = WEB.parse().unwrap();
        let pods = ["a", "b", "r"].map(|name| self.placed(name));
        let kind = match pods.iter().find(|pod| pod.addresses.contains(&address)) {
            Some(pod) => Some(OwnerKind::Pod(Arc::clone(pod))),
            None => (address == web.ip()).then(|| OwnerKind::Service(Frontend::whole(service()))),
        };
        let until = self.departed.filter(|_| pod("r").addresses.contains(&address));
        let owners = kind.into_iter().map(|kind| Owner { kind, from: 0, until, observed: false }).collect();
        Address { address, owners }
    }

    pub(crate) fn ingest(&mut self, bytes: &[u8]) {
        self.emit(KernelOutput::Record(bytes.to_vec()));
    }

    pub(crate) fn emit(&mut self, emitted: KernelOutput) {
        self.read(&emitted);
        self.emitted.push(emitted);
    }

    fn read(&mut self, emitted: &KernelOutput) {
        match emitted {
            KernelOutput::Record(bytes) => self.pipeline.ingest(bytes, self.now),
            KernelOutput::Folded(key, sums) => self.pipeline.ingest_folded(key, sums, self.now),
        }
    }

    /// The whole state, cut into pieces of about so many bytes.
    pub(crate) fn saved(&self, slice: usize) -> Vec<u8> {
        let (mut cursor, mut state) = (SaveCursor::new(), Vec::new());
        while self.pipeline.save(&mut cursor, slice, &mut state) {}
        state
    }

    /// The probe is killed, and the next one continues from this state: it reads what was emitted after this position.
    pub(crate) fn kill(&mut self, state: &[u8], position: usize) {
        let other_clock = Options { wall_clock_offset: BOOT + 12_345, ..options() };
        let Restored { pipeline, dropped } = Pipeline::restore(other_clock, state, self.now).unwrap();
        assert_eq!(dropped, Dropped::default());
        self.pipeline = pipeline;
        self.unanswered.clear();
        let emitted = mem::take(&mut self.emitted);
        for emitted in &emitted[position..] {
            self.read(emitted);
        }
        self.emitted = emitted;
    }

    pub(crate) fn announce(&mut self, socket: &Socket) {
        self.ingest(&socket.record(kind::ANNOUNCE, self.now));
    }

    pub(crate) fn close(&mut self, socket: &Socket) {
        self.ingest(&socket.record(kind::CLOSE, self.now));
    }

    pub(crate) fn pass(&mut self, sockets: &[Socket]) {
        self.pipeline.begin_pass(self.now);
        for socket in sockets {
            self.pipeline.samples(&[socket.sample()], self.now);
        }
        self.pipeline.end_pass(true, self.now);
    }

    pub(crate) fn wait(&mut self, nanoseconds: u64) {
        self.now += nanoseconds;
        self.pipeline.tick(self.now);
    }

    /// Conntrack and operator answer all queries, until there are none.
    pub(crate) fn answer(&mut self) {
        loop {
            let queries = self.pipeline.queries();
            self.unanswered.extend(queries.addresses);
            if self.unanswered.is_empty() && queries.backends.is_empty() {
                return;
            }
            for query in queries.backends {
                let backend = self.conntrack.get(&(query.source, query.destination)).copied();
                self.pipeline.backend(query.token, backend, self.now);
            }
            let addresses = mem::take(&mut self.unanswered);
            let addresses = addresses.into_iter().map(|address| self.owners(address)).collect();
            self.pipeline.apply(&Update { addresses, ..Update::default() }, self.now);
        }
    }

    /// The operator answers its queries, and conntrack does not.
    pub(crate) fn answer_addresses(&mut self) {
        let addresses = self.pipeline.queries().addresses;
        let addresses = addresses.into_iter().map(|address| self.owners(address)).collect();
        self.pipeline.apply(&Update { addresses, ..Update::default() }, self.now);
    }

    /// Pod `r` is gone, and the operator sends that.
    pub(crate) fn depart(&mut self) {
        self.departed.get_or_insert(BOOT + self.now);
        self.answer_departed();
    }

    /// The same once more, as after a new stream.
    pub(crate) fn answer_departed(&mut self) {
        if self.departed.is_some() {
            let addresses = vec![self.owners(pod("r").addresses[0])];
            self.pipeline.apply(&Update { addresses, ..Update::default() }, self.now);
        }
    }

    /// The whole scrape, by family, of what is now.
    pub(crate) fn scrape(&mut self) -> BTreeMap<String, Samples> {
        self.scrape_of(|_| true)
    }

    pub(crate) fn scrape_of(&mut self, wanted: impl Fn(&str) -> bool) -> BTreeMap<String, Samples> {
        self.pipeline.publish();
        self.shown(wanted)
    }

    /// The same, line for line.
    pub(crate) fn text(&mut self) -> String {
        self.pipeline.publish();
        self.shown_text(View::PLAIN)
    }

    fn shown_text(&self, view: View) -> String {
        let (mut encoder, mut cursor) = (Encoder::default(), Cursor::new(Format::Text).viewed(view));
        let mut text = Vec::new();
        while encoder.render(self.pipeline.store(), &mut cursor, 64 << 10, &mut text) {}
        String::from_utf8(text).unwrap()
    }

    /// The scrape of what is published.
    pub(crate) fn shown(&self, wanted: impl Fn(&str) -> bool) -> BTreeMap<String, Samples> {
        self.viewed(View::PLAIN, wanted)
    }

    /// The same as a scraper sees it.
    pub(crate) fn viewed(&self, view: View, wanted: impl Fn(&str) -> bool) -> BTreeMap<String, Samples> {
        let mut families = BTreeMap::<_, Samples>::new();
        for line in self.shown_text(view).lines().filter(|line| !line.starts_with('#')) {
            let (name, rest) = line.split_once('{').unwrap();
            if !wanted(name) {
                continue;
            }
            let (labels, value) = rest.rsplit_once("} ").unwrap();
            let labels = labels.trim_end_matches(',').split("\",").map(|pair| {
                let (label, value) = pair.split_once("=\"").unwrap();
                (label.to_owned(), value.trim_end_matches('"').to_owned())
            });
            families.entry(name.to_owned()).or_default().push((labels.collect(), value.parse().unwrap()));
        }
        families
    }

    /// Sum over the samples of a family that have these labels; `None`: there are none.
    pub(crate) fn value(&mut self, family: &str, labels: &str) -> Option<f64> {
        let wanted: Vec<_> = labels.split_whitespace().map(|pair| pair.split_once('=').unwrap()).collect();
        let scrape = self.scrape_of(|name| name == family);
        let samples = scrape.get(family)?;
        let fits = |labels: &BTreeMap<String, String>| {
            wanted.iter().all(|(label, value)| labels.get(*label).is_some_and(|is| is == value))
        };
        let values: Vec<_> = samples.iter().filter(|(labels, _)| fits(labels)).map(|(_, value)| *value).collect();
        (!values.is_empty()).then(|| values.iter().sum())
    }
}

/// These metrics with these tags, for both reporters; the rest of `on` plain. Threshold 5 s.
pub(crate) fn tagged(on: Metrics, of: Metrics, tags: &[(&str, Option<&str>)]) -> Telemetry {
    let tag = |(name, value): &(&str, Option<&str>)| Tag {
        name: TagName::parse(name).unwrap(),
        value: value.map(|text| TagValue { expression: Expression::parse(text).unwrap(), max_values: None }),
    };
    let mut tags: Vec<_> = tags.iter().map(tag).collect();
    tags.sort_by(|one, other| one.name.cmp(&other.name));
    let tagged = Group { metrics: on.intersection(of), tags };
    let plain = Group { metrics: on.difference(of), tags: Vec::new() };
    let groups: Vec<_> = [tagged, plain].into_iter().filter(|group| !group.metrics.is_empty()).collect();
    Telemetry { long_connections: None, source: groups.clone(), destination: groups, stats: None, access_log: None }
}
