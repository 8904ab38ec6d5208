use super::*;
use crate::record::{CloseReason, Event, Role};

fn counters(sent: u64, received: u64) -> Counters {
    Counters { sent, received, ..Counters::default() }
}

fn record(id: u64, event: Event, counters: Counters) -> ConnectionRecord {
    ConnectionRecord {
        event,
        id,
        time: 90,
        syn_time: Some(10),
        established: Some(20),
        role: Some(Role::Active),
        adopted: false,
        untracked: false,
        by_remote: false,
        close_reason: CloseReason::Fin,
        cgroup: 1,
        netns: 1,
        sequence: None,
        local: "10.0.0.1:1000".parse().unwrap(),
        remote: "10.0.0.2:80".parse().unwrap(),
        counters,
    }
}

fn announce(table: &mut Connections<()>, id: u64, counters: Counters) -> bool {
    matches!(table.announce(&record(id, Event::Announce, counters), ()), Announced::New)
}

fn sample<'a>(table: &'a mut Connections<()>, id: u64, counters: &Counters) -> Option<Sampled<'a, ()>> {
    let sample = Sample { id, counters: *counters };
    let [at] = table.locate(&[sample]);
    table.sample(at, &sample)
}

fn pass(table: &mut Connections<()>, samples: &[(u64, Counters)], complete: bool) -> Vec<u64> {
    table.begin_pass();
    for (id, counters) in samples {
        sample(table, *id, counters);
    }
    table.end_pass(complete).into_iter().map(|entry| entry.id).collect()
}

#[test]
fn a_sample_gains_what_is_new_and_a_repeated_one_nothing() {
    let mut table = Connections::new(10);
    assert!(announce(&mut table, 7, counters(5, 1)));
    let gain = |table: &mut Connections<()>, sent, received| {
        let gain = sample(table, 7, &counters(sent, received)).unwrap().gain;
        (gain.sent, gain.received)
    };
    assert_eq!(gain(&mut table, 8, 1), (3, 0));
    assert_eq!(gain(&mut table, 8, 1), (0, 0));
    assert_eq!(table.counts.backwards, 0);
    assert_eq!(gain(&mut table, 6, 4), (0, 3), "the older of two samples that met on the way");
    assert_eq!(gain(&mut table, 9, 4), (1, 0));
    assert_eq!(table.counts.backwards, 1);
    assert_eq!(table.get_mut(7).unwrap().total(), Totals { sent: 9, received: 4, ..Totals::default() });
}

#[test]
fn an_idle_sample_keeps_the_connection_and_its_counters() {
    let mut table = Connections::new(10);
    assert!(announce(&mut table, 7, counters(5, 1)));
    let still = Counters { srtt_us: STILL, ..Counters::default() };
    for _ in 0..4 {
        assert_eq!(pass(&mut table, &[(7, still)], true), []);
    }
    assert_eq!(table.counts.backwards, 0);
    assert_eq!(table.get_mut(7).unwrap().total(), Totals { sent: 5, received: 1, ..Totals::default() });
    assert!(sample(&mut table, 8, &still).is_none());
    assert_eq!(table.counts.samples_unknown, 1);
}

#[test]
fn an_adopted_connection_counts_from_its_baseline_on() {
    let mut table = Connections::new(10);
    let adopted = ConnectionRecord { adopted: true, ..record(7, Event::Announce, counters(100, 50)) };
    assert!(matches!(table.announce(&adopted, ()), Announced::New));
    assert_eq!(table.get_mut(7).unwrap().opened, 90, "adopted when it was announced, whenever it was established");
    sample(&mut table, 7, &counters(103, 50));
    let close = ConnectionRecord { adopted: true, ..record(7, Event::Close, counters(103, 60)) };
    let Closing::Known { entry, gain } = table.close(&close) else { panic!("it was announced") };
    assert!(entry.is_adopted());
    assert_eq!((gain.sent, gain.received), (0, 10));
    assert_eq!((entry.total().sent, entry.total().received), (3, 10));
}

#[test]
fn a_close_without_an_announce_brings_everything_unless_there_is_no_baseline() {
    let mut table = Connections::<()>::new(10);
    let close = record(7, Event::Close, counters(3, 4));
    assert!(matches!(table.close(&close), Closing::First(totals) if totals.sent == 3 && totals.received == 4));
    assert!(matches!(table.close(&close), Closing::Ignored), "again");
    assert!(matches!(table.close(&ConnectionRecord { id: 8, adopted: true, ..close }), Closing::Ignored));
    assert!(matches!(table.close(&ConnectionRecord { id: 0, untracked: true, ..close }), Closing::Ignored));
    assert!(matches!(table.close(&ConnectionRecord { id: 0, untracked: true, ..close }), Closing::Ignored));
    let expected = Counts { late: 1, unadopted_closes: 1, untracked_closes: 2, ..Counts::default() };
    assert_eq!(table.counts, expected);
}

