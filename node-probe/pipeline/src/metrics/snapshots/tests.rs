use super::{Consumer, Scraper, Snapshot, Snapshots, View};
use std::net::IpAddr;

const SECOND: u64 = 1_000_000_000;

fn anonymous(snapshots: &mut Snapshots) -> Snapshot {
    snapshots.open(None, 0)
}

#[test]
fn two_snapshots_that_started_later_must_complete() {
    let mut snapshots = Snapshots::default();
    let moment = snapshots.opened();
    let (first, second) = (anonymous(&mut snapshots), anonymous(&mut snapshots));
    assert!(!snapshots.have_shown(moment, 0));
    snapshots.complete(&second);
    assert!(!snapshots.have_shown(moment, 0));
    snapshots.complete(&first);
    assert!(snapshots.have_shown(moment, 0));
}

#[test]
fn a_scrape_that_was_under_way_does_not_count() {
    let mut snapshots = Snapshots::default();
    let under_way = anonymous(&mut snapshots);
    let moment = snapshots.opened();
    let after = anonymous(&mut snapshots);
    snapshots.complete(&under_way);
    snapshots.complete(&after);
    assert!(!snapshots.have_shown(moment, 0));
}

#[test]
fn a_scrape_that_was_broken_off_does_not_count() {
    let mut snapshots = Snapshots::default();
    let moment = snapshots.opened();
    for _ in 0..5 {
        anonymous(&mut snapshots);
    }
    let completed = anonymous(&mut snapshots);
    snapshots.complete(&completed);
    assert!(!snapshots.have_shown(moment, 0));
}

#[test]
fn a_scrape_counts_once() {
    let mut snapshots = Snapshots::default();
    let moment = snapshots.opened();
    let scrape = anonymous(&mut snapshots);
    snapshots.complete(&scrape);
    snapshots.complete(&scrape);
    assert!(!snapshots.have_shown(moment, 0));
}

#[test]
fn older_snapshots_that_complete_late_do_not_hide_newer_ones() {
    let mut snapshots = Snapshots::default();
    let (old, older) = (anonymous(&mut snapshots), anonymous(&mut snapshots));
    let moment = snapshots.opened();
    let (first, second) = (anonymous(&mut snapshots), anonymous(&mut snapshots));
    for scrape in [second, old, first, older] {
        snapshots.complete(&scrape);
    }
    assert!(snapshots.have_shown(moment, 0));
}

fn address(number: u32) -> IpAddr {
    std::net::Ipv4Addr::from_bits(0x0a00_0000 + number).into()
}

fn by(address: IpAddr) -> Option<Consumer> {
    Some(Scraper { address, slot: 0, is_new: None }.into())
}

fn scrape(snapshots: &mut Snapshots, address: IpAddr, now: u64) -> View {
    take(snapshots, by(address), now)
}

fn scrape_by(snapshots: &mut Snapshots, by: Option<Scraper>, now: u64) -> View {
    take(snapshots, by.map(Into::into), now)
}

fn take(snapshots: &mut Snapshots, by: Option<Consumer>, now: u64) -> View {
    let scrape = snapshots.open(by, now);
    snapshots.complete(&scrape);
    scrape.view()
}

#[test]
fn what_a_scraper_has_seen_counts_once_it_is_saved() {
    let mut snapshots = Snapshots::default();
    scrape(&mut snapshots, address(1), 100 * SECOND);
    let (born, at) = snapshots.publish();
    // The save is under way, and a scrape ends that is not in it.
    snapshots.settle();
    scrape(&mut snapshots, address(1), 100 * SECOND);
    snapshots.publish();
    assert!(scrape(&mut snapshots, address(1), 101 * SECOND).is_new(born, at), "seen in a scrape that is not saved");
    snapshots.publish();
    assert!(!scrape(&mut snapshots, address(1), 101 * SECOND).is_new(born, at));
}

#[test]
fn a_scrape_that_was_broken_off_has_shown_nothing() {
    let mut snapshots = Snapshots::default();
    scrape(&mut snapshots, address(1), 0);
    let (born, at) = snapshots.publish();
    for _ in 0..3 {
        assert!(snapshots.open(by(address(1)), SECOND).view().is_new(born, at));
        snapshots.publish();
    }
}

#[test]
fn a_new_scraper_gets_only_series_of_the_last_minute_at_zero() {
    let mut snapshots = Snapshots::default();
    let (born, now) = (snapshots.opened(), 1_000 * SECOND);
    let view = snapshots.open(by(address(1)), now).view();
    assert!(view.is_new(born, now - 60 * SECOND));
    assert!(!view.is_new(born, now - 60 * SECOND - 1));
    // Nor does a returning scraper that has stopped.
    scrape(&mut snapshots, address(2), now);
    snapshots.publish();
    let view = snapshots.open(by(address(2)), now + 3_600 * SECOND).view();
    assert!(!view.is_new(snapshots.opened(), now + 3_500 * SECOND));
}

