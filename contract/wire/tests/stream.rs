//! What the operator means is what the probe understands, whatever it is, and whatever arrives, nothing panics.

use longwire_model::identity::{Address, Holder, Owner, Pod, Service, Workload};
use longwire_model::series::SeriesSet;
use longwire_model::update::{LocalPod, Update};
use longwire_wire::decode::Decoder;
use longwire_wire::encode::Encoder;
use longwire_wire::{proto, version};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use prost::Message;
use std::net::IpAddr;
use std::sync::Arc;

fn ip() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(IpAddr::from),
        any::<[u8; 16]>().prop_map(|ip| IpAddr::from(ip).to_canonical())
    ]
}

/// Few different ones, so that references repeat.
fn service() -> impl Strategy<Value = Arc<Service>> {
    ("[ab]{0,1}", "[ab]{0,2}|\\PC{1,4}").prop_map(|(namespace, name)| {
        Arc::new(Service { host: format!("{name}.{namespace}.svc"), namespace, name, cluster: "c".to_owned() })
    })
}

fn workload() -> impl Strategy<Value = Arc<Workload>> {
    ("[ab]{0,2}", "[ab]{0,1}", "\\PC{0,2}").prop_map(|(name, canonical_service, canonical_revision)| {
        let (namespace, cluster) = ("n".to_owned(), String::new());
        Arc::new(Workload { namespace, name, canonical_service, canonical_revision, cluster })
    })
}

fn pod() -> impl Strategy<Value = Arc<Pod>> {
    let services = btree_map(any::<u16>(), service(), 0..4);
    ("\\PC{1,8}", "\\PC{0,8}", vec(ip(), 0..3), any::<bool>(), workload(), services).prop_map(
        |(uid, name, addresses, host_network, workload, services)| {
            let services = services.into_iter().collect();
            Arc::new(Pod { uid, name, addresses, host_network, workload, services })
        },
    )
}

fn local_pod() -> impl Strategy<Value = LocalPod> {
    (pod(), proptest::sample::subsequence(SeriesSet::ALL.to_vec(), 0..=SeriesSet::ALL.len()))
        .prop_map(|(pod, sets)| LocalPod { pod, series: sets.into_iter().collect() })
}

fn owner() -> impl Strategy<Value = Owner> {
    let holder = prop_oneof![
        pod().prop_map(Holder::Pod),
        service().prop_map(Holder::Service),
        "\\PC{0,8}".prop_map(Holder::Node),
    ];
    (holder, any::<u64>(), proptest::option::of(1..u64::MAX)).prop_map(|(holder, from, until)| Owner {
        holder,
        from,
        until,
    })
}

fn update() -> impl Strategy<Value = Update> {
    let addresses = vec((ip(), vec(owner(), 0..3)), 0..4)
        .prop_map(|list| list.into_iter().map(|(address, owners)| Address { address, owners }).collect());
    (any::<u64>(), vec(local_pod(), 0..4), vec("\\PC{0,8}", 0..3), addresses)
        .prop_map(|(version, pods, removed_pods, addresses)| Update { version, pods, removed_pods, addresses })
}

fn over_the_wire(sent: &proto::Update) -> proto::Update {
    proto::Update::decode(sent.encode_to_vec().as_slice()).unwrap()
}

proptest! {
    #[test]
    fn what_is_sent_on_a_stream_is_what_arrives(updates in vec(update(), 1..5)) {
        let (mut encoder, mut decoder) = (Encoder::default(), Decoder::default());
        for sent in updates {
            let received = decoder.decode(over_the_wire(&encoder.encode(&sent).unwrap())).unwrap();
            let pods: Vec<u64> = received.update.pods.iter().map(version::of_local_pod).collect();
            let addresses: Vec<u64> = received.update.addresses.iter().map(version::of_address).collect();
            prop_assert_eq!(&received.update, &sent);
            prop_assert_eq!(received.pod_versions, pods);
            prop_assert_eq!(received.address_versions, addresses);
        }
    }

    #[test]
    fn damaged_messages_are_refused_or_understood_and_never_panic(
        update in update(), at in any::<prop::sample::Index>(), byte in any::<u8>(), more in vec(any::<u8>(), 0..64),
    ) {
        let mut bytes = Encoder::default().encode(&update).unwrap().encode_to_vec();
        let at = at.index(bytes.len() + 1);
        bytes.splice(at..(at + 1).min(bytes.len()), [byte]);
        bytes.extend(more);
        if let Ok(message) = proto::Update::decode(bytes.as_slice()) {
            let _ = Decoder::default().decode(message);
        }
    }
}
