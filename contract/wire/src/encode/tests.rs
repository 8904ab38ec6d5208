use super::{Encoder, InvalidBatch};
use crate::decode::Decoder;
use crate::proto::Update as Sent;
use longwire_model::identity::{Address, Backing, Holder, Owner, Place, Pod, Service, Workload};
use longwire_model::series::SeriesSets;
use longwire_model::telemetry::Telemetry;
use longwire_model::update::{LocalPod, Update};
use std::sync::Arc;

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
fn a_table_that_overflows_still_tells_every_update_right() {
    let (mut encoder, mut decoder) = (Encoder::with_refs(3), Decoder::default());
    for round in 0..20 {
        let names = [round % 5, round % 7, round % 2].map(|number| format!("w{number}"));
        let pods = names.iter().map(|name| pod(name, vec![(80, service(name))])).collect();
        let mut sent = update(pods);
        let holder = Holder::Service(service(&names[0]));
        let owners = vec![Owner { holder, from: 0, until: None, sighted: false }];
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
