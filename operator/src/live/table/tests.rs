//! When a row is shown, over and gone.

use super::{MAX_ROWS, OTHER_END, PACE, PASSES, STALE, Table};
use crate::live::demand::Scope;
use crate::live::ended::{MAX_ENDED_OF_NODE, SHOW_ENDED};
use crate::live::fake::{facts, moved};
use crate::live::merge::Phase;
use crate::live::row::{Facts, Key, RowState};
use crate::live::trust::Refused;
use longwire_model::connection::{CloseReason, Reporter};
use longwire_model::live::{Ended, Ending};
use std::sync::Arc;
use std::time::{Duration, Instant};

use Reporter::{Destination, Source};

const CLOSED: Ended =
    Ended { at: None, how: Ending::Closed { by: None, reason: Some(CloseReason::Fin) }, handshake: None };
const MS: Duration = Duration::from_millis(1);

fn of(id: u8, source: Option<&str>, destination: Option<&str>) -> Facts {
    Facts::clone(&facts(id, source, destination))
}

fn both() -> Facts {
    of(1, Some("web"), Some("cart"))
}

/// As a list has it.
fn shown(table: &Table) -> Vec<Arc<RowState>> {
    let views = &table.views;
    views.list(&Scope::All, views.revision(), None, usize::MAX).into_iter().map(|(_, state)| state).collect()
}

fn only(table: &Table) -> Arc<RowState> {
    let [state] = &shown(table)[..] else { panic!("{:?}", shown(table)) };
    Arc::clone(state)
}

fn describe(table: &mut Table, facts: Facts, reporter: Reporter, stream: u64, now: Instant) -> Result<(), Refused> {
    let described = table.describe((facts, reporter), None, (stream, &"n1".into(), now)).map(drop);
    table.settle(now);
    described
}

#[test]
fn a_row_appears_when_its_names_are_known_or_have_been_waited_for() {
    let now = Instant::now();
    let mut table = Table::new(0);
    describe(&mut table, both(), Source, 1, now).unwrap();
    assert_eq!(shown(&table).len(), 1, "one end knows both pods");

    let mut table = Table::new(0);
    describe(&mut table, of(1, Some("web"), None), Source, 1, now).unwrap();
    assert_eq!(shown(&table).len(), 0);
    describe(&mut table, of(1, None, Some("cart")), Destination, 2, now).unwrap();
    let facts = Arc::clone(&only(&table).facts);
    assert_eq!((&facts.source, &facts.destination), (&both().source, &both().destination), "each end names itself");

    let mut table = Table::new(0);
    describe(&mut table, of(1, Some("web"), None), Source, 1, now).unwrap();
    table.turn(now + PASSES - MS);
    assert_eq!(shown(&table).len(), 0);
    table.turn(now + PASSES);
    assert_eq!(only(&table).facts.destination.pod, None);
    // From then on its names stay.
    assert_eq!(describe(&mut table, both(), Destination, 2, now + PASSES), Err(Refused::OtherPod));
    assert_eq!(only(&table).facts.destination.pod, None);
}

#[test]
fn a_side_is_held_by_the_first_who_reports_it_until_nobody_does() {
    let (mut table, now) = (Table::new(0), Instant::now());
    let end = (Key::Shared([1; 16]), Source);
    describe(&mut table, both(), Source, 1, now).unwrap();
    assert_eq!(describe(&mut table, both(), Source, 2, now), Err(Refused::Held));
    describe(&mut table, both(), Destination, 2, now).unwrap();
    // Another stream cannot give it back.
    table.release(&end, 2, now);
    assert_eq!(describe(&mut table, both(), Source, 3, now), Err(Refused::Held));
    table.release(&end, 1, now);
    assert_eq!(describe(&mut table, of(1, Some("vault"), Some("cart")), Source, 3, now), Err(Refused::OtherPod));
    describe(&mut table, both(), Source, 3, now).unwrap();
    assert_eq!(shown(&table).len(), 1);
}

#[test]
fn bytes_of_a_probe_that_counts_anew_do_not_fall() {
    let (mut table, now) = (Table::new(0), Instant::now());
    let end = (Key::Shared([1; 16]), Source);
    describe(&mut table, both(), Source, 1, now).unwrap();
    table.moved(&end, moved(1, 100, 7), now);
    table.release(&end, 1, now);
    describe(&mut table, both(), Source, 2, now).unwrap();
    table.moved(&end, moved(2, 5, 9), now);
    table.turn(now + PACE);
    let bytes = only(&table).merged.bytes;
    assert_eq!((bytes.from_source, bytes.from_destination), (100, 9));
}

#[test]
fn a_row_that_only_moves_changes_once_a_second() {
    let (mut table, now) = (Table::new(0), Instant::now());
    let end = (Key::Shared([1; 16]), Source);
    describe(&mut table, both(), Source, 1, now).unwrap();
    let before = table.views.revision();
    for bytes in 1..10 {
        table.moved(&end, moved(bytes, bytes, 0), now);
        table.settle(now + PACE - MS);
    }
    assert_eq!(table.views.revision(), before);
    table.turn(now + PACE);
    assert_eq!((table.views.revision(), only(&table).merged.bytes.from_source), (before + 1, 9));
    table.turn(now + 2 * PACE);
    assert_eq!(table.views.revision(), before + 1, "nothing is new");
    // How it ends does not wait.
    table.ended(&end, CLOSED, now + 2 * PACE);
    table.settle(now + PACE + MS);
    assert_eq!((table.views.revision(), only(&table).merged.phase), (before + 2, Phase::Closed));
}

