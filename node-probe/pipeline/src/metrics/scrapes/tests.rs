use super::{Scrape, Scraper, Scrapes, View};
use std::net::IpAddr;

const SECOND: u64 = 1_000_000_000;

fn anybody(scrapes: &mut Scrapes) -> Scrape {
    scrapes.start(None, 0)
}

#[test]
fn two_scrapes_that_started_later_must_complete() {
    let mut scrapes = Scrapes::default();
    let moment = scrapes.started();
    let (first, second) = (anybody(&mut scrapes), anybody(&mut scrapes));
    assert!(!scrapes.have_shown(moment, 0));
    scrapes.complete(&second);
    assert!(!scrapes.have_shown(moment, 0));
    scrapes.complete(&first);
    assert!(scrapes.have_shown(moment, 0));
}

#[test]
fn a_scrape_that_was_under_way_does_not_count() {
    let mut scrapes = Scrapes::default();
    let under_way = anybody(&mut scrapes);
    let moment = scrapes.started();
    let after = anybody(&mut scrapes);
    scrapes.complete(&under_way);
    scrapes.complete(&after);
    assert!(!scrapes.have_shown(moment, 0));
}

#[test]
fn a_scrape_that_was_broken_off_does_not_count() {
    let mut scrapes = Scrapes::default();
    let moment = scrapes.started();
    for _ in 0..5 {
        anybody(&mut scrapes);
    }
    let completed = anybody(&mut scrapes);
    scrapes.complete(&completed);
    assert!(!scrapes.have_shown(moment, 0));
}

#[test]
fn a_scrape_counts_once() {
    let mut scrapes = Scrapes::default();
    let moment = scrapes.started();
    let scrape = anybody(&mut scrapes);
    scrapes.complete(&scrape);
    scrapes.complete(&scrape);
    assert!(!scrapes.have_shown(moment, 0));
}

#[test]
fn older_scrapes_that_complete_late_do_not_hide_newer_ones() {
    let mut scrapes = Scrapes::default();
    let (old, older) = (anybody(&mut scrapes), anybody(&mut scrapes));
    let moment = scrapes.started();
    let (first, second) = (anybody(&mut scrapes), anybody(&mut scrapes));
    for scrape in [second, old, first, older] {
        scrapes.complete(&scrape);
    }
    assert!(scrapes.have_shown(moment, 0));
}

fn address(number: u32) -> IpAddr {
    std::net::Ipv4Addr::from_bits(0x0a00_0000 + number).into()
}

fn by(address: IpAddr) -> Option<Scraper> {
    Some(Scraper { address, slot: 0, is_new: None })
}

fn scrape(scrapes: &mut Scrapes, address: IpAddr, now: u64) -> View {
    scrape_by(scrapes, by(address), now)
}

fn scrape_by(scrapes: &mut Scrapes, by: Option<Scraper>, now: u64) -> View {
    let scrape = scrapes.start(by, now);
    scrapes.complete(&scrape);
    scrape.view()
}

#[test]
fn what_a_scraper_has_seen_counts_once_it_is_saved() {
    let mut scrapes = Scrapes::default();
    scrape(&mut scrapes, address(1), 100 * SECOND);
    let (born, at) = scrapes.publish();
    // The save is under way, and a scrape ends that is not in it.
    scrapes.settle();
    scrape(&mut scrapes, address(1), 100 * SECOND);
    scrapes.publish();
    assert!(scrape(&mut scrapes, address(1), 101 * SECOND).is_new(born, at), "seen in a scrape that is not saved");
    scrapes.publish();
    assert!(!scrape(&mut scrapes, address(1), 101 * SECOND).is_new(born, at));
}

#[test]
fn a_scrape_that_was_broken_off_has_shown_nothing() {
    let mut scrapes = Scrapes::default();
    scrape(&mut scrapes, address(1), 0);
    let (born, at) = scrapes.publish();
    for _ in 0..3 {
        assert!(scrapes.start(by(address(1)), SECOND).view().is_new(born, at));
        scrapes.publish();
    }
}

