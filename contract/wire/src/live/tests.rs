//! Batches over the wire, what a stream remembers, and what is refused.

use super::decode::MAX_DEFINED;
use super::{Asked, InvalidLive, LiveDecoder, LiveEncoder, MAX_LIVE_REFS, UnknownOrder, asked, order};
use crate::address::InvalidAddress;
use crate::codec;
use crate::proto::{self, live_end};
use longwire_model::connection::{CloseReason, FailReason, Reporter, Traffic};
use longwire_model::identity::{Place, Service, Workload};
use longwire_model::live::{
    Described, Ended, Ending, LiveBatch, LiveEnd, LiveName, LivePod, Moved, Watched, WatchedNamespaces, Whose,
};
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Few different ones, so that references repeat.
fn place() -> impl Strategy<Value = Arc<Place>> {
    "[ab]{0,2}".prop_map(|node| Arc::new(Place { node, zone: "z".to_owned(), region: String::new() }))
}

fn end() -> impl Strategy<Value = LiveEnd> {
    let workload = "[ab]{0,2}".prop_map(|name| {
        Arc::new(Workload {
            namespace: "shop".to_owned(),
            canonical_service: name.clone(),
            name,
            canonical_revision: "v1".to_owned(),
            cluster: "c".to_owned(),
        })
    });
    let pod = ("[ab]{0,2}", "[ab]{0,1}", place()).prop_map(|(uid, name, place)| Arc::new(LivePod { uid, name, place }));
    (prop::option::of(workload), prop::option::of(pod)).prop_map(|(workload, pod)| LiveEnd { workload, pod })
}

fn service() -> impl Strategy<Value = Option<Arc<Service>>> {
    let service = "[ab]{0,2}".prop_map(|name| {
        let host = format!("{name}.shop.svc");
        Arc::new(Service { namespace: "shop".to_owned(), name, host, cluster: "c".to_owned() })
    });
    prop::option::of(service)
}

fn socket() -> impl Strategy<Value = SocketAddr> {
    let ip = prop_oneof![
        any::<[u8; 4]>().prop_map(IpAddr::from),
        any::<[u8; 16]>().prop_map(|ip| IpAddr::from(ip).to_canonical())
    ];
    (ip, any::<u16>()).prop_map(SocketAddr::from)
}

fn reporter() -> impl Strategy<Value = Reporter> {
    prop::sample::select(vec![Reporter::Source, Reporter::Destination])
}

fn described() -> impl Strategy<Value = Described> {
    let name = prop_oneof![any::<[u8; 16]>().prop_map(LiveName::Shared), any::<u64>().prop_map(LiveName::Local)];
    let addresses = (socket(), socket(), prop::option::of(socket()));
    let times = (any::<u64>(), prop::option::of(any::<u64>()), any::<bool>());
    (reporter(), name, [end(), end()], [service(), service()], addresses, times).prop_map(
        |(reporter, name, [source, destination], [service, requested_service], addresses, times)| {
            let (source_address, requested_address, answered) = addresses;
            let (start, handshake, adopted) = times;
            Described {
                reporter,
                name,
                source,
                destination,
                service,
                requested_service,
                source_address,
                requested_address,
                answered,
                start,
                handshake,
                adopted,
            }
        },
    )
}

fn moved() -> impl Strategy<Value = Moved> {
    let rtt = || prop::option::of(1..u32::MAX);
    (any::<[u64; 6]>(), rtt(), rtt()).prop_map(|(numbers, rtt_us, min_rtt_us)| {
        let [at, sent, received, retransmitted_bytes, retransmits, lost] = numbers;
        Moved { at, traffic: Traffic { sent, received, retransmitted_bytes, retransmits, lost }, rtt_us, min_rtt_us }
    })
}

fn ended() -> impl Strategy<Value = (Whose, Moved, Ended)> {
    let whose = prop_oneof![
        (1..u32::MAX).prop_map(Whose::Number),
        described().prop_map(|described| Whose::Described(Box::new(described))),
    ];
    let reason = prop::option::of(prop::sample::select(CloseReason::ALL.to_vec()));
    let how = prop_oneof![
        (prop::option::of(reporter()), reason).prop_map(|(by, reason)| Ending::Closed { by, reason }),
        prop::sample::select(FailReason::ALL.to_vec()).prop_map(Ending::Failed),
    ];
    let times = (prop::option::of(any::<u64>()), prop::option::of(any::<u64>()));
    let ended = (how, times).prop_map(|(how, (at, handshake))| Ended { at, how, handshake });
    (whose, moved(), ended)
}

