//! What a probe keeps of the peers that its node's pods talk to.

use cap::Cap;
use longwire_model::identity::{Address, Backing, Owner, OwnerKind, Place, Pod, Service, Workload};
use longwire_model::series::SeriesSets;
use longwire_model::telemetry::Telemetry;
use longwire_model::update::{LocalPod, Update};
use longwire_pipeline::metrics::Budget;
use longwire_pipeline::pipeline::{KubeletCgroups, Options, Pipeline, Waits};
use longwire_pipeline::record::{Counters, RawRecord, Sample, flag, kind};
use longwire_wire::decode::Decoder;
use longwire_wire::encode::Encoder;
use longwire_wire::proto;
use std::alloc::System;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use zerocopy::{FromZeros, IntoBytes};

/// Counts what is allocated. Nothing else runs in this executable.
#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

const PEERS: u16 = 500;
const MAX_BYTES: usize = 2_000_000;
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const PORT: u16 = 8080;
const SECOND: u64 = 1_000_000_000;
const CGROUP: u64 = 1;

fn options() -> Options {
    Options {
        budget: Budget::undivided(100_000, 10_000),
        max_connections: 131_072,
        long_connection_threshold: 5 * SECOND,
        waits: Waits { answer: 3 * SECOND, pod: 10 * SECOND, settling: 0 },
        max_pending: 131_072,
        host_netns: 1,
        kubelet_cgroups: KubeletCgroups::default(),
        wall_clock_offset: 1_700_000_000 * SECOND,
        live_history: 8,
    }
}

/// A pod of a workload, a Service and a node that no other pod has, with labels that expressions read: as much as there
/// can be to keep of one.
fn pod(name: &str, address: Ipv4Addr) -> Arc<Pod> {
    let (namespace, cluster) = ("a-namespace-of-some-length".to_owned(), "Kubernetes".to_owned());
    let host = format!("{name}.{namespace}.svc.cluster.local");
    let service = Service { namespace: namespace.clone(), name: name.to_owned(), host, cluster: cluster.clone() };
    let workload = Workload {
        namespace,
        name: name.to_owned(),
        canonical_service: name.to_owned(),
        canonical_revision: "v1".to_owned(),
        cluster,
    };
    let label = |key: &str| (format!("app.kubernetes.io/{key}"), format!("{key}-of-{name}"));
    Arc::new(Pod {
        uid: format!("0d5a4f0e-5c0e-4f0e-9c0e-{name:>012}"),
        name: format!("{name}-7d4b9c6f5d-abcde"),
        addresses: vec![address.into()],
        host_network: false,
        workload: Arc::new(workload),
        services: vec![Backing { target: PORT, port: 80, service: Arc::new(service) }],
        more_services: Vec::new(),
        service_account: name.to_owned(),
        place: Arc::new(Place { node: format!("node-of-{name}"), zone: "zone-1".into(), region: "region-1".into() }),
        labels: ["component", "part-of", "version"].map(label).to_vec(),
    })
}

fn address(peer: u16) -> Ipv4Addr {
    let [high, low] = peer.to_be_bytes();
    Ipv4Addr::new(10, 1, high, low)
}

/// As a stream of its own says it.
fn configuration() -> proto::Update {
    let local = LocalPod { pod: pod("client", CLIENT), telemetry: Arc::new(Telemetry::plain(SeriesSets::default())) };
    Encoder::default().encode(&Update { pods: vec![local], ..Update::default() }).unwrap()
}

fn answers(addresses: &[IpAddr]) -> proto::Update {
    let answer = |(peer, address): (u16, &IpAddr)| {
        let IpAddr::V4(v4) = *address else { panic!("no client requested {address}") };
        let owner = Owner {
            kind: OwnerKind::Pod(pod(&format!("server-{peer:03}"), v4)),
            from: SECOND,
            until: None,
            observed: false,
        };
        Address { address: *address, owners: vec![owner] }
    };
    let addresses = (0..).zip(addresses).map(answer).collect();
    Encoder::default().encode(&Update { addresses, ..Update::default() }).unwrap()
}

fn connection(peer: u16, now: u64) -> RawRecord {
    let mut raw = RawRecord::new_zeroed();
    raw.kind = kind::ANNOUNCE;
    raw.flags = flag::ACTIVE;
    raw.id = u64::from(peer) + 1;
    raw.time = now;
    raw.syn_time = now - 1_000_000;
    raw.established = now - 500_000;
    raw.cgroup = CGROUP;
    raw.netns = 2;
    (raw.client_isn, raw.server_isn) = (peer.into(), !u32::from(peer));
    raw.local = CLIENT.to_ipv6_mapped().octets();
    raw.remote = address(peer).to_ipv6_mapped().octets();
    (raw.local_port, raw.remote_port) = (40_000, PORT);
    raw
}

#[test]
fn five_hundred_peers_are_kept_in_two_megabytes_their_connections_and_series_included() {
    let (mut pipeline, mut decoder, now) = (Pipeline::new(options()), Decoder::default(), 100 * SECOND);
    let received = decoder.decode(configuration()).unwrap();
    pipeline.local_cgroups([(CGROUP, format!("kubepods/pod{}/main", received.update.pods[0].pod.uid))]);
    pipeline.apply(&received.update, now);
    let before = HEAP.allocated();
    for peer in 0..PEERS {
        pipeline.ingest(connection(peer, now).as_bytes(), now);
    }
    let addresses = pipeline.queries().addresses;
    assert_eq!(addresses.len(), usize::from(PEERS));
    let identified = {
        let received = decoder.decode(answers(&addresses)).unwrap();
        drop(addresses);
        pipeline.apply(&received.update, now);
        received.update.addresses.len()
    };
    // Connections wait for another end of their own node for three passes at most.
    for pass in 1..=3 {
        let samples = (1..=u64::from(PEERS)).map(|id| Sample { id, counters: Counters::default() });
        pipeline.begin_pass(now + pass * SECOND);
        samples.for_each(|sample| pipeline.samples(&[sample], now + pass * SECOND));
        pipeline.end_pass(true, now + pass * SECOND);
        pipeline.tick(now + pass * SECOND);
    }
    let kept = HEAP.allocated() - before;
    let stats = pipeline.stats();
    assert_eq!((identified, stats.addresses, stats.connections, stats.pending), (500, 500, 500, 0), "{stats:?}");
    println!("{kept} bytes for {PEERS} peers");
    assert!(kept <= MAX_BYTES, "{kept} bytes are more than {MAX_BYTES}");
}
