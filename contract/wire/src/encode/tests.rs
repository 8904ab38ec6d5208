use super::{Encoder, InvalidBatch};
use crate::decode::Decoder;
use crate::proto::Update as Sent;
use longwire_model::identity::{Address, Backing, Frontend, Owner, OwnerKind, Place, Pod, Service, Workload};
use longwire_model::series::SeriesSets;
use longwire_model::telemetry::Telemetry;
use longwire_model::update::{LocalPod, Update};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

fn service(name: &str) -> Arc<Service> {
    let text = str::to_owned;
    Arc::new(Service { namespace: text("ns"), name: text(name), host: format!("{name}.ns.svc.x"), cluster: text("c") })
}

fn pod(name: &str, services: Vec<(u16, Arc<Service>)>) -> LocalPod {
    let text = str::to_owned;
    let workload = Workload {
        namespace: text("ns"),
        name: text(name),
        canonical_service: text(name),
        canonical_revision: text("v1"),
        cluster: text("c"),
    };
    let pod = Pod {
        uid: text(name),
        name: text(name),
        addresses: vec!["10.0.0.1".parse().unwrap()],
        host_network: false,
        workload: Arc::new(workload),
        services: services.into_iter().map(|(target, service)| Backing { target, port: 80, service }).collect(),
        more_services: Vec::new(),
        service_account: String::new(),
        place: Arc::new(Place::default()),
        labels: Vec::new(),
    };
    LocalPod { pod: Arc::new(pod), telemetry: Arc::new(Telemetry::plain(SeriesSets::default())) }
}

fn update(pods: Vec<LocalPod>) -> Update {
    Update { version: 1, pods, ..Update::default() }
}

#[test]
fn strings_that_pods_share_travel_once_a_stream() {
    let mut encoder = Encoder::default();
    let replicas = update(vec![pod("a", vec![(80, service("s"))]), pod("a", vec![(81, service("s"))])]);
    let first = encoder.encode(&replicas).unwrap();
    let defined = |sent: &Sent| [sent.workloads.len(), sent.services.len(), sent.telemetries.len(), sent.places.len()];
    assert_eq!(defined(&first), [1; 4]);
    let again = encoder.encode(&replicas).unwrap();
    assert_eq!(defined(&again), [0; 4]);
    assert_eq!(again.pods, first.pods);
}

#[test]
fn updates_are_correct_when_a_table_overflows() {
    let (mut encoder, mut decoder) = (Encoder::with_refs(3), Decoder::default());
    for round in 0..20 {
        let names = [round % 5, round % 7, round % 2].map(|number| format!("w{number}"));
        let pods = names.iter().map(|name| pod(name, vec![(80, service(name))])).collect();
        let mut sent = update(pods);
        let kind = OwnerKind::Service(Frontend::whole(service(&names[0])));
        let owners = vec![Owner { kind, from: 0, until: None, observed: false }];
        sent.addresses = vec![Address { address: "10.9.9.9".parse().unwrap(), owners }];
        let received = decoder.decode(encoder.encode(&sent).unwrap()).unwrap();
        assert_eq!(received.update, sent, "round {round}");
    }
}

#[test]
fn more_than_one_message_can_define_is_an_error() {
    let pods: Vec<_> = ["a", "b", "c"].map(|name| pod(name, vec![])).into();
    assert_eq!(Encoder::with_refs(2).encode(&update(pods)), Err(InvalidBatch::Workloads));
    let services = vec![(1, service("a")), (2, service("b")), (3, service("c"))];
    assert_eq!(Encoder::with_refs(2).encode(&update(vec![pod("a", services)])), Err(InvalidBatch::Services));
}

/// A telemetry that is different for each number.
fn telemetry(number: u32) -> Arc<Telemetry> {
    let long_connections = Some(Duration::from_secs(number.into()));
    Arc::new(Telemetry { long_connections, ..Telemetry::plain(SeriesSets::default()) })
}

/// Encodes and decodes an update.
fn send(encoder: &mut Encoder, decoder: &mut Decoder, update: &Update) {
    assert_eq!(decoder.decode(encoder.encode(update).unwrap()).unwrap().update, *update);
    assert_eq!(decoder.references(), encoder.references());
}

