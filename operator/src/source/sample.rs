//! Objects for tests, with defaults for every field that a test is not about.

use crate::source::event::{Batch, Event};
use crate::source::object::{
    Endpoint, EndpointSlice, Key, Kind, Name, Namespace, Node, Object, Pod, PodRef, SeriesAnnotation, Service,
    ServicePort, SlicePort, Target,
};
use longwire_model::series::SeriesSets;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

/// In namespace `shop`, on node `n1`, with the label `app: <workload>`.
pub(crate) fn pod(workload: &str, name: &str, address: &str) -> Pod {
    Pod {
        name: Name::new("shop", name),
        uid: format!("uid-{name}"),
        mirrors: None,
        labels: BTreeMap::from([("app".to_owned(), workload.to_owned())]),
        workload: workload.to_owned(),
        node: Some("n1".to_owned()),
        service_account: "default".to_owned(),
        host_network: false,
        addresses: vec![ip(address)],
        started: 0,
        ended: false,
        finished: 0,
        ready: true,
        ports: BTreeMap::new(),
        series: SeriesAnnotation::default(),
        annotation_settings: None,
        meshed: false,
        labels_left_out: 0,
    }
}

/// Selects the pods of `workload` in its namespace and leads to port 8080.
pub(crate) fn service(name: &str, workload: &str, address: &str) -> Service {
    Service {
        name: Name::new("shop", name),
        created: 0,
        addresses: vec![ip(address)],
        load_balancer: Vec::new(),
        external: Vec::new(),
        selector: BTreeMap::from([("app".to_owned(), workload.to_owned())]),
        ports: vec![ServicePort { name: String::new(), number: 80, target: Target::Port(8080) }],
        ports_left_out: 0,
    }
}

pub(crate) fn slice(name: &str, service: &str, ports: &[u16], endpoints: Vec<Endpoint>) -> EndpointSlice {
    let service = Name::new("shop", service);
    let ports = ports.iter().map(|number| SlicePort { name: String::new(), number: *number }).collect();
    let mut endpoints = endpoints;
    endpoints.sort_unstable();
    EndpointSlice { name: Name::new("shop", name), uid: format!("uid-{name}"), created: 0, service, ports, endpoints }
}

pub(crate) fn to_pod(name: &str) -> Endpoint {
    Endpoint::Pod(PodRef { name: Name::new("shop", name), uid: None })
}

pub(crate) fn to_address(address: &str) -> Endpoint {
    Endpoint::Addresses(vec![ip(address)])
}

pub(crate) fn node(name: &str, address: &str) -> Node {
    Node { name: name.to_owned(), addresses: vec![ip(address)], pod_ranges: Vec::new(), zone: None, region: None }
}

pub(crate) fn namespace(name: &str, sets: SeriesSets) -> Namespace {
    Namespace { name: name.to_owned(), uid: format!("uid-{name}"), series: series_annotation(sets) }
}

pub(crate) fn series_annotation(sets: SeriesSets) -> SeriesAnnotation {
    SeriesAnnotation { sets: Some(sets), ..SeriesAnnotation::default() }
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// What can be applied.
pub(crate) trait IntoObject {
    fn object(self) -> Object;
}

macro_rules! into_object {
    ($($kind:ident),*) => {$(
        impl IntoObject for $kind {
            fn object(self) -> Object {
                Object::$kind(Arc::new(self))
            }
        }
    )*};
}
into_object!(EndpointSlice, Namespace, Node, Pod, Service);

pub(crate) fn apply(object: impl IntoObject) -> Event {
    Event::Apply(object.object())
}

pub(crate) fn delete(kind: Kind, name: &str) -> Event {
    let namespaced = !matches!(kind, Kind::Node | Kind::Namespace);
    let name = if namespaced { Name::new("shop", name) } else { Name::cluster_wide(name) };
    Event::Delete(Key { kind, name })
}

/// Keys of what a batch brings and takes away, and whether that was all.
pub(crate) fn keys_of(batch: &Batch) -> Vec<String> {
    let text = |event: &Event| match event {
        Event::Apply(object) => format!("+{}", object.key()),
        Event::Delete(key) => format!("-{key}"),
        Event::Synced => "synced".to_owned(),
    };
    batch.iter().map(text).collect()
}

/// The log lines of this thread meanwhile, without times.
pub(crate) fn log_of<T>(work: impl FnOnce() -> T) -> (T, Vec<String>) {
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);
    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().without_time().with_target(false).with_ansi(false);
    let subscriber = subscriber.with_writer(move || writer.clone()).finish();
    let result = tracing::subscriber::with_default(subscriber, work);
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    (result, text.lines().map(|line| line.trim().to_owned()).collect())
}
