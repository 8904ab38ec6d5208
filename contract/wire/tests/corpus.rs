//! The corpus of the fuzz target `wire`: a stream's first updates, a message of each kind from a probe, and a live stream.

use longwire_model::connection::{CloseReason, FailReason, Reporter, Traffic};
use longwire_model::expression::Expression;
use longwire_model::identity::{
    Address, Backing, Frontend, ObservedAddress, Owner, OwnerKind, Place, Pod, Service, Workload,
};
use longwire_model::live::{
    Described, Ended, Ending, LiveBatch, LiveEnd, LiveName, LivePod, Moved, Watched, WatchedNamespaces, Whose,
};
use longwire_model::matcher::StatsMatcher;
use longwire_model::series::SeriesSets;
use longwire_model::tag::TagName;
use longwire_model::telemetry::{NodeSettings, Tag, TagValue, Telemetry};
use longwire_model::update::{LocalPod, Update};
use longwire_wire::encode::Encoder;
use longwire_wire::live::{LiveEncoder, order};
use longwire_wire::message::{FromProbe, Hello, Interest, Token};
use longwire_wire::proto;
use longwire_wire::proto::live_report::Report;
use prost::Message;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs};

const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

fn pod() -> Arc<Pod> {
    let text = str::to_owned;
    let workload = Workload {
        namespace: text("shop"),
        name: text("cart"),
        canonical_service: text("cart"),
        canonical_revision: text("v1"),
        cluster: text("Kubernetes"),
    };
    let (namespace, name) = (text("shop"), text("cart"));
    let service = Service { namespace, name, host: text("cart.shop.svc.cluster.local"), cluster: text("Kubernetes") };
    let backing = Backing { target: 8080, port: 80, service: Arc::new(service) };
    Arc::new(Pod {
        uid: text("uid-cart"),
        name: text("cart-0"),
        addresses: vec![ADDRESS],
        host_network: false,
        workload: Arc::new(workload),
        services: vec![backing.clone()],
        more_services: vec![backing],
        service_account: text("cart"),
        place: Arc::new(Place { node: text("node"), zone: text("z0"), region: text("r0") }),
        labels: vec![(text("team"), text("shop"))],
    })
}

/// In the format that `e2e/fuzz/src/wire.rs` reads.
fn from_operator() -> Vec<u8> {
    let mut telemetry = Telemetry::plain(SeriesSets::default());
    let expression = Expression::parse("has(source.labels.team) ? source.labels.team : 'none'").unwrap();
    let value = Some(TagValue { expression, max_values: Some(10) });
    telemetry.source[0].tags = vec![Tag { name: TagName::parse("team").unwrap(), value }];
    telemetry.stats = Some(StatsMatcher::RejectAll);
    telemetry.long_connections = Some(Duration::from_secs(30));
    let owner = |kind| Owner { kind, from: 1, until: None, observed: true };
    let frontend = Frontend {
        service: Arc::clone(&pod().services[0].service),
        ports: [80, 443].into(),
        endpoints: [SocketAddr::new(ADDRESS, 8080)].into(),
        is_external: true,
    };
    let owners = [OwnerKind::Pod(pod()), OwnerKind::Service(frontend), OwnerKind::Node("node".to_owned())];
    let owners = owners.map(owner).into();
    let first = Update {
        version: 1,
        settings: Some(NodeSettings { series: Some(1000), ..NodeSettings::default() }),
        pods: vec![LocalPod { pod: pod(), telemetry: Arc::new(telemetry) }],
        addresses: vec![Address { address: ADDRESS, owners }],
        ..Update::default()
    };
    let second = Update { version: 2, removed_pods: vec!["uid-cart".to_owned()], ..Update::default() };
    let mut encoder = Encoder::default();
    let mut bytes = vec![0];
    for update in [first, second] {
        bytes.extend(encoder.encode(&update).unwrap().encode_length_delimited_to_vec());
    }
    bytes
}

fn from_probe(message: FromProbe) -> Vec<u8> {
    [vec![1], proto::ProbeMessage::from(message).encode_to_vec()].concat()
}

