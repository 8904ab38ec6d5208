//! Label sets that are removed, and what was not sent of them.

use super::stage::{SECOND, SENT, Stage, bytes, values};
use crate::statsd::Options;
use longwire_model::series::Metric;
use longwire_pipeline::metrics::LabelSetId;
use std::ops::ControlFlow;

#[test]
fn what_was_sent_is_kept_until_the_label_set_is_removed() {
    let mut stage = Stage::new(Options::default());
    let held: Vec<_> = ["one", "two"].map(|source| stage.edge(source)).into();
    held.iter().for_each(|to| stage.add(to, &bytes(5)));
    assert_eq!(stage.known(), 0);
    stage.flush();
    assert_eq!(stage.known(), 2);
    stage.remove(&held[0]);
    assert_eq!(stage.known(), 1);
    stage.remove(&held[1]);
    assert_eq!((stage.known(), stage.lost()), (0, 0));
}

#[test]
fn another_label_set_in_the_slot_begins_at_zero() {
    for is_notified in [true, false] {
        let mut stage = Stage::new(Options::default());
        if !is_notified {
            stage.store.when_removed(|_| {});
        }
        let held = stage.edge("one");
        stage.add(&held, &bytes(5));
        stage.flush();
        stage.remove(&held);
        let other = stage.edge("two");
        stage.add(&other, &bytes(7));
        assert_eq!(values(&stage.flush(), SENT), ["7"]);
        assert_eq!(values(&stage.flush(), SENT), [""; 0]);
        assert_eq!(stage.known(), 1);
    }
}

#[test]
fn a_label_set_that_was_in_the_slot_before_is_forgotten_alone() {
    let mut stage = Stage::new(Options::default());
    let held = stage.edge("client");
    stage.add(&held, &bytes(5));
    stage.flush();
    let family = Metric::IstioSentBytes.family();
    let mut ids = Vec::new();
    let _ = stage.store.read(family, (0, u64::MAX), |_, series| {
        ids.push(series.id());
        ControlFlow::Continue(())
    });
    let id = ids[0];
    stage.encoder.lock().unwrap().forget(LabelSetId { birth: id.birth - 1, ..id });
    assert_eq!(stage.known(), 1);
    stage.encoder.lock().unwrap().forget(id);
    assert_eq!(stage.known(), 0);
}

#[test]
fn the_store_waits_for_a_flush_that_is_sent() {
    let mut stage = Stage::new(Options::default());
    let held = stage.edge("client");
    stage.flush();
    stage.now += 590 * SECOND;
    stage.add(&held, &bytes(5));
    stage.store.release(&held, stage.now);
    stage.store.publish();
    let changed = stage.now;
    // Ten minutes later one flush fails, so the label set is there for the next one.
    for _ in 0..5 {
        stage.now += 110 * SECOND;
        stage.flush_some(|_| false);
    }
    stage.now = changed + 700 * SECOND;
    assert_eq!(values(&stage.flush(), SENT), ["5"]);
    stage.flush();
    stage.store.expire(stage.now, &mut |_| false);
    assert_eq!((stage.known(), stage.lost()), (0, 0));
}

#[test]
fn a_packet_may_be_sent_after_its_label_set_is_removed() {
    let mut stage = Stage::new(Options::default());
    let held = stage.edge("client");
    stage.add(&held, &bytes(5));
    let packets = stage.packets();
    stage.remove(&held);
    for packet in packets {
        stage.encoder.lock().unwrap().sent(packet);
    }
    assert_eq!(stage.flush(), []);
    assert_eq!((stage.known(), stage.lost()), (0, 0));
}

#[test]
fn a_packet_that_fails_after_its_label_set_is_removed_is_in_the_next_flush_until_it_is_sent() {
    let mut stage = Stage::new(Options::default());
    let [held, other] = ["client", "other"].map(|source| stage.edge(source));
    stage.add(&held, &bytes(5));
    stage.add(&other, &bytes(6));
    let packets = stage.packets();
    stage.remove(&held);
    packets.iter().for_each(|packet| stage.encoder.lock().unwrap().failed(packet));
    assert_eq!(stage.flush_some(|_| false), []);
    let lines = stage.flush();
    assert_eq!(values(&lines, SENT), ["5", "6"]);
    assert!(lines[0].has(&[("source_workload", "client")]));
    // Its gauge is gone with it.
    assert_eq!(values(&lines, "longwire_tcp_connections_active"), ["0"]);
    assert_eq!(values(&stage.flush(), SENT), [""; 0]);
    assert_eq!(stage.lost(), 0);
}

#[test]
fn what_failed_before_its_label_set_was_removed_is_counted_as_lost() {
    let mut stage = Stage::new(Options::default());
    let held = stage.edge("client");
    stage.add(&held, &bytes(5));
    stage.flush_some(|_| false);
    stage.remove(&held);
    assert_eq!(stage.lost(), 0);
    assert_eq!(stage.flush(), []);
    assert_eq!(stage.lost(), 1);
}

/// Flushes many edges, removes them, and fails. Returns how many lines the next flush has of them.
fn kept(stage: &mut Stage) -> usize {
    let held: Vec<_> = (0..200).map(|number| stage.edge(&format!("client-{number}"))).collect();
    held.iter().for_each(|to| stage.add(to, &bytes(5)));
    let packets = stage.packets();
    held.iter().for_each(|to| stage.store.release(to, stage.now));
    stage.store.publish();
    stage.now += 1_000 * SECOND;
    stage.store.expire(stage.now, &mut |_| false);
    packets.iter().for_each(|packet| stage.encoder.lock().unwrap().failed(packet));
    values(&stage.flush(), SENT).len()
}

#[test]
fn lines_of_removed_label_sets_are_kept_within_a_bound_and_each_time_anew() {
    let mut stage = Stage::new(Options::default());
    for times in 1..4 {
        let sent = kept(&mut stage);
        assert!((90..100).contains(&sent), "{sent}");
        assert_eq!(stage.lost(), times * (200 - sent as u64));
    }
}
