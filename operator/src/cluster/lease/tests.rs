use super::election::{Election, Step};
use super::identity::Identity;
use super::record::Record;
use super::{DURATION, GRACE, POLL, RENEW};
use crate::publish::role::Role;
use k8s_openapi::jiff::Timestamp;
use rstest::rstest;
use std::time::Duration;

const ME: &str = "longwire-operator-a_uid-a_10.0.0.1:15010";
const OTHER: &str = "longwire-operator-b_uid-b_10.0.0.2:15010";

fn election() -> Election {
    Election::new(ME.to_owned(), DURATION)
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn wall(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

/// Taken at 100 by the wall clock, and once before.
fn record(version: &str, holder: Option<&str>) -> Record {
    Record {
        version: Some(version.to_owned()),
        holder: holder.map(str::to_owned),
        duration: DURATION,
        acquired: Some(wall(100)),
        renewed: Some(wall(100)),
        transitions: 1,
    }
}

fn standby(holder: Option<&str>) -> Role {
    Role::Standby { leader: holder.map(|holder| holder.parse().unwrap()) }
}

#[test]
fn a_replica_without_a_lease_creates_it_and_leads_once_it_exists() {
    let mut election = election();
    election.observe(None, at(0));
    let held = Record {
        version: None,
        holder: Some(ME.to_owned()),
        duration: DURATION,
        acquired: Some(wall(200)),
        renewed: Some(wall(200)),
        transitions: 0,
    };
    assert_eq!((election.role(), election.step(at(0), wall(200))), (standby(None), Step::Create(held.clone())));
    election.observe(Some(Record { version: Some("1".to_owned()), ..held }), at(0));
    assert_eq!((election.role(), election.wait(at(0), RENEW, POLL)), (Role::Leader, RENEW));
}

#[test]
fn a_leader_renews_what_it_acquired_once() {
    let mut election = election();
    election.observe(Some(record("1", Some(ME))), at(0));
    let renewed = Record { renewed: Some(wall(200)), ..record("1", Some(ME)) };
    assert_eq!(election.step(at(2), wall(200)), Step::Replace(renewed));
}

#[test]
fn a_lease_that_was_let_go_of_is_taken_at_once() {
    let mut election = election();
    election.observe(Some(record("1", None)), at(0));
    let taken = Record { acquired: Some(wall(200)), renewed: Some(wall(200)), transitions: 2, ..record("1", Some(ME)) };
    assert_eq!((election.role(), election.step(at(0), wall(200))), (standby(None), Step::Replace(taken)));
}

#[rstest]
#[case::renewed_a_moment_ago(1, 5, false, 1)]
#[case::almost(1, 6, false, 1)]
#[case::silent_for_as_long_as_it_said(1, 7, true, 0)]
#[case::whatever_its_clock_says(90, 95, false, 1)]
fn another_is_left_alone_until_its_lease_has_not_changed_for_its_duration(
    #[case] seen: u64,
    #[case] now: u64,
    #[case] taken: bool,
    #[case] wait: u64,
) {
    let mut election = election();
    election.observe(Some(record("1", Some(OTHER))), at(seen));
    // Looked at again, and the same.
    election.observe(Some(record("1", Some(OTHER))), at(now));
    assert_eq!(election.role(), standby(Some("10.0.0.2:15010")));
    assert_eq!(matches!(election.step(at(now), wall(100)), Step::Replace(_)), taken);
    assert_eq!(election.wait(at(now), RENEW, POLL), at(wait));
}

#[test]
fn a_renewal_is_a_sign_of_life() {
    let mut election = election();
    election.observe(Some(record("1", Some(OTHER))), at(0));
    election.observe(Some(record("2", Some(OTHER))), at(5));
    assert_eq!(election.step(at(10), wall(100)), Step::Wait);
    assert!(matches!(election.step(at(11), wall(100)), Step::Replace(_)));
}

#[test]
fn time_without_a_read_of_the_lease_does_not_count() {
    let mut election = election();
    election.observe(Some(record("1", Some(OTHER))), at(0));
    election.blind(at(60), GRACE);
    election.observe(Some(record("1", Some(OTHER))), at(61));
    assert_eq!((election.step(at(61), wall(100)), election.wait(at(61), RENEW, POLL)), (Step::Wait, POLL));
    assert!(matches!(election.step(at(64), wall(100)), Step::Replace(_)));
    // It is no less than it would have had anyway.
    election.observe(Some(record("2", Some(OTHER))), at(70));
    election.blind(at(71), GRACE);
    assert_eq!(election.step(at(75), wall(100)), Step::Wait);
    assert!(matches!(election.step(at(76), wall(100)), Step::Replace(_)));
}

#[rstest]
#[case::a_moment_ago(129, false)]
#[case::long_ago(130, true)]
#[case::by_a_clock_that_is_ahead(50, false)]
fn a_lease_that_was_abandoned_before_the_start_is_taken_at_the_first_read(#[case] now: i64, #[case] taken: bool) {
    let mut election = election();
    election.observe(Some(record("1", Some(OTHER))), at(0));
    assert_eq!(matches!(election.step(at(0), wall(now)), Step::Replace(_)), taken);
    // Later it is known to live, whatever its clock says.
    election.observe(Some(record("2", Some(OTHER))), at(1));
    assert_eq!(election.step(at(1), wall(1000)), Step::Wait);
}

#[rstest]
#[case::an_hour_ahead(3_600)]
#[case::an_hour_back(-3_600)]
fn a_clock_jump_changes_nothing_for_a_replica_that_has_seen_a_renewal(#[case] jump: i64) {
    let mut election = election();
    election.observe(Some(record("1", Some(OTHER))), at(0));
    election.observe(Some(record("2", Some(OTHER))), at(1));
    assert_eq!(election.step(at(2), wall(10_000 + jump)), Step::Wait);
    // The leader's clock jumps, and its renewals show it.
    let renewed = Record { renewed: Some(wall(10_000 + jump)), ..record("3", Some(OTHER)) };
    election.observe(Some(renewed), at(3));
    assert_eq!(election.step(at(8), wall(10_000)), Step::Wait);
    assert!(matches!(election.step(at(9), wall(10_000)), Step::Replace(_)));
    // One's own: what is written is for people, and one keeps holding it.
    election.observe(Some(record("4", Some(ME))), at(10));
    let Step::Replace(own) = election.step(at(12), wall(10_000 + jump)) else { panic!("it is not renewed") };
    assert_eq!((own.renewed, own.acquired), (Some(wall(10_000 + jump)), Some(wall(100))));
}

#[test]
fn a_leader_remains_one_until_another_shows_itself() {
    let mut election = election();
    election.observe(Some(record("1", Some(ME))), at(0));
    // The API server was away for long.
    assert!(matches!(election.step(at(1000), wall(100)), Step::Replace(_)));
    // It is back, and the Lease was deleted or released.
    for lease in [None, Some(record("2", None))] {
        election.observe(lease, at(1000));
        assert_eq!(election.role(), Role::Leader);
        assert_ne!(election.step(at(1000), wall(100)), Step::Wait);
    }
    election.observe(Some(record("3", Some(OTHER))), at(1001));
    assert_eq!((election.role(), election.step(at(1001), wall(100))), (standby(Some("10.0.0.2:15010")), Step::Wait));
}

#[test]
fn only_the_leader_releases_the_lease() {
    let mut election = election();
    assert_eq!(election.release(wall(200)), None);
    election.observe(Some(record("1", Some(OTHER))), at(0));
    assert_eq!(election.release(wall(200)), None);
    election.observe(Some(record("2", Some(ME))), at(1));
    assert_eq!(election.release(wall(200)), Some(Record { renewed: Some(wall(200)), ..record("2", None) }));
}

#[test]
fn a_record_is_a_lease_without_what_does_not_matter() {
    for holder in [Some(ME), None] {
        let record = record("1", holder);
        assert_eq!(Record::from(&record.clone().into_lease("x")), record);
    }
}

#[rstest]
#[case::ipv4(ME, Some("10.0.0.1:15010"))]
#[case::ipv6("a_b_[fd00::1]:1", Some("[fd00::1]:1"))]
#[case::of_another_replica("another-replica", None)]
#[case::without_a_port("a_b_10.0.0.1", None)]
#[case::too_much("a_b_10.0.0.1:1_c", None)]
fn an_identity_has_the_address_of_its_replica(#[case] text: &str, #[case] address: Option<&str>) {
    let identity = text.parse::<Identity>();
    assert_eq!(identity.as_ref().ok().map(|identity| identity.address.to_string()).as_deref(), address);
    assert!(identity.map_or_else(|error| error.to_string(), |identity| identity.to_string()).contains(text));
}
