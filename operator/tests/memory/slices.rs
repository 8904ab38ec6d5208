//! Thousands of EndpointSlices that one tenant has written by hand, and another tenant's edits meanwhile.

use super::{ALONE, HEAP, MAX_HEAP, Operator};
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::discovery::v1 as discovery;
use longwire_operator::source::event::Event;
use longwire_operator::source::object::{EndpointSlice, Object, Service};
use nix::time::{ClockId, clock_gettime};
use serde_json::{Value, from_value, json};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// Each with as many endpoints as the API server admits.
const SLICES: usize = if cfg!(debug_assertions) { 300 } else { 2_000 };
const ENDPOINTS: usize = 1_000;
/// As many as one batch of a watch may bring.
const BATCH: usize = 100;
/// Pods of the tenant that exist.
const PODS: usize = 500;
/// An edit of another tenant is worked out within this, whatever it waits for: processor time, for a busy machine may stall this
/// thread for longer.
const SOON: Duration = Duration::from_secs(2);

fn worked() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

fn pod(namespace: &str, name: &str, labels: &Value) -> Event {
    let pod = json!({
        "metadata": {"name": name, "namespace": namespace, "uid": name, "labels": labels},
        "spec": {"nodeName": "n0", "containers": []}, "status": {"phase": "Running"},
    });
    let pod: core::Pod = from_value(pod).unwrap();
    Event::Apply(Object::Pod(Arc::new(pod.try_into().unwrap())))
}

fn service(namespace: &str, name: &str, selector: &Value) -> Event {
    let service = json!({
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": selector, "ports": [{"port": 80, "targetPort": 8080}]},
    });
    let service = Service::read(from_value(service).unwrap()).unwrap().unwrap();
    Event::Apply(Object::Service(Arc::new(service)))
}

/// Of a Service of its own. Every one leads to each of the tenant's pods, to the victim's, and to pods that are not there.
fn slice(number: usize, ports: usize) -> Event {
    let endpoint = |at: usize| match at {
        _ if at < PODS => json!({"addresses": ["192.0.2.1"], "targetRef": {"kind": "Pod", "name": format!("p{at}")}}),
        PODS => json!({"addresses": ["192.0.2.1"], "targetRef": {"kind": "Pod", "name": "v", "namespace": "victim"}}),
        _ => json!({"addresses": ["192.0.2.1"], "targetRef": {"kind": "Pod", "name": format!("none-{number}-{at}")}}),
    };
    let ports: Vec<_> = (0..ports).map(|port| json!({"port": 1_000 + number % 100 * 100 + port})).collect();
    let slice = json!({
        "addressType": "IPv4", "ports": ports, "endpoints": (0..ENDPOINTS).map(endpoint).collect::<Vec<_>>(),
        "metadata": {
            "name": format!("s{number}"), "namespace": "evil", "labels": {"kubernetes.io/service-name": format!("w{number}")},
        },
    });
    let slice: discovery::EndpointSlice = from_value(slice).unwrap();
    Event::Apply(Object::EndpointSlice(Arc::new(EndpointSlice::read(slice).unwrap().unwrap())))
}

fn run(ports: usize) {
    let mut operator = Operator::new();
    let before = HEAP.allocated();
    operator.take((0..PODS).map(|number| pod("evil", &format!("p{number}"), &json!({"app": "a"}))).collect());
    operator.take(vec![pod("victim", "v", &json!({"app": "v"})), service("victim", "web", &json!({"app": "v"}))]);
    let (mut longest, mut notes) = (Duration::ZERO, 0);
    for first in (0..SLICES).step_by(BATCH) {
        let numbers = first..first + BATCH;
        let mut events: Vec<Event> = numbers.clone().map(|number| slice(number, ports)).collect();
        events.extend(numbers.map(|number| service("evil", &format!("w{number}"), &json!({"app": "a"}))));
        let version = format!("v{first}");
        events.push(pod("victim", "v", &json!({"app": "v", "version": version})));
        let began = worked();
        operator.take(events);
        longest = longest.max(worked() - began);
        let victim = &operator.nodes["n0"].pods["v"].1.pod;
        assert_eq!(victim.workload.canonical_revision, version);
        let services: Vec<_> = victim.services.iter().map(|backing| backing.service.name.as_str()).collect();
        assert_eq!(services, ["web"]);
        notes += 1;
    }
    let (heap, refused) = (HEAP.allocated() - before, operator.index.slices_refused());
    let warnings = operator.index.take_warnings();
    println!(
        "{SLICES} slices of {ENDPOINTS} endpoints and {ports} ports: {} MiB, the longest of {notes} edits {longest:.0?}, {refused} \
         refused",
        heap >> 20
    );
    assert!(heap <= MAX_HEAP, "{heap}");
    assert!(longest <= SOON, "{longest:?}");
    assert!(refused > SLICES - 30 && refused < SLICES, "{refused}");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
}

#[test]
fn thousands_of_slices_written_by_hand_stay_within_memory_and_delay_no_others() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    [1, 100].into_iter().for_each(run);
}