#[test]
fn a_new_scraper_gets_only_series_of_the_last_minute_at_zero() {
    let mut scrapes = Scrapes::default();
    let (born, now) = (scrapes.started(), 1_000 * SECOND);
    let view = scrapes.start(by(address(1)), now).view();
    assert!(view.is_new(born, now - 60 * SECOND));
    assert!(!view.is_new(born, now - 60 * SECOND - 1));
    // Nor does somebody who comes again, but not any more.
    scrape(&mut scrapes, address(2), now);
    scrapes.publish();
    let view = scrapes.start(by(address(2)), now + 3_600 * SECOND).view();
    assert!(!view.is_new(scrapes.started(), now + 3_500 * SECOND));
}

#[test]
fn a_scraper_without_the_header_gets_all_series_at_their_values() {
    let mut scrapes = Scrapes::default();
    for _ in 0..3 {
        let scrape = scrapes.start(None, SECOND);
        assert!(!scrape.view().is_new(scrapes.started(), SECOND));
        scrapes.complete(&scrape);
        scrapes.publish();
    }
    assert_eq!(scrapes.sizes(), (0, 0));
}

#[test]
fn an_address_is_one_scraper_however_it_is_written() {
    let mut scrapes = Scrapes::default();
    let mapped = std::net::Ipv4Addr::new(10, 0, 0, 1).to_ipv6_mapped().into();
    scrape(&mut scrapes, mapped, 0);
    scrape(&mut scrapes, address(1), 0);
    assert_eq!(scrapes.sizes(), (1, 0));
}

#[test]
fn many_new_scrapers_evict_new_ones_and_not_a_returning_one() {
    let mut scrapes = Scrapes::default();
    for _ in 0..2 {
        scrape(&mut scrapes, address(0), 0);
    }
    let (born, at) = scrapes.publish();
    for stranger in 1..1_000 {
        scrape(&mut scrapes, address(stranger), SECOND);
    }
    assert_eq!(scrapes.sizes(), (64, 1_000 - 64));
    assert!(scrapes.start(by(address(0)), SECOND).view().is_new(born, at), "it is known still");
}

#[test]
fn a_network_has_a_share_of_the_table() {
    let mut scrapes = Scrapes::default();
    for number in 0..100_u128 {
        let address = std::net::Ipv6Addr::from_bits(0xfd00 << 112 | number);
        scrape(&mut scrapes, address.into(), 0);
    }
    assert_eq!(scrapes.sizes(), (8, 92));
}

#[test]
fn a_scraper_that_was_forgotten_sees_no_less_than_before() {
    let mut scrapes = Scrapes::default();
    let (born, at) = scrapes.publish();
    for _ in 0..3 {
        scrape(&mut scrapes, address(0), SECOND);
        scrapes.publish();
    }
    // All of these come twice: there is nobody else to forget.
    for other in 1..=64 {
        for _ in 0..2 {
            scrape(&mut scrapes, address(other), 2 * SECOND);
        }
    }
    let view = scrapes.start(by(address(0)), 3 * SECOND).view();
    assert!(!view.is_new(born, at), "it was shown at its value");
}

#[test]
fn the_values_of_a_moment_are_seen_when_a_scrape_that_knows_of_them_has_ended() {
    let mut scrapes = Scrapes::default();
    scrape(&mut scrapes, address(1), 0);
    let (moment, _) = scrapes.publish();
    for _ in 0..2 {
        scrape(&mut scrapes, address(1), SECOND);
        assert!(!scrapes.scrapers_have_seen(moment, SECOND), "it has seen 0");
    }
    scrapes.publish();
    scrape(&mut scrapes, address(1), SECOND);
    assert!(scrapes.scrapers_have_seen(moment, SECOND));
    assert!(scrapes.scrapers_have_seen(scrapes.started(), 301 * SECOND), "nobody is waited for in vain");
}

