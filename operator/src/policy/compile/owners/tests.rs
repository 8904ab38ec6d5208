use super::{KEPT, MAX_DEPARTED, OwnerName, Owners, Ownership};
use crate::policy::compile::interval::Left;
use crate::policy::compile::observations::Right;
use crate::source::sample::{ip, log_of};
use longwire_model::identity::{Owner, OwnerKind};
use std::collections::BTreeSet;

const HOUR: u64 = 3_600 * 1_000_000_000;

fn name(name: &str) -> OwnerName {
    OwnerName::Node(name.to_owned())
}

fn node(name: &str) -> OwnerKind {
    OwnerKind::Node(name.to_owned())
}

/// Takes addresses and says whose answers change.
fn hold(owners: &mut Owners, who: &str, from: u64, addresses: &[&str], now: u64) -> Vec<String> {
    let mut changed = BTreeSet::new();
    let addresses: Vec<_> = addresses.iter().map(|address| ip(address)).collect();
    owners.hold(name(who), &node(who), &Ownership::since(from, &addresses, Right::Own), now, &mut changed);
    changed.iter().map(ToString::to_string).collect()
}

fn release(owners: &mut Owners, who: &str, now: u64) -> Vec<String> {
    let mut changed = BTreeSet::new();
    owners.release(&name(who), Left::at(now), now, &mut changed);
    changed.iter().map(ToString::to_string).collect()
}

fn expire(owners: &mut Owners, now: u64) -> Vec<String> {
    let mut changed = BTreeSet::new();
    owners.expire(now, &mut changed);
    changed.iter().map(ToString::to_string).collect()
}

fn owner(who: &str, from: u64, until: Option<u64>) -> Owner {
    Owner { kind: node(who), from, until, observed: false }
}

#[test]
fn an_address_that_is_used_again_has_both_owners() {
    let mut owners = Owners::default();
    assert_eq!(hold(&mut owners, "a", 1, &["10.0.0.1"], 5), ["10.0.0.1"]);
    assert_eq!(release(&mut owners, "a", 10), ["10.0.0.1"]);
    assert_eq!(hold(&mut owners, "b", 11, &["10.0.0.1"], 12), ["10.0.0.1"]);
    assert_eq!(owners.of(ip("10.0.0.1")), [owner("a", 1, Some(10)), owner("b", 11, None)]);
}

#[test]
fn two_living_pods_with_one_address_both_own_it() {
    let mut owners = Owners::default();
    hold(&mut owners, "b", 2, &["10.0.0.1"], 5);
    hold(&mut owners, "a", 1, &["10.0.0.1"], 5);
    assert_eq!(owners.of(ip("10.0.0.1")), [owner("a", 1, None), owner("b", 2, None)]);
}

#[test]
fn a_repeated_report_changes_nothing() {
    let mut owners = Owners::default();
    assert_eq!(hold(&mut owners, "a", 1, &["10.0.0.1", "fd00::1"], 5), ["10.0.0.1", "fd00::1"]);
    assert_eq!(hold(&mut owners, "a", 1, &["10.0.0.1", "fd00::1"], 6), [""; 0]);
    assert_eq!(hold(&mut owners, "a", 1, &["10.0.0.1", "fd00::2"], 7), ["fd00::1", "fd00::2"]);
    assert_eq!(owners.of(ip("fd00::1")), [owner("a", 1, Some(7))]);
    assert_eq!(release(&mut owners, "b", 8), [""; 0]);
}

#[test]
fn an_owner_that_left_is_sent_for_five_minutes() {
    let mut owners = Owners::default();
    hold(&mut owners, "a", 0, &["10.0.0.1"], 0);
    release(&mut owners, "a", 1_000);
    assert_eq!(expire(&mut owners, 999 + KEPT), [""; 0]);
    assert_eq!(owners.of(ip("10.0.0.1")), [owner("a", 0, Some(1_000))]);
    assert_eq!(expire(&mut owners, 1_000 + KEPT), ["10.0.0.1"]);
    assert_eq!(owners.of(ip("10.0.0.1")), []);
    assert_eq!((owners.addresses.len(), owners.held.len(), owners.departed.len()), (0, 0, 0));
}

#[test]
fn a_forward_clock_jump_forgets_former_owners_early_and_no_current_one() {
    let mut owners = Owners::default();
    hold(&mut owners, "a", 0, &["10.0.0.1"], 0);
    hold(&mut owners, "b", 0, &["10.0.0.2"], 0);
    release(&mut owners, "a", 1_000);
    assert_eq!(expire(&mut owners, 1_000 + HOUR), ["10.0.0.1"]);
    assert_eq!((owners.of(ip("10.0.0.1")), owners.of(ip("10.0.0.2"))), (vec![], vec![owner("b", 0, None)]));
}

#[test]
fn a_backward_clock_jump_keeps_former_owners_until_it_is_made_up() {
    let mut owners = Owners::default();
    hold(&mut owners, "a", 0, &["10.0.0.1"], HOUR);
    hold(&mut owners, "b", 0, &["10.0.0.2"], HOUR);
    release(&mut owners, "a", HOUR);
    release(&mut owners, "b", 1_000);
    assert_eq!(owners.of(ip("10.0.0.1")), [owner("a", 0, Some(HOUR))]);
    assert_eq!(expire(&mut owners, 1_000 + KEPT), [""; 0]);
    assert_eq!(expire(&mut owners, HOUR + KEPT), ["10.0.0.1", "10.0.0.2"]);
    assert_eq!((owners.addresses.len(), owners.departed.len()), (0, 0));
}

#[test]
fn a_returning_owner_has_one_interval() {
    let mut owners = Owners::default();
    hold(&mut owners, "a", 3, &["10.0.0.1"], 3);
    release(&mut owners, "a", 10);
    assert_eq!(hold(&mut owners, "a", 3, &["10.0.0.1"], 20), ["10.0.0.1"]);
    assert_eq!(owners.of(ip("10.0.0.1")), [owner("a", 3, None)]);
    assert_eq!(expire(&mut owners, 10 + KEPT), [""; 0]);
    assert_eq!(owners.of(ip("10.0.0.1")), [owner("a", 3, None)]);
}

#[test]
fn more_departures_than_are_remembered_cost_the_oldest() {
    let mut owners = Owners::default();
    let address = |number: usize| std::net::IpAddr::from(u32::try_from(number).unwrap().to_be_bytes());
    let ((), lines) = log_of(|| {
        for number in 0..MAX_DEPARTED + 2 {
            let who = number.to_string();
            owners.hold(
                name(&who),
                &node(&who),
                &Ownership::since(0, &[address(number)], Right::Own),
                1,
                &mut BTreeSet::new(),
            );
            owners.release(&name(&who), Left::at(1), 1, &mut BTreeSet::new());
        }
    });
    assert_eq!(owners.departed.len(), MAX_DEPARTED);
    assert_eq!((owners.of(address(1)), owners.of(address(2)).len()), (vec![], 1));
    let warning = "WARN 1 former owners of addresses are forgotten early: more than 65536 left lately";
    assert_eq!(lines, [warning; 2]);
}