fn batch() -> impl Strategy<Value = LiveBatch> {
    let number = || 1..u32::MAX;
    let lists = (
        vec((number(), described()), 0..4),
        vec((number(), moved()), 0..4),
        vec(ended(), 0..4),
        vec(any::<u32>(), 0..4),
    );
    (any::<[u64; 3]>(), lists, any::<bool>()).prop_map(
        |([generation, at, missed], (described, moved, ended, gone), complete)| LiveBatch {
            generation,
            at,
            described,
            moved,
            ended,
            gone,
            complete,
            missed,
        },
    )
}

fn report(batch: proto::LiveBatch) -> proto::LiveReport {
    proto::LiveReport { report: Some(proto::live_report::Report::Batch(Box::new(batch))) }
}

fn over_the_wire(batch: proto::LiveBatch) -> proto::LiveBatch {
    match codec::decode::<proto::LiveReport>(&report(batch).encode_to_vec()).unwrap().report {
        Some(proto::live_report::Report::Batch(batch)) => *batch,
        other => panic!("{other:?}"),
    }
}

proptest! {
    #[test]
    fn batches_survive_a_round_trip_on_a_stream(batches in vec(batch(), 1..5)) {
        let (mut encoder, mut decoder) = (LiveEncoder::default(), LiveDecoder::default());
        for sent in batches {
            let received = decoder.decode(over_the_wire(encoder.encode(&sent).unwrap())).unwrap();
            prop_assert_eq!(received, sent);
            prop_assert_eq!(encoder.references(), decoder.references());
        }
    }

    #[test]
    fn damaged_batches_are_refused_or_understood_and_never_panic(
        batch in batch(), at in any::<prop::sample::Index>(), byte in any::<u8>(), more in vec(any::<u8>(), 0..64),
    ) {
        let mut bytes = report(LiveEncoder::default().encode(&batch).unwrap()).encode_to_vec();
        let at = at.index(bytes.len() + 1);
        bytes.splice(at..(at + 1).min(bytes.len()), [byte]);
        bytes.extend(more);
        if let Ok(proto::LiveReport { report: Some(proto::live_report::Report::Batch(batch)) }) = codec::decode(&bytes) {
            let _ = LiveDecoder::default().decode(*batch);
        }
    }

    #[test]
    fn orders_survive_a_round_trip(
        generation: u64,
        names in prop::option::of(prop::collection::btree_set("[ab]{1,3}", 0..4)),
        history: bool,
    ) {
        let namespaces = names.map_or(WatchedNamespaces::All, WatchedNamespaces::Only);
        let sent = Watched { generation, namespaces, history };
        let arrived = codec::decode::<proto::LiveOrder>(&order(&sent).encode_to_vec()).unwrap();
        prop_assert_eq!(asked(arrived), Ok(Asked::Watched(sent)));
    }
}

#[test]
fn an_order_of_a_newer_operator_is_said_to_be_unknown() {
    assert_eq!(asked(proto::LiveOrder { order: None }), Err(UnknownOrder));
}

/// Of the longest names that Kubernetes allows, all of them different.
fn long(number: usize) -> Described {
    let text = |length: usize| format!("{number:0>length$}");
    let workload = Arc::new(Workload {
        namespace: text(63),
        name: text(253),
        canonical_service: text(63),
        canonical_revision: text(63),
        cluster: text(63),
    });
    let place = Arc::new(Place { node: text(253), zone: text(63), region: text(63) });
    let pod = Arc::new(LivePod { uid: text(36), name: text(253), place });
    let service = Arc::new(Service { namespace: text(63), name: text(63), host: text(253), cluster: text(63) });
    let source = LiveEnd { workload: Some(Arc::clone(&workload)), pod: Some(Arc::clone(&pod)) };
    let address = SocketAddr::from(([0x20; 16], 1));
    Described {
        reporter: Reporter::Source,
        name: LiveName::Shared([1; 16]),
        destination: LiveEnd {
            workload: Some(Arc::new(Workload { name: format!("to-{}", text(250)), ..(*workload).clone() })),
            pod: Some(Arc::new(LivePod { uid: format!("to-{}", text(33)), ..(*pod).clone() })),
        },
        source,
        requested_service: Some(Arc::new(Service { cluster: format!("to-{}", text(60)), ..(*service).clone() })),
        service: Some(service),
        source_address: address,
        requested_address: address,
        answered: Some(address),
        start: u64::MAX,
        handshake: Some(u64::MAX),
        adopted: true,
    }
}