#[test]
fn a_scraper_without_the_header_gets_all_series_at_their_values() {
    let mut snapshots = Snapshots::default();
    for _ in 0..3 {
        let scrape = snapshots.open(None, SECOND);
        assert!(!scrape.view().is_new(snapshots.opened(), SECOND));
        snapshots.complete(&scrape);
        snapshots.publish();
    }
    assert_eq!(snapshots.sizes(), (0, 0));
}

#[test]
fn an_address_is_one_scraper_however_it_is_written() {
    let mut snapshots = Snapshots::default();
    let mapped = std::net::Ipv4Addr::new(10, 0, 0, 1).to_ipv6_mapped().into();
    scrape(&mut snapshots, mapped, 0);
    scrape(&mut snapshots, address(1), 0);
    assert_eq!(snapshots.sizes(), (1, 0));
}

#[test]
fn many_new_scrapers_evict_new_ones_and_not_a_returning_one() {
    let mut snapshots = Snapshots::default();
    for _ in 0..2 {
        scrape(&mut snapshots, address(0), 0);
    }
    let (born, at) = snapshots.publish();
    for port in 1..1_000 {
        scrape(&mut snapshots, address(port), SECOND);
    }
    assert_eq!(snapshots.sizes(), (64, 1_000 - 64));
    assert!(snapshots.open(by(address(0)), SECOND).view().is_new(born, at), "it is known still");
}

#[test]
fn a_network_has_a_share_of_the_table() {
    let mut snapshots = Snapshots::default();
    for number in 0..100_u128 {
        let address = std::net::Ipv6Addr::from_bits(0xfd00 << 112 | number);
        scrape(&mut snapshots, address.into(), 0);
    }
    assert_eq!(snapshots.sizes(), (8, 92));
}

#[test]
fn a_scraper_that_was_forgotten_sees_no_less_than_before() {
    let mut snapshots = Snapshots::default();
    let (born, at) = snapshots.publish();
    for _ in 0..3 {
        scrape(&mut snapshots, address(0), SECOND);
        snapshots.publish();
    }
    // All of these scrape twice: no other one can be evicted.
    for other in 1..=64 {
        for _ in 0..2 {
            scrape(&mut snapshots, address(other), 2 * SECOND);
        }
    }
    let view = snapshots.open(by(address(0)), 3 * SECOND).view();
    assert!(!view.is_new(born, at), "it was shown at its value");
}

#[test]
fn the_values_of_a_moment_are_seen_when_a_scrape_that_knows_of_them_has_ended() {
    let mut snapshots = Snapshots::default();
    scrape(&mut snapshots, address(1), 0);
    let (moment, _) = snapshots.publish();
    for _ in 0..2 {
        scrape(&mut snapshots, address(1), SECOND);
        assert!(!snapshots.consumers_have_seen(moment, SECOND), "it has seen 0");
    }
    snapshots.publish();
    scrape(&mut snapshots, address(1), SECOND);
    assert!(snapshots.consumers_have_seen(moment, SECOND));
    assert!(snapshots.consumers_have_seen(snapshots.opened(), 301 * SECOND), "no missing scraper is waited for");
}

#[test]
fn what_is_saved_is_what_was_settled() {
    let mut snapshots = Snapshots::default();
    let (born, at) = snapshots.publish();
    for _ in 0..2 {
        scrape(&mut snapshots, address(1), SECOND);
    }
    snapshots.settle();
    let saved = snapshots.save();
    for other in 2..200 {
        scrape(&mut snapshots, address(other), SECOND);
    }
    assert_eq!(format!("{:?}", snapshots.save().scrapers), format!("{:?}", saved.scrapers));
    let mut successor = Snapshots::default();
    successor.restore(saved, 2 * SECOND).unwrap();
    successor.restored();
    assert!(!successor.open(by(address(1)), 2 * SECOND).view().is_new(born, at));
    assert!(successor.open(by(address(1)), 2 * SECOND).view().is_new(successor.opened(), 0));
    assert!(successor.open(by(address(3)), 2 * SECOND).view().is_new(born, at), "the scraper is not known");
}

#[test]
fn a_scraper_that_cannot_be_true_costs_no_other_its_place_and_nothing_goes_back() {
    let mut snapshots = Snapshots::default();
    for number in 1..4 {
        scrape(&mut snapshots, address(number), SECOND);
    }
    let (born, at) = snapshots.publish();
    let mut saved = snapshots.save();
    saved.scrapers.swap(0, 1);
    saved.scrapers.push(saved.scrapers[0]);
    let mut successor = Snapshots::default();
    successor.restore(saved, SECOND).unwrap_err();
    successor.restored();
    assert_eq!(successor.sizes().0, 3);
    assert!(successor.open(by(address(2)), SECOND).view().is_new(born, at));
    let before = super::SnapshotNumber(born.0 - 1);
    assert!(!successor.open(by(address(9)), SECOND).view().is_new(before, at));
}

