//! What label sets take is at most what they are charged, under the chart's budgets: alone in its process, which counts bytes.

use cap::Cap;
use longwire_export::exposition::{Cursor, Encoder, Format};
use longwire_model::expression::Expression;
use longwire_model::identity::{Address, Place, Pod, Workload};
use longwire_model::series::{Metrics, SeriesSet};
use longwire_model::tag::TagName;
use longwire_model::telemetry::{Group, Tag, TagValue, Telemetry};
use longwire_model::update::{LocalPod, Update};
use longwire_pipeline::metrics::Budget;
use longwire_pipeline::pipeline::{KubeletCgroups, Options, Pipeline, SaveCursor, Waits};
use longwire_pipeline::record::{Counters, RawRecord, flag, kind};
use std::alloc::System;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use zerocopy::{FromZeros, IntoBytes};

#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

const SECOND: u64 = 1_000_000_000;
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// Tables of closed ids and of addresses.
const BESIDE: usize = 6 << 20;
/// A third of 100,000 lines of 512 bytes and of 10,000 long connections of 2,048, and 256 KiB.
const SHARE: usize = 33_333 * 512 + 3_333 * 2_048 + (256 << 10);

fn pipeline(metrics: Metrics, tags: &[String], expression: &str) -> Pipeline {
    let mut pipeline = Pipeline::new(Options {
        budget: Budget::shared(100_000, 10_000),
        max_connections: 131_072,
        long_connection_threshold: 5 * SECOND,
        waits: Waits { answer: 3 * SECOND, pod: 10 * SECOND, settling: 0 },
        max_pending: 131_072,
        host_netns: 1,
        wall_clock_offset: 1_700_000_000 * SECOND,
        live_history: 8,
        kubelet_cgroups: KubeletCgroups::default(),
    });
    pipeline.local_cgroups([(1, "kubepods/poduid-evil/x".to_owned())]);
    let name = || "evil".to_owned();
    let workload = Workload {
        namespace: name(),
        name: name(),
        canonical_service: name(),
        canonical_revision: name(),
        cluster: "Kubernetes".to_owned(),
    };
    let pod = Arc::new(Pod {
        uid: "uid-evil".to_owned(),
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
    let tag = |name: &String| Tag {
        name: TagName::parse(name).unwrap(),
        value: Some(TagValue { expression: Expression::parse(expression).unwrap(), max_values: None }),
    };
    let mut tags: Vec<_> = tags.iter().map(tag).collect();
    tags.sort_by(|one, next| one.name.cmp(&next.name));
    let groups = vec![Group { metrics, tags }];
    let telemetry = Telemetry {
        long_connections: None,
        source: groups.clone(),
        destination: groups,
        stats: None,
        access_log: None,
    };
    let pods = vec![LocalPod { pod, telemetry: Arc::new(telemetry) }];
    pipeline.apply(&Update { pods, ..Update::default() }, SECOND);
    pipeline
}

fn flood(pipeline: &mut Pipeline, kind: u32, connections: u16) {
    for number in 1..=connections {
        let mut record = RawRecord::new_zeroed();
        record.kind = kind;
        record.flags = flag::ACTIVE;
        record.id = u64::from(number);
        record.error = if kind == kind::FAIL { 111 } else { 0 };
        (record.time, record.syn_time) = (SECOND, SECOND);
        record.established = if kind == kind::FAIL { 0 } else { SECOND };
        (record.cgroup, record.netns) = (1, 2);
        (record.client_isn, record.server_isn) = (u32::from(number), 1);
        record.local = CLIENT.to_ipv6_mapped().octets();
        record.remote = SERVER.to_ipv6_mapped().octets();
        (record.local_port, record.remote_port) = (number, 80);
        record.counters = Counters { sent: 1, received: 1, ..Counters::default() };
        pipeline.ingest(record.as_bytes(), SECOND);
        if number % 256 == 0 || number == connections {
            let addresses = pipeline.queries().addresses.into_iter().map(without_owner).collect();
            pipeline.apply(&Update { addresses, ..Update::default() }, SECOND);
            pipeline.begin_pass(2 * SECOND);
            pipeline.end_pass(true, 2 * SECOND);
            pipeline.tick(2 * SECOND);
            pipeline.publish();
        }
    }
}

fn without_owner(address: IpAddr) -> Address {
    Address { address, owners: Vec::new() }
}

fn scrape(pipeline: &Pipeline, encoder: &mut Encoder) {
    let (mut cursor, mut slice) = (Cursor::new(Format::Text), Vec::new());
    while encoder.render(pipeline.store(), &mut cursor, 1 << 16, &mut slice) {
        slice.clear();
    }
}

#[derive(Debug)]
struct Taken {
    bytes: usize,
    state: usize,
    charged: usize,
    sets: usize,
}

fn taken(metrics: Metrics, tags: &[String], expression: &str, kind: u32, connections: u16) -> Taken {
    let before = HEAP.allocated();
    let mut pipeline = pipeline(metrics, tags, expression);
    flood(&mut pipeline, kind, connections);
    // What the encoder keeps belongs to the label sets.
    let mut encoder = Encoder::default();
    scrape(&pipeline, &mut encoder);
    let bytes = HEAP.allocated() - before;
    let (mut cursor, mut slice, mut state) = (SaveCursor::new(), Vec::new(), 0);
    loop {
        slice.clear();
        let goes_on = pipeline.save(&mut cursor, 1 << 16, &mut slice);
        state += slice.len();
        if !goes_on {
            break;
        }
    }
    let stats = pipeline.store().stats();
    Taken { bytes, state, charged: stats.bytes, sets: stats.services.sets }
}

#[test]
fn label_sets_take_at_most_what_they_are_charged_and_a_namespace_its_share() {
    let (longwire, istio) = (Metrics::of(SeriesSet::Longwire), Metrics::of(SeriesSet::Istio));
    let long = format!("string(source.port) + '{}'", "x".repeat(480));
    let many: Vec<_> = (0..32).map(|number| format!("tag_{number}")).collect();
    let one = ["port".to_owned()];
    for (what, taken) in [
        ("refused, 16 kB of labels", taken(longwire, &many, &long, kind::FAIL, 1_000)),
        ("closed, one tag", taken(istio, &one, "string(source.port)", kind::CLOSE, 10_000)),
    ] {
        let Taken { bytes, state, charged, sets } = taken;
        println!("{what}: {sets} label sets, {bytes} bytes, state {state} bytes, charged {charged} bytes");
        assert!(bytes + 2 * state <= charged + BESIDE, "{what}: {taken:?}");
        assert!(charged <= SHARE + (64 << 10), "{what}: {taken:?}");
    }
}