/// A batch of so many connections as a probe sends at most, all of them new.
fn longest(round: usize) -> LiveBatch {
    let described = (0..256).map(|at| (u32::try_from(at + 1).unwrap(), long(round * 256 + at))).collect();
    LiveBatch { described, moved: vec![(1, Moved::default()); 1_024], ..LiveBatch::default() }
}

#[test]
fn a_stream_of_ever_new_names_is_taken_and_forgotten_at_both_ends() {
    let (mut encoder, mut decoder) = (LiveEncoder::default(), LiveDecoder::default());
    for round in 0..20 {
        let sent = longest(round);
        let message = encoder.encode(&sent).unwrap();
        assert!(report(message.clone()).encoded_len() < super::MAX_LIVE_REPORT);
        assert_eq!(decoder.decode(over_the_wire(message)).unwrap(), sent);
        assert_eq!(encoder.references(), decoder.references());
        assert!(encoder.references().iter().all(|count| *count <= 1_024 + 256), "{:?}", encoder.references());
    }
}

fn pod(r#ref: u32, uid: String) -> proto::LivePod {
    proto::LivePod { r#ref, uid, name: String::new(), place: 1 }
}

fn with_pods(pods: Vec<proto::LivePod>) -> proto::LiveBatch {
    proto::LiveBatch { places: vec![proto::Place { r#ref: 1, ..Default::default() }], pods, ..Default::default() }
}

#[test]
fn a_stream_that_defines_more_than_it_may_is_refused() {
    let mut decoder = LiveDecoder::default();
    let half = "x".repeat(MAX_DEFINED / 2);
    // One that takes another's place gives its bytes back, and so does one that is forgotten.
    for _ in 0..5 {
        decoder.decode(with_pods(vec![pod(1, half.clone())])).unwrap();
    }
    let forget = Some(proto::LiveForget { pods: vec![1, 1, 9], ..Default::default() });
    decoder.decode(proto::LiveBatch { forget, ..with_pods(vec![pod(2, half.clone())]) }).unwrap();
    decoder.decode(with_pods(vec![pod(3, half)])).unwrap();
    assert_eq!(decoder.decode(with_pods(vec![pod(4, "x".to_owned())])), Err(InvalidLive::TooManyNames));
}

#[test]
fn a_pod_that_keeps_a_forgotten_place_counts_with_it() {
    let mut decoder = LiveDecoder::default();
    let forget = || Some(proto::LiveForget { places: vec![1], ..Default::default() });
    let zone = || "z".repeat(MAX_DEFINED / 4);
    let place = || vec![proto::Place { r#ref: 1, zone: zone(), ..Default::default() }];
    let outcomes = (1..=4).map(|number| {
        decoder.decode(proto::LiveBatch {
            places: place(),
            forget: forget(),
            ..with_pods(vec![pod(number, String::new())])
        })
    });
    let outcomes: Vec<_> = outcomes.map(|outcome| outcome.map(drop)).collect();
    assert_eq!(outcomes, [Ok(()), Ok(()), Ok(()), Err(InvalidLive::TooManyNames)]);
}

fn connection() -> proto::LiveConnection {
    let endpoint = || Some(proto::Endpoint { address: vec![10, 0, 0, 1], port: 80 });
    proto::LiveConnection { number: 1, id: vec![0; 8], source: endpoint(), requested: endpoint(), ..Default::default() }
}

fn describing(connection: proto::LiveConnection) -> proto::LiveBatch {
    proto::LiveBatch { described: vec![connection], ..Default::default() }
}

fn ending(end: proto::LiveEnd) -> proto::LiveBatch {
    proto::LiveBatch { ended: vec![end], ..Default::default() }
}

fn closed(by: &str, reason: &str) -> proto::LiveEnd {
    proto::LiveEnd {
        whose: Some(live_end::Whose::Number(1)),
        last: Some(proto::LiveSample::default()),
        how: Some(live_end::How::Closed(proto::LiveClose { by: by.to_owned(), reason: reason.to_owned() })),
        ..Default::default()
    }
}

#[test]
fn what_is_wrong_is_named_with_its_field() {
    let check = |batch: proto::LiveBatch, error: InvalidLive, text: &str| {
        assert_eq!(error.to_string(), text);
        assert_eq!(LiveDecoder::default().decode(batch), Err(error));
    };
    let missing = |field| InvalidLive::Missing { field };
    let connection = connection;
    check(
        describing(proto::LiveConnection { number: 0, ..connection() }),
        missing("described.number"),
        "described.number: missing",
    );
    check(
        describing(proto::LiveConnection { source: None, ..connection() }),
        missing("connection.source"),
        "connection.source: missing",
    );
    check(
        describing(proto::LiveConnection { id: vec![0; 9], ..connection() }),
        InvalidLive::Id { bytes: 9 },
        "connection.id: 9 bytes instead of 16 or 8",
    );
    check(
        describing(proto::LiveConnection { service: 7, ..connection() }),
        InvalidLive::Undefined { field: "connection.service", value: 7 },
        "connection.service: nothing was defined as 7",
    );
    let endpoint = |address: Vec<u8>, port| Some(proto::Endpoint { address, port });
    check(
        describing(proto::LiveConnection { requested: endpoint(vec![10, 0, 0, 1], 65_536), ..connection() }),
        InvalidLive::Port { field: "connection.requested", value: 65_536 },
        "connection.requested: 65536 is not a port",
    );
    check(
        describing(proto::LiveConnection { answered: endpoint(vec![1], 1), ..connection() }),
        InvalidAddress { field: "connection.answered", value: vec![1] }.into(),
        "connection.answered: an address has 4 or 16 bytes, not 1: [01]",
    );
    let sample = proto::LiveSample::default();
    check(
        proto::LiveBatch { moved: vec![sample], ..Default::default() },
        missing("moved.number"),
        "moved.number: missing",
    );
    check(
        with_pods(vec![pod(0, String::new())]),
        InvalidLive::Ref { field: "pod.ref", value: 0 },
        &format!("pod.ref: 0 is not between 1 and {MAX_LIVE_REFS}"),
    );
    check(
        proto::LiveBatch { places: Vec::new(), ..with_pods(vec![pod(1, String::new())]) },
        InvalidLive::Undefined { field: "pod.place", value: 1 },
        "pod.place: nothing was defined as 1",
    );
    let whole = || closed("", "");
    check(ending(proto::LiveEnd { whose: None, ..whole() }), missing("ended.whose"), "ended.whose: missing");
    check(ending(proto::LiveEnd { how: None, ..whole() }), missing("ended.how"), "ended.how: missing");
    check(ending(proto::LiveEnd { last: None, ..whole() }), missing("ended.last"), "ended.last: missing");
}

#[test]
fn a_reason_of_a_newer_probe_is_another_one() {
    let how = |end| LiveDecoder::default().decode(ending(end)).unwrap().ended[0].2.how;
    let expected = Ending::Closed { by: Some(Reporter::Destination), reason: Some(CloseReason::Other) };
    assert_eq!(how(closed("destination", "bored")), expected);
    assert_eq!(how(closed("both", "")), Ending::Closed { by: None, reason: None });
    let failed = proto::LiveEnd { how: Some(live_end::How::Failed("bored".to_owned())), ..closed("", "") };
    assert_eq!(how(failed), Ending::Failed(FailReason::Other));
}

#[test]
fn a_batch_that_would_take_too_much_memory_is_refused_before_it_is_decoded() {
    let batch = proto::LiveBatch { described: vec![proto::LiveConnection::default(); 60_000], ..Default::default() };
    let bytes = report(batch).encode_to_vec();
    assert!(bytes.len() < super::MAX_LIVE_REPORT);
    assert_eq!(codec::decode::<proto::LiveReport>(&bytes).unwrap_err().code(), tonic::Code::ResourceExhausted);
}