#[test]
fn a_telemetry_that_no_pod_uses_any_more_is_forgotten_at_both_ends() {
    let (mut encoder, mut decoder) = (Encoder::default(), Decoder::default());
    let with = |name: &str, number| LocalPod { telemetry: telemetry(number), ..pod(name, vec![]) };
    for edit in 0..100 {
        let edited = update(vec![with("a", edit), with("b", edit)]);
        send(&mut encoder, &mut decoder, &edited);
        assert_eq!(encoder.references()[2], 1, "edit {edit}");
    }
    let one_left = Update { removed_pods: vec!["a".to_owned()], ..Update::default() };
    send(&mut encoder, &mut decoder, &one_left);
    assert_eq!(encoder.references()[2], 1);
    send(&mut encoder, &mut decoder, &Update { removed_pods: vec!["b".to_owned()], ..Update::default() });
    assert_eq!(encoder.references()[2], 0);
}

#[test]
fn a_dropped_telemetry_is_freed_with_its_last_reference() {
    let (mut encoder, mut decoder) = (Encoder::default(), Decoder::default());
    let with = |number| update(vec![LocalPod { telemetry: telemetry(number), ..pod("a", vec![]) }]);
    let first = decoder.decode(encoder.encode(&with(1)).unwrap()).unwrap();
    let held = Arc::downgrade(&first.update.pods[0].telemetry);
    drop(first);
    assert_eq!(held.strong_count(), 1);
    decoder.decode(encoder.encode(&with(2)).unwrap()).unwrap();
    assert_eq!(held.strong_count(), 0);
}

proptest! {
    /// After a long stream of edits the state is that of a new stream, and references are bounded by those in use.
    #[test]
    fn a_stream_of_edits_keeps_what_is_live_and_a_bounded_rest(
        edits in vec(vec((0..6_u8, 0..4_u8, 0..40_u32, any::<bool>()), 1..6), 1..120),
    ) {
        const KEPT: usize = 8;
        let (mut encoder, mut decoder) = (Encoder::with_refs(64), Decoder::default());
        encoder.remembered = KEPT;
        let mut live: BTreeMap<String, LocalPod> = BTreeMap::new();
        for batch in edits {
            let mut sent = Update::default();
            for (uid, what, number, there) in batch {
                let name = format!("p{uid}");
                if sent.pods.iter().any(|local| local.pod.uid == name) || sent.removed_pods.contains(&name) {
                    continue;
                }
                if there {
                    let services = (0..what).map(|port| (port.into(), service(&format!("s{}", number + u32::from(port)))));
                    let mut local = LocalPod { telemetry: telemetry(number), ..pod(&name, services.collect()) };
                    let changed = Arc::make_mut(&mut local.pod);
                    changed.place = Arc::new(Place { node: format!("n{number}"), ..Place::default() });
                    sent.pods.push(local);
                } else {
                    sent.removed_pods.push(name);
                }
            }
            let received = decoder.decode(encoder.encode(&sent).unwrap()).unwrap().update;
            prop_assert_eq!(&received, &sent);
            let fresh = Decoder::default().decode(Encoder::default().encode(&sent).unwrap()).unwrap().update;
            prop_assert_eq!(&received, &fresh);
            for uid in &sent.removed_pods {
                live.remove(uid);
            }
            live.extend(received.pods.into_iter().map(|local| (local.pod.uid.clone(), local)));
            prop_assert_eq!(encoder.references(), decoder.references());
            let telemetries: BTreeSet<_> = live.values().map(|local| local.telemetry.long_connections).collect();
            prop_assert_eq!(decoder.references()[2], telemetries.len());
            // A message has at most 5 pods with 3 services each.
            let most = [KEPT + KEPT / 4, (KEPT + KEPT / 4).max(15), telemetries.len(), KEPT + KEPT / 4];
            for (found, most) in decoder.references().into_iter().zip(most) {
                prop_assert!(found <= most, "{:?} of at most {most}", decoder.references());
            }
        }
    }
}
