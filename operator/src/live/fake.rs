//! Pods and connections for the tests.

use super::row::{Facts, Key, Side};
use super::written::Texts;
use crate::index::seen::SeenPod;
use crate::source::object::{Name, Pod};
use crate::source::sample;
use longwire_model::connection::{Reporter, Traffic};
use longwire_model::identity::{Place, Workload};
use longwire_model::live::{Described, LiveEnd, LiveName, LivePod, Moved};
use std::sync::Arc;

/// By node, namespace and name. Its UID is its name.
pub(super) const PODS: [(&str, &str, &str); 4] =
    [("n1", "shop", "web"), ("n2", "shop", "cart"), ("n2", "bank", "vault"), ("n3", "kube-system", "dns")];

/// What the operator knows.
pub(super) fn pod(node: &str, uid: &str) -> Option<SeenPod> {
    let (_, namespace, name) = PODS.into_iter().find(|(on, _, name)| (*on, *name) == (node, uid))?;
    let object = Pod {
        name: Name::new(namespace, name),
        uid: uid.to_owned(),
        node: Some(node.to_owned()),
        ..sample::pod(name, name, "10.0.0.1")
    };
    Some(SeenPod::new(Arc::new(object), (node == "n1").then(|| "z1".into())))
}

pub(super) fn node_of(uid: &str) -> &'static str {
    PODS.into_iter().find(|(.., name)| *name == uid).unwrap().0
}

/// What a probe says of an end, with names of its own making.
pub(super) fn end(uid: &str) -> LiveEnd {
    let forged = || "forged".to_owned();
    let workload = Workload {
        namespace: forged(),
        name: forged(),
        canonical_service: forged(),
        canonical_revision: forged(),
        cluster: forged(),
    };
    let place = Arc::new(Place { node: node_of(uid).to_owned(), ..Place::default() });
    let pod = LivePod { uid: uid.to_owned(), name: forged(), place };
    LiveEnd { workload: Some(Arc::new(workload)), pod: Some(Arc::new(pod)) }
}

/// A connection between two pods, as one end describes it.
pub(super) fn described(id: u8, (source, destination): (&str, &str), reporter: Reporter) -> Described {
    Described {
        reporter,
        name: LiveName::Shared([id; 16]),
        source: end(source),
        destination: end(destination),
        service: None,
        requested_service: None,
        source_address: "10.0.0.1:4000".parse().unwrap(),
        requested_address: "10.0.0.2:80".parse().unwrap(),
        answered: None,
        start: 1,
        handshake: None,
        adopted: false,
    }
}

/// From the source, to the source.
pub(super) fn moved(at: u64, received: u64, sent: u64) -> Moved {
    Moved { at, traffic: Traffic { sent, received, ..Traffic::default() }, ..Moved::default() }
}

pub(super) fn facts(id: u8, source: Option<&str>, destination: Option<&str>) -> Arc<Facts> {
    let side = |uid: Option<&str>| Side { pod: uid.map(|uid| pod(node_of(uid), uid).unwrap()), address: None };
    let key = Key::Shared([id; 16]);
    Arc::new(Facts {
        name: key.to_string().into(),
        key,
        source: side(source),
        destination: side(destination),
        service: None,
        requested_service: None,
        requested_address: "10.0.0.2:80".parse().unwrap(),
        start: 1,
        adopted: false,
        texts: Texts::default(),
    })
}
