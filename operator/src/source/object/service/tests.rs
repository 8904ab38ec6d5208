use super::*;
use crate::source::sample::log_of;
use serde_json::{Value, from_value, json};

fn read(ports: &[Value]) -> Service {
    let object = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"ports": ports},
    });
    Service::read(from_value(object).unwrap()).unwrap().unwrap()
}

#[test]
fn of_a_service_with_thousands_of_ports_the_first_thousand_are_kept() {
    let ports: Vec<_> = (1..=3_000).map(|port| json!({"name": port.to_string(), "port": port})).collect();
    let (service, lines) = log_of(|| read(&ports));
    assert_eq!((service.ports.len(), service.ports_left_out, service.numbers().last()), (1_024, 1_976, Some(&1_024)));
    assert_eq!(lines, ["WARN Service shop/web: spec.ports: more than 1024 for TCP: it is left out"]);
}

#[test]
fn the_ports_that_a_service_listens_on_are_those_for_tcp_each_once() {
    let udp = json!({"port": 53, "protocol": "UDP"});
    assert_eq!(read(std::slice::from_ref(&udp)).numbers(), [0; 0]);
    let both =
        [json!({"name": "b", "port": 443}), udp, json!({"name": "a", "port": 80}), json!({"name": "c", "port": 443})];
    assert_eq!(read(&both).numbers(), [80, 443]);
}