#[test]
fn without_saved_scrapes_all_restored_series_count_as_exposed() {
    let mut snapshots = Snapshots::default();
    snapshots.restored();
    let view = snapshots.open(by(address(1)), SECOND).view();
    assert!(!view.is_new(super::SnapshotNumber::default(), SECOND));
    let (born, at) = snapshots.publish();
    assert!(view.is_new(born, at));
}

#[test]
fn two_behind_one_address_have_a_slot_each() {
    let mut snapshots = Snapshots::default();
    let slots = [0, 1].map(|slot| Some(Scraper { address: address(1), slot, is_new: None }));
    for slot in slots {
        scrape_by(&mut snapshots, slot, SECOND);
    }
    snapshots.publish();
    let (born, at) = (snapshots.opened(), SECOND);
    assert!(scrape_by(&mut snapshots, slots[0], SECOND).is_new(born, at));
    snapshots.publish();
    assert!(scrape_by(&mut snapshots, slots[1], SECOND).is_new(born, at), "the other one has seen it");
    assert!(!scrape_by(&mut snapshots, slots[0], SECOND).is_new(born, at));
}

#[test]
fn a_scraper_in_a_free_slot_counts_as_any_former_one_of_the_slot() {
    let mut snapshots = Snapshots::default();
    let slots = [0, 1, 2].map(|slot| Scraper { address: address(1), slot, is_new: None });
    scrape_by(&mut snapshots, Some(slots[0]), SECOND);
    scrape_by(&mut snapshots, Some(slots[2]), SECOND);
    let (born, at) = snapshots.publish();
    for _ in 0..2 {
        scrape_by(&mut snapshots, Some(slots[1]), SECOND);
        snapshots.publish();
    }
    let later = snapshots.publish();
    assert!(snapshots.open(Some(slots[0].into()), SECOND).view().is_new(born, at));
    // The connections of the first two are gone. One of the two has seen this, in whatever slot it is now.
    let again = |held| Some(Scraper { is_new: Some(held), ..slots[0] });
    assert!(!scrape_by(&mut snapshots, again(0b100), SECOND).is_new(born, at));
    snapshots.publish();
    assert!(!scrape_by(&mut snapshots, Some(Scraper { is_new: Some(0b101), ..slots[1] }), SECOND).is_new(born, at));
    // But not what only the first of them has seen since.
    assert!(snapshots.open(Some(slots[1].into()), SECOND).view().is_new(later.0, later.1));
    assert!(snapshots.open(Some(slots[2].into()), SECOND).view().is_new(born, at), "no other scraper took its slot");
}

fn exporter(number: u32) -> Option<Consumer> {
    Some(Consumer::Exporter(format!("otlp-{number}").into()))
}

/// Whatever is said of scrapers here is true of exporters: they have the same cursors. These are their bounds.
#[test]
fn an_exporter_sees_new_lines_at_zero_and_then_at_their_values_and_no_crowd_of_scrapers_replaces_it() {
    let mut snapshots = Snapshots::default();
    take(&mut snapshots, exporter(0), 0);
    snapshots.publish();
    let (born, at) = (snapshots.opened(), SECOND);
    for port in 1..1_000 {
        scrape(&mut snapshots, address(port), SECOND);
    }
    assert!(snapshots.open(exporter(0), SECOND).view().is_new(born, at), "a push that failed has shown nothing");
    assert!(take(&mut snapshots, exporter(0), SECOND).is_new(born, at));
    assert!(take(&mut snapshots, exporter(0), SECOND).is_new(born, at), "not saved yet");
    snapshots.publish();
    assert!(!take(&mut snapshots, exporter(0), SECOND).is_new(born, at));
}

#[test]
fn an_exporter_goes_on_where_the_saved_state_says() {
    let mut snapshots = Snapshots::default();
    let (born, at) = snapshots.publish();
    take(&mut snapshots, exporter(0), SECOND);
    scrape(&mut snapshots, address(1), SECOND);
    snapshots.settle();
    let mut successor = Snapshots::default();
    successor.restore(snapshots.save(), 2 * SECOND).unwrap();
    successor.restored();
    assert_eq!(successor.sizes(), (2, 0));
    assert!(!successor.open(exporter(0), 2 * SECOND).view().is_new(born, at));
    assert!(successor.open(exporter(0), 2 * SECOND).view().is_new(successor.opened(), 0));
}

#[test]
fn there_are_at_most_16_exporters_and_each_that_is_forgotten_is_counted() {
    let mut snapshots = Snapshots::default();
    for number in 0..20 {
        take(&mut snapshots, exporter(number), SECOND);
    }
    assert_eq!(snapshots.sizes(), (16, 4));
}
