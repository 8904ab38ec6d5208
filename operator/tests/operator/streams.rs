//! The stream between a probe and the operator.

use crate::harness::{Running, hello, node, pod};
use longwire_wire::message::{FromProbe, Hello, Interest};
use longwire_wire::proto;
use std::net::IpAddr;
use tonic::Code;

#[tokio::test]
async fn answers_are_sent_only_on_demand() {
    let operator = Running::with(&[("a.yaml", &pod("web", "a", "10.0.0.1"))]).await;
    let mut probe = operator.probe("n2").await;
    operator.write("b.yaml", pod("web", "b", "10.0.0.2"));
    operator.write("n2.yaml", pod("web", "c", "10.0.0.3").replace("nodeName: n1", "nodeName: n2"));
    probe.until(|known| known.pods.contains_key("c")).await;
    assert_eq!(probe.answers(&["10.0.0.2"]).await, "b owns");
    assert_eq!(probe.known.addresses.keys().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.2"]);
    // Dropped, it is no longer answered.
    let drop = vec!["10.0.0.2".parse().unwrap()];
    probe.send(FromProbe::Interest(Interest { add: vec!["10.0.0.1".parse().unwrap()], drop })).await;
    let first = "10.0.0.1".parse().unwrap();
    probe.until(|known| known.owners(first) == "a owns").await;
    operator.write("b.yaml", "");
    operator.write("a.yaml", "");
    probe.until(|known| known.owners(first) == "a left").await;
    assert_eq!(probe.known.owners("10.0.0.2".parse().unwrap()), "b owns");
}

#[tokio::test]
async fn after_a_reconnect_only_what_changed_is_sent() {
    let (a, b) = (pod("web", "a", "10.0.0.1"), pod("web", "b", "10.0.0.2"));
    let operator = Running::with(&[("a.yaml", &a), ("b.yaml", &b), ("n.yaml", &node("n1", "10.9.0.1"))]).await;
    let mut probe = operator.probe("n1").await;
    probe.answers(&["10.0.0.1", "10.0.0.2", "10.9.0.1"]).await;
    let known = Hello {
        pods: probe.known.pods.iter().map(|(uid, (_, version))| (uid.clone(), *version)).collect(),
        addresses: probe.known.addresses.iter().map(|(address, (_, version))| (*address, *version)).collect(),
        ..hello("n1")
    };
    drop(probe);
    let mut same = operator.connect([FromProbe::Hello(known.clone())]).await;
    let update = same.next().await.unwrap();
    assert_eq!((update.pods.len(), update.removed_pods.len(), update.addresses.len()), (0, 0, 0));
    operator.write("a.yaml", pod("other", "a", "10.0.0.1"));
    same.known.pods.clear();
    same.until(|known| known.pod("a").starts_with("other/")).await;
    let mut again = operator.connect([FromProbe::Hello(known)]).await;
    let update = again.next().await.unwrap();
    let pods: Vec<_> = update.pods.iter().map(|local| local.pod.uid.as_str()).collect();
    let addresses: Vec<_> = update.addresses.iter().map(|answer| answer.address.to_string()).collect();
    assert_eq!((pods, update.removed_pods.len(), addresses), (vec!["a"], 0, vec!["10.0.0.1".to_owned()]));
}

#[tokio::test]
async fn the_first_message_has_to_be_hello() {
    let operator = Running::with(&[]).await;
    let refused = |status: tonic::Status| (status.code(), status.message().to_owned());
    let mut ack = operator.connect([FromProbe::Ack { version: 1 }]).await;
    let text = "the first message of a stream must be hello, and was not";
    assert_eq!(refused(ack.last_status().await), (Code::InvalidArgument, text.to_owned()));
    let mut nothing = operator.connect_raw([proto::ProbeMessage { message: None }]).await;
    let text = "message: none of hello, interest, ack, nack, authenticate, observed_addresses, notice, or one from a newer probe";
    assert_eq!(refused(nothing.last_status().await), (Code::InvalidArgument, text.to_owned()));
    let mut no_node = operator.connect([FromProbe::Hello(hello(""))]).await;
    let text = "hello.node: empty, must be the name of the probe's node";
    assert_eq!(refused(no_node.last_status().await), (Code::InvalidArgument, text.to_owned()));
    let mut twice = operator.connect([FromProbe::Hello(hello("n1")), FromProbe::Hello(hello("n1"))]).await;
    assert_eq!(twice.last_status().await.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn an_address_that_is_none_ends_the_stream_with_its_name() {
    let operator = Running::with(&[]).await;
    let interest = proto::Interest { add: vec![vec![1, 2, 3]], drop: vec![] };
    let message = proto::ProbeMessage { message: Some(proto::probe_message::Message::Interest(interest)) };
    let mut probe = operator.connect_raw([FromProbe::Hello(hello("n1")).into(), message]).await;
    let status = probe.last_status().await;
    let text = "interest.add: an address has 4 or 16 bytes, not 3: [01, 02, 03]";
    assert_eq!((status.code(), status.message()), (Code::InvalidArgument, text));
}

#[tokio::test]
async fn a_probe_that_queries_too_many_addresses_is_refused_with_a_reason() {
    let operator = Running::with(&[]).await;
    let addresses = (0..20_481_u32).map(|number| (IpAddr::from(number.to_be_bytes()), 0)).collect();
    let mut probe = operator.connect([FromProbe::Hello(Hello { addresses, ..hello("n1") })]).await;
    let status = probe.last_status().await;
    let text = "more than 20480 addresses are requested: drop some";
    assert_eq!((status.code(), status.message()), (Code::ResourceExhausted, text));
}

#[tokio::test]
async fn many_answers_all_arrive() {
    let operator = Running::with(&[]).await;
    let addresses: Vec<_> = (0..20_000_u32).map(|number| (IpAddr::from(number.to_be_bytes()), 0)).collect();
    let mut probe = operator.connect([FromProbe::Hello(Hello { addresses, ..hello("n1") })]).await;
    while probe.known.addresses.len() < 20_000 {
        let version = probe.next().await.unwrap().version;
        probe.send(FromProbe::Ack { version }).await;
    }
}

#[tokio::test]
async fn a_node_may_have_several_streams_and_a_refusal_ends_none() {
    let operator = Running::with(&[("a.yaml", &pod("web", "a", "10.0.0.1"))]).await;
    let (mut one, mut two) = (operator.probe("n1").await, operator.probe("n1").await);
    one.send(FromProbe::Nack { version: 1, error: "no".to_owned() }).await;
    two.send(FromProbe::Ack { version: 1 }).await;
    operator.write("a.yaml", pod("other", "a", "10.0.0.1"));
    for probe in [&mut one, &mut two] {
        probe.until(|known| known.pod("a").starts_with("other/")).await;
    }
}

#[tokio::test]
async fn a_notice_is_no_reason_to_end_a_stream() {
    let operator = Running::with(&[("a.yaml", &pod("web", "a", "10.0.0.1"))]).await;
    let mut probe = operator.probe("n1").await;
    for number in 0..100 {
        probe.send(FromProbe::Notice(format!("{number}"))).await;
    }
    operator.write("a.yaml", pod("other", "a", "10.0.0.1"));
    probe.until(|known| known.pod("a").starts_with("other/")).await;
}

#[tokio::test]
async fn an_operator_that_stops_ends_its_streams_with_a_status() {
    let operator = Running::with(&[]).await;
    let mut probe = operator.probe("n1").await;
    operator.stop().await;
    let status = probe.last_status().await;
    assert_eq!((status.code(), status.message()), (Code::Unavailable, "the operator is stopping"));
}