#[test]
fn what_comes_late_does_not_revive_a_closed_connection_for_a_complete_pass() {
    let mut table = Connections::new(10);
    announce(&mut table, 7, counters(1, 1));
    assert!(matches!(table.close(&record(7, Event::Close, counters(2, 2))), Closing::Known { .. }));
    assert!(!table.fail(7));
    assert!(table.fail(8));
    for complete in [true, false, false] {
        assert!(!announce(&mut table, 7, counters(2, 2)));
        assert!(!announce(&mut table, 8, counters(2, 2)));
        assert!(sample(&mut table, 7, &counters(2, 2)).is_none());
        pass(&mut table, &[], complete);
    }
    assert_eq!((table.counts.late, table.counts.samples_unknown), (10, 0));
    pass(&mut table, &[], true);
    assert!(sample(&mut table, 7, &counters(2, 2)).is_none());
    assert_eq!((table.counts.late, table.counts.samples_unknown), (10, 1));
}

#[test]
fn what_a_complete_pass_has_not_seen_has_vanished() {
    let mut table = Connections::new(10);
    table.begin_pass();
    for id in 1..=4 {
        announce(&mut table, id, counters(id, 0));
    }
    assert!(table.end_pass(true).is_empty(), "announced in it");
    assert_eq!(pass(&mut table, &[(1, counters(1, 0))], false), [] as [u64; 0], "it left something out");
    assert_eq!(pass(&mut table, &[(3, counters(3, 0)), (1, counters(1, 0))], true), [4, 2]);
    assert_eq!(table.counts.closes_lost, 2);
    assert_eq!(table.len(), 2);
    assert!(matches!(table.close(&record(4, Event::Close, counters(9, 9))), Closing::Ignored), "it was counted");
    for id in [1, 3] {
        assert_eq!(table.get_mut(id).unwrap().total().sent, id, "entries move, and are still found");
    }
    assert_eq!(pass(&mut table, &[(1, counters(1, 0))], true), [] as [u64; 0], "one pass is no proof");
    assert_eq!(pass(&mut table, &[(1, counters(1, 0))], true), [3]);
}

#[test]
fn a_full_table_refuses_and_requests_all_connections_again_when_it_has_room() {
    let mut table = Connections::new(32);
    for id in 1..=32 {
        assert!(announce(&mut table, id, counters(0, 0)));
    }
    assert!(!table.wants_reannounce(), "nothing was refused");
    assert!(!announce(&mut table, 33, counters(5, 0)));
    assert!(!announce(&mut table, 34, counters(5, 0)));
    assert_eq!(table.counts.refused, 2);
    for id in 1..=2 {
        table.close(&record(id, Event::Close, counters(0, 0)));
    }
    assert!(!table.wants_reannounce(), "a sixteenth must be free");
    table.close(&record(3, Event::Close, counters(0, 0)));
    assert!(table.wants_reannounce());
    assert!(!table.wants_reannounce());
    assert!(announce(&mut table, 33, counters(6, 0)));
    let closing = table.close(&record(34, Event::Close, counters(7, 0)));
    assert!(matches!(closing, Closing::First(totals) if totals.sent == 7), "still not in the table");
}

#[test]
fn too_many_closed_ids_are_forgotten_in_the_order_they_came() {
    let mut closed = Closed::new(2);
    for id in 1..=4 {
        assert!(closed.insert(id));
    }
    assert_eq!(closed.forgotten(), 0);
    assert!(closed.insert(5));
    assert_eq!(closed.forgotten(), 2);
    assert_eq!((1..=5).map(|id| closed.contains(id)).collect::<Vec<_>>(), [false, false, true, true, true]);
}

#[test]
fn a_table_that_has_emptied_gives_its_memory_back_and_keeps_those_that_are_left() {
    const MANY: u64 = 40_000;
    let mut table = Connections::new(100_000);
    for id in 1..=MANY {
        assert!(announce(&mut table, id, counters(id, 0)));
    }
    for id in 1..=MANY - 10 {
        assert!(matches!(table.close(&record(id, Event::Close, counters(id, 0))), Closing::Known { .. }));
    }
    table.begin_pass();
    assert!(table.end_pass(true).is_empty());
    assert!(table.entries.capacity() < 3 * KEPT, "{}", table.entries.capacity());
    assert!(table.index.capacity() < 6 * KEPT, "{}", table.index.capacity());
    for id in MANY - 9..=MANY {
        assert_eq!(table.get_mut(id).map(|entry| entry.total().sent), Some(id));
    }
    assert!(table.get_mut(1).is_none());
    assert!(announce(&mut table, MANY + 1, counters(1, 0)));
}

#[test]
fn regular_ids_spread_over_the_table() {
    let ids = (0..4096_u64).map(|nanosecond| (1_000_000 + nanosecond * 1000) << 10 | 1);
    let mut buckets = vec![0; 4096];
    for id in ids {
        buckets[usize::try_from(hash(id) & 4095).unwrap()] += 1;
    }
    assert!(buckets.iter().max() <= Some(&12), "{:?}", buckets.iter().max());
}
