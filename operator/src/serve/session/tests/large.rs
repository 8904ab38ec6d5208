//! Configurations that one update does not hold.

use super::{TestProbe, local};
use longwire_model::matcher::{Pattern, StatsMatcher, StringMatcher};
use longwire_model::telemetry::Telemetry;
use longwire_model::update::LocalPod;
use longwire_wire::message::{FromProbe, Hello};
use longwire_wire::{MAX_UPDATE, codec, proto};
use prost::Message;
use std::sync::Arc;

/// A pod of this name, with a telemetry of its own of about so many bytes.
fn with_telemetry(name: &str, bytes: usize) -> LocalPod {
    const EACH: usize = 200;
    let text = |number| format!("{name}{number:0width$}", width = EACH - name.len());
    let matcher = |number| StringMatcher::new(Pattern::Exact(text(number)), false).unwrap();
    let local = local(name);
    let stats = Some(StatsMatcher::Inclusion((0..bytes / EACH).map(matcher).collect()));
    LocalPod { telemetry: Arc::new(Telemetry { stats, ..(*local.telemetry).clone() }), ..local }
}

#[test]
fn ninety_six_large_telemetries_are_sent_in_updates_that_a_probe_takes() {
    let mut probe = TestProbe::new(Hello::default());
    let pods: Vec<_> = (0..96).map(|number| with_telemetry(&format!("p{number:02}"), 300 << 10)).collect();
    probe.publish(&pods, &[]);
    let (mut sent, mut updates) = (Vec::new(), 0);
    while let Some(update) = probe.session.next(&probe.published.borrow()).unwrap() {
        let bytes = update.encode_to_vec();
        assert!(bytes.len() <= MAX_UPDATE, "{} bytes", bytes.len());
        let version = update.version;
        let arrived: proto::Update = codec::decode(&bytes).unwrap();
        sent.extend(arrived.pods.into_iter().map(|local| local.pod.unwrap().uid));
        updates += 1;
        probe.session.receive(FromProbe::Ack { version }).unwrap();
        // Nothing is at work everywhere before the last part is.
        let applied = probe.acks.snapshot();
        assert_eq!(applied.contains_key("n1"), sent.len() == 96, "after {} pods", sent.len());
    }
    let expected: Vec<_> = pods.iter().map(|local| local.pod.uid.clone()).collect();
    assert_eq!((sent, updates), (expected, 48));
}

#[test]
fn pods_that_share_a_telemetry_go_into_one_update() {
    let mut probe = TestProbe::new(Hello::default());
    let one = with_telemetry("p", 80 << 10).telemetry;
    let pods: Vec<_> =
        (0..96).map(|number| LocalPod { telemetry: Arc::clone(&one), ..local(&format!("p{number:02}")) }).collect();
    probe.publish(&pods, &[]);
    assert_eq!(probe.next().unwrap().pods, pods);
    assert_eq!(probe.next(), None);
}

#[test]
fn a_pod_that_no_update_holds_is_not_sent_and_the_others_are() {
    let mut probe = TestProbe::new(Hello::default());
    probe.publish(&[with_telemetry("a", 2 << 20), local("b")], &[]);
    let update = probe.next().unwrap();
    assert_eq!(update.pods, [local("b")]);
    probe.session.receive(FromProbe::Ack { version: update.version }).unwrap();
    assert_eq!(probe.next(), None);
    let refused = probe.acks.snapshot()["n1"].refused.clone().unwrap().1;
    assert!(refused.starts_with("pod uid-a with its telemetry takes 2"), "{refused}");
    assert!(refused.ends_with("and at most 1048576 are sent to a probe: shorten its policies"), "{refused}");
    // Shortened, it is sent.
    probe.publish(&[local("a"), local("b")], &[]);
    assert_eq!(probe.next().unwrap().pods, [local("a")]);
}

#[test]
fn a_part_that_is_refused_is_not_sent_again_with_the_next() {
    let mut probe = TestProbe::new(Hello::default());
    let pods: Vec<_> = (0..21).map(|number| with_telemetry(&format!("p{number:02}"), 80 << 10)).collect();
    probe.publish(&pods, &[]);
    let update = probe.next().unwrap();
    assert_eq!(update.pods, pods[..7]);
    probe.session.receive(FromProbe::Nack { version: update.version, error: "no".to_owned() }).unwrap();
    let next = probe.next().unwrap();
    assert_eq!((&next.pods[..], next.settings), (&pods[7..14], None));
    assert_eq!(probe.next().unwrap().pods, pods[14..]);
    assert_eq!(probe.next(), None);
}