#[test]
fn what_is_saved_is_what_was_settled() {
    let mut scrapes = Scrapes::default();
    let (born, at) = scrapes.publish();
    for _ in 0..2 {
        scrape(&mut scrapes, address(1), SECOND);
    }
    scrapes.settle();
    let saved = scrapes.save();
    for other in 2..200 {
        scrape(&mut scrapes, address(other), SECOND);
    }
    assert_eq!(format!("{:?}", scrapes.save().scrapers), format!("{:?}", saved.scrapers));
    let mut successor = Scrapes::default();
    successor.restore(saved, 2 * SECOND).unwrap();
    successor.restored();
    assert!(!successor.start(by(address(1)), 2 * SECOND).view().is_new(born, at));
    assert!(successor.start(by(address(1)), 2 * SECOND).view().is_new(successor.started(), 0));
    assert!(successor.start(by(address(3)), 2 * SECOND).view().is_new(born, at), "nobody knows it");
}

#[test]
fn a_scraper_that_cannot_be_true_costs_no_other_its_place_and_nothing_goes_back() {
    let mut scrapes = Scrapes::default();
    for number in 1..4 {
        scrape(&mut scrapes, address(number), SECOND);
    }
    let (born, at) = scrapes.publish();
    let mut saved = scrapes.save();
    saved.scrapers.swap(0, 1);
    saved.scrapers.push(saved.scrapers[0]);
    let mut successor = Scrapes::default();
    successor.restore(saved, SECOND).unwrap_err();
    successor.restored();
    assert_eq!(successor.sizes().0, 3);
    assert!(successor.start(by(address(2)), SECOND).view().is_new(born, at));
    let before = super::ScrapeNumber(born.0 - 1);
    assert!(!successor.start(by(address(9)), SECOND).view().is_new(before, at));
}

#[test]
fn without_saved_scrapes_all_restored_series_count_as_exposed() {
    let mut scrapes = Scrapes::default();
    scrapes.restored();
    let view = scrapes.start(by(address(1)), SECOND).view();
    assert!(!view.is_new(super::ScrapeNumber::default(), SECOND));
    let (born, at) = scrapes.publish();
    assert!(view.is_new(born, at));
}

#[test]
fn two_behind_one_address_have_a_seat_each() {
    let mut scrapes = Scrapes::default();
    let slots = [0, 1].map(|slot| Some(Scraper { address: address(1), slot, is_new: None }));
    for slot in slots {
        scrape_by(&mut scrapes, slot, SECOND);
    }
    scrapes.publish();
    let (born, at) = (scrapes.started(), SECOND);
    assert!(scrape_by(&mut scrapes, slots[0], SECOND).is_new(born, at));
    scrapes.publish();
    assert!(scrape_by(&mut scrapes, slots[1], SECOND).is_new(born, at), "the other one has seen it");
    assert!(!scrape_by(&mut scrapes, slots[0], SECOND).is_new(born, at));
}

#[test]
fn a_scraper_in_a_free_slot_counts_as_any_former_one_of_the_slot() {
    let mut scrapes = Scrapes::default();
    let slots = [0, 1, 2].map(|slot| Scraper { address: address(1), slot, is_new: None });
    scrape_by(&mut scrapes, Some(slots[0]), SECOND);
    scrape_by(&mut scrapes, Some(slots[2]), SECOND);
    let (born, at) = scrapes.publish();
    for _ in 0..2 {
        scrape_by(&mut scrapes, Some(slots[1]), SECOND);
        scrapes.publish();
    }
    let later = scrapes.publish();
    assert!(scrapes.start(Some(slots[0]), SECOND).view().is_new(born, at));
    // The connections of the first two are gone. Whoever has which slot now: one of them has seen this.
    let again = |held| Some(Scraper { is_new: Some(held), ..slots[0] });
    assert!(!scrape_by(&mut scrapes, again(0b100), SECOND).is_new(born, at));
    scrapes.publish();
    assert!(!scrape_by(&mut scrapes, Some(Scraper { is_new: Some(0b101), ..slots[1] }), SECOND).is_new(born, at));
    // But not what only the first of them has seen since.
    assert!(scrapes.start(Some(slots[1]), SECOND).view().is_new(later.0, later.1));
    assert!(scrapes.start(Some(slots[2]), SECOND).view().is_new(born, at), "nobody took its slot");
}