/// The reports of a live stream: a connection is described, moves and ends, and another one was too short to be described.
fn live() -> Vec<u8> {
    let pod = pod();
    let (uid, name, place) = (pod.uid.clone(), pod.name.clone(), Arc::clone(&pod.place));
    let end = LiveEnd { workload: Some(Arc::clone(&pod.workload)), pod: Some(Arc::new(LivePod { uid, name, place })) };
    let service = Some(Arc::clone(&pod.services[0].service));
    let address = SocketAddr::new(ADDRESS, 8080);
    let described = Described {
        reporter: Reporter::Source,
        name: LiveName::Shared([7; 16]),
        source: end.clone(),
        destination: LiveEnd::default(),
        requested_service: service.clone(),
        service,
        source_address: SocketAddr::new(ADDRESS, 40_000),
        requested_address: address,
        answered: Some(address),
        start: 1,
        handshake: Some(2),
        adopted: false,
    };
    let traffic = Traffic { sent: 1, received: 2, retransmitted_bytes: 3, retransmits: 4, lost: 5 };
    let moved = Moved { at: 9, traffic, rtt_us: Some(6), min_rtt_us: None };
    let short = Described {
        reporter: Reporter::Destination,
        name: LiveName::Local(8),
        source: LiveEnd::default(),
        destination: end,
        answered: None,
        handshake: None,
        adopted: true,
        ..described.clone()
    };
    let first = LiveBatch {
        generation: 1,
        at: 10,
        described: vec![(1, described)],
        moved: vec![(1, moved)],
        complete: true,
        ..LiveBatch::default()
    };
    let closed = Ending::Closed { by: Some(Reporter::Source), reason: Some(CloseReason::Fin) };
    let second = LiveBatch {
        ended: vec![
            (Whose::Number(1), moved, Ended { at: Some(11), how: closed, handshake: None }),
            (
                Whose::Described(Box::new(short)),
                moved,
                Ended { at: None, how: Ending::Failed(FailReason::Refused), handshake: Some(3) },
            ),
        ],
        described: Vec::new(),
        moved: Vec::new(),
        gone: vec![2],
        missed: 1,
        ..first
    };
    let mut encoder = LiveEncoder::default();
    let mut bytes = vec![2];
    for batch in [first, second] {
        let report = Some(Report::Batch(Box::new(encoder.encode(&batch).unwrap())));
        bytes.extend(proto::LiveReport { report }.encode_length_delimited_to_vec());
    }
    bytes
}

fn live_order() -> Vec<u8> {
    let namespaces = WatchedNamespaces::Only(["shop".to_owned()].into());
    [vec![3], order(&Watched { generation: 1, namespaces, history: true }).encode_to_vec()].concat()
}

#[test]
fn the_corpora_are_of_this_protocol() {
    let hello = Hello {
        node: "node".to_owned(),
        probe_version: "0.1.0".to_owned(),
        pods: vec![("uid-cart".to_owned(), 7)],
        addresses: vec![(ADDRESS, 0)],
    };
    let observation =
        ObservedAddress { uid: "uid-cart".to_owned(), address: ADDRESS, since: 1, gone: vec!["uid-left".to_owned()] };
    let files = [
        ("update", from_operator()),
        ("live", live()),
        ("live_order", live_order()),
        ("hello", from_probe(FromProbe::Hello(hello))),
        ("notice", from_probe(FromProbe::Notice("full".to_owned()))),
        ("interest", from_probe(FromProbe::Interest(Interest { add: vec![ADDRESS], drop: Vec::new() }))),
        ("nack", from_probe(FromProbe::Nack { version: 1, error: "no".to_owned() })),
        ("authenticate", from_probe(FromProbe::Authenticate(Token("a.b.c".to_owned())))),
        ("observed_addresses", from_probe(FromProbe::ObservedAddresses(vec![observation]))),
    ];
    let corpus = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../e2e/fuzz/corpus/wire"));
    for (file, bytes) in files {
        let file = corpus.join(file);
        if env::var_os("UPDATE_CORPUS").is_some() {
            fs::create_dir_all(corpus).unwrap();
            fs::write(&file, &bytes).unwrap();
        }
        assert!(
            fs::read(&file).is_ok_and(|there| there == bytes),
            "{} is of another protocol: UPDATE_CORPUS=1 cargo test corpora",
            file.display()
        );
    }
}
