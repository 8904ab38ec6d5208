//! What live views take: nothing while nobody watches, and little of what ended. Alone in its process, which counts bytes.

use cap::Cap;
use longwire_model::identity::{Address, Place, Pod, Workload};
use longwire_model::live::{Watched, WatchedNamespaces};
use longwire_model::series::SeriesSets;
use longwire_model::telemetry::Telemetry;
use longwire_model::update::{LocalPod, Update};
use longwire_pipeline::metrics::Budget;
use longwire_pipeline::pipeline::{KubeletCgroups, Options, Pipeline, Waits};
use longwire_pipeline::record::{Counters, RawRecord, Sample, flag, kind};
use std::alloc::System;
use std::net::Ipv4Addr;
use std::sync::Arc;
use zerocopy::{FromZeros, IntoBytes};

#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

const SECOND: u64 = 1_000_000_000;
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const CONNECTIONS: u16 = 10_000;

fn pipeline(live_history: usize) -> Pipeline {
    let mut pipeline = Pipeline::new(Options {
        budget: Budget::shared(100_000, 0),
        max_connections: CONNECTIONS.into(),
        long_connection_threshold: 3_600 * SECOND,
        waits: Waits { answer: 3 * SECOND, pod: 10 * SECOND, settling: 0 },
        max_pending: CONNECTIONS.into(),
        host_netns: 1,
        wall_clock_offset: 1_700_000_000 * SECOND,
        kubelet_cgroups: KubeletCgroups::default(),
        live_history,
    });
    pipeline.local_cgroups([(1, "kubepods/poduid-web/x".to_owned())]);
    let name = || "web".to_owned();
    let workload = Workload {
        namespace: name(),
        name: name(),
        canonical_service: name(),
        canonical_revision: name(),
        cluster: "Kubernetes".to_owned(),
    };
    let pod = Arc::new(Pod {
        uid: "uid-web".to_owned(),
        name: name(),
        addresses: vec![CLIENT.into()],
        host_network: false,
        workload: Arc::new(workload),
        services: Vec::new(),
        more_services: Vec::new(),
        service_account: name(),
        place: Arc::new(Place::default()),
        labels: Vec::new(),
    });
    let telemetry = Arc::new(Telemetry::plain(SeriesSets::default()));
    pipeline.apply(&Update { pods: vec![LocalPod { pod, telemetry }], ..Update::default() }, SECOND);
    pipeline
}

fn ingest(pipeline: &mut Pipeline, kind: u32, number: u16) {
    let mut record = RawRecord::new_zeroed();
    (record.kind, record.flags, record.id) = (kind, flag::ACTIVE, number.into());
    (record.time, record.syn_time, record.established) = (SECOND, SECOND, SECOND);
    (record.cgroup, record.netns) = (1, 2);
    (record.client_isn, record.server_isn) = (number.into(), 1);
    record.local = CLIENT.to_ipv6_mapped().octets();
    record.remote = SERVER.to_ipv6_mapped().octets();
    (record.local_port, record.remote_port) = (number, 80);
    record.counters = Counters { sent: 1, received: 1, ..Counters::default() };
    pipeline.ingest(record.as_bytes(), SECOND);
}

fn pass(pipeline: &mut Pipeline, sent: u64) {
    let now = sent * SECOND;
    pipeline.begin_pass(now);
    for number in 1..=CONNECTIONS {
        let counters = Counters { sent, received: 1, srtt_us: 300, ..Counters::default() };
        pipeline.samples(&[Sample { id: number.into(), counters }], now);
    }
    pipeline.end_pass(true, now);
}

/// All live, with their ends known.
fn living(pipeline: &mut Pipeline) {
    for number in 1..=CONNECTIONS {
        ingest(pipeline, kind::ANNOUNCE, number);
    }
    let addresses = pipeline.queries().addresses;
    let addresses = addresses.into_iter().map(|address| Address { address, owners: Vec::new() }).collect();
    pipeline.apply(&Update { addresses, ..Update::default() }, SECOND);
    for sent in 2..5 {
        pass(pipeline, sent);
        pipeline.tick(sent * SECOND);
    }
    assert_eq!(pipeline.pending(), 0);
}

#[test]
fn a_pass_allocates_nothing_while_nobody_watches_and_an_end_keeps_less_than_half_a_kilobyte() {
    let mut pipeline = pipeline(8_192);
    living(&mut pipeline);
    let before = HEAP.allocated();
    (5..9).for_each(|sent| pass(&mut pipeline, sent));
    assert_eq!(HEAP.allocated(), before);

    pipeline.watch(&Watched { generation: 1, namespaces: WatchedNamespaces::All, history: false });
    pass(&mut pipeline, 9);
    let mut described = 0;
    while let Some(batch) = pipeline.take_live(0, 9 * SECOND) {
        described += batch.described.len();
    }
    assert_eq!(described, usize::from(CONNECTIONS));
    let watched = HEAP.allocated() - before;
    assert!(watched < usize::from(CONNECTIONS) * 160, "{watched}");
    pipeline.watch(&Watched::default());
    assert_eq!(HEAP.allocated(), before, "a watch leaves something");
    // Printed after that, because the harness keeps what is printed.
    println!("{watched} bytes while {CONNECTIONS} connections are watched");

    let of = |history| {
        let mut pipeline = self::pipeline(history);
        living(&mut pipeline);
        (1..=CONNECTIONS).for_each(|number| ingest(&mut pipeline, kind::CLOSE, number));
        assert_eq!(pipeline.live().kept(), history);
        (HEAP.allocated(), pipeline)
    };
    let begin = HEAP.allocated();
    let (without, dropped) = of(0);
    drop(dropped);
    assert_eq!(HEAP.allocated(), begin);
    let (with, _kept) = of(8_192);
    println!("{} bytes for 8192 that ended", with - without);
    assert!(with - without < 8_192 * 512, "{with} {without}");
}