#[test]
fn the_rate_of_what_is_silent_is_0() {
    let (mut table, now) = (Table::new(0), Instant::now());
    let end = (Key::Shared([1; 16]), Source);
    describe(&mut table, both(), Source, 1, now).unwrap();
    table.moved(&end, moved(1_000_000_000, 0, 0), now);
    table.moved(&end, moved(2_000_000_000, 50, 0), now);
    table.turn(now + PASSES - MS);
    assert_eq!(only(&table).merged.bytes_per_second.from_source, 50);
    table.turn(now + PASSES + PACE);
    assert_eq!(only(&table).merged.bytes_per_second.from_source, 0);
}

#[test]
fn it_is_over_when_both_ends_are_or_one_has_been_for_3_s() {
    let now = Instant::now();
    let phase = |both_end: bool, later: Duration| {
        let mut table = Table::new(0);
        for (stream, reporter) in [(1, Source), (2, Destination)] {
            describe(&mut table, both(), reporter, stream, now).unwrap();
        }
        table.ended(&(Key::Shared([1; 16]), Source), CLOSED, now);
        if both_end {
            table.ended(&(Key::Shared([1; 16]), Destination), CLOSED, now);
        }
        table.settle(now);
        table.turn(now + later);
        only(&table).merged.phase
    };
    assert_eq!(phase(true, Duration::ZERO), Phase::Closed);
    assert_eq!(phase(false, OTHER_END - MS), Phase::Open);
    assert_eq!(phase(false, OTHER_END), Phase::Closed);
}

#[test]
fn what_ended_is_shown_for_a_minute_and_the_oldest_go_first() {
    let (mut table, now) = (Table::new(0), Instant::now());
    let over = |table: &mut Table, number: usize, now| {
        let mut id = [0; 16];
        id[8..].copy_from_slice(&number.to_be_bytes());
        let key = Key::Shared(id);
        let facts = Facts { name: key.to_string().into(), key: key.clone(), ..both() };
        table.describe((facts, Source), None, (1, &"n1".into(), now)).unwrap();
        table.ended(&(key, Source), CLOSED, now);
        table.settle(now);
    };
    (0..=MAX_ENDED_OF_NODE).for_each(|number| over(&mut table, number, now));
    let first = shown(&table).into_iter().next().unwrap();
    assert_eq!((shown(&table).len(), &*first.facts.name), (MAX_ENDED_OF_NODE, &*format!("{:032x}", 1)));
    table.turn(now + SHOW_ENDED - MS);
    assert_eq!(table.len(), MAX_ENDED_OF_NODE);
    table.turn(now + SHOW_ENDED);
    assert_eq!((table.len(), shown(&table).len(), table.over.len()), (0, 0, 0));
}

#[test]
fn an_end_that_nobody_reports_is_stale_and_then_gone_with_its_row() {
    let (mut table, now) = (Table::new(0), Instant::now());
    let end = (Key::Shared([1; 16]), Source);
    describe(&mut table, both(), Source, 1, now).unwrap();
    table.release(&end, 1, now);
    table.turn(now + PACE);
    assert!(only(&table).merged.kernels[0].unwrap().is_stale);
    table.turn(now + STALE - MS);
    assert_eq!(shown(&table).len(), 1);
    table.turn(now + STALE);
    assert_eq!((shown(&table).len(), table.len()), (0, 0));
    // One that is gone for certain goes at once, unless the other end reports it.
    describe(&mut table, both(), Source, 1, now).unwrap();
    describe(&mut table, both(), Destination, 2, now).unwrap();
    table.drop_end(&end, 1);
    table.settle(now);
    assert_eq!(shown(&table).len(), 1);
    table.drop_end(&(end.0, Destination), 2);
    table.settle(now);
    assert_eq!(table.len(), 0);
}

#[test]
fn there_are_no_more_than_65536_rows() {
    let (mut table, now) = (Table::new(0), Instant::now());
    let add = |table: &mut Table, id: u64| {
        let key = Key::Local { id, node: "n1".into() };
        let facts = Facts { name: key.to_string().into(), key, ..both() };
        table.describe((facts, Source), None, (1, &"n1".into(), now)).map(drop)
    };
    (0..MAX_ROWS as u64).for_each(|id| add(&mut table, id).unwrap());
    assert_eq!(add(&mut table, MAX_ROWS as u64), Err(Refused::Full));
    // The other end of one that is there needs no room.
    let key = Key::Local { id: 7, node: "n1".into() };
    let facts = Facts { name: key.to_string().into(), key, ..both() };
    assert!(table.describe((facts, Destination), None, (1, &"n1".into(), now)).is_ok());
}
