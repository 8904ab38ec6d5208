use super::{EventKind, Watcher};
use crate::live::demand::Scope;
use crate::live::fake::facts;
use crate::live::merge::{Directions, Merged, Phase};
use crate::live::selector::Selection;
use crate::live::view::Views;
use longwire_live::resource;
use std::time::Instant;

use EventKind::{Added, Deleted, Modified};

const BEGUN: u64 = 1_000;

fn merged(phase: Phase, bytes: u64) -> Merged {
    Merged { phase, bytes: Directions { from_source: bytes, from_destination: 0 }, ..Merged::default() }
}

fn watcher(views: &Views, fields: &str) -> Watcher {
    let selection = Selection::read(resource("connections").unwrap(), "", fields).unwrap();
    Watcher::new(views, Scope::Namespace("shop".to_owned()), selection, views.revision())
}

fn step(watcher: &mut Watcher, views: &Views) -> Vec<EventKind> {
    let changes = views.since(&watcher.scope, watcher.cursor, 99).unwrap();
    watcher.step(changes).into_iter().map(|event| event.kind).collect()
}

#[test]
fn a_row_comes_moves_and_goes() {
    let mut views = Views::new(BEGUN);
    let mut all = watcher(&views, "");
    let facts = facts(1, Some("web"), Some("vault"));
    let first = views.publish(&facts, merged(Phase::Open, 1), None);
    assert_eq!(step(&mut all, &views), [Added]);
    let second = views.publish(&facts, merged(Phase::Open, 2), Some(&first));
    assert_eq!(step(&mut all, &views), [Modified]);
    let third = views.publish(&facts, merged(Phase::Closed, 3), Some(&second));
    views.remove(&third, Instant::now());
    assert_eq!(step(&mut all, &views).last(), Some(&Deleted));
    assert_eq!((step(&mut all, &views), all.cursor), (vec![], views.revision()));
}

#[test]
fn a_phase_brings_a_row_into_a_selection_and_out_of_it() {
    let mut views = Views::new(BEGUN);
    let (mut open, mut closed) = (watcher(&views, "phase=Open"), watcher(&views, "phase!=Open"));
    let mut other = watcher(&views, "pod=cart");
    let facts = facts(1, Some("web"), Some("vault"));
    let first = views.publish(&facts, merged(Phase::Open, 1), None);
    assert_eq!((step(&mut open, &views), step(&mut closed, &views)), (vec![Added], vec![]));
    views.publish(&facts, merged(Phase::Closed, 2), Some(&first));
    assert_eq!((step(&mut open, &views), step(&mut closed, &views)), (vec![Deleted], vec![Added]));
    assert_eq!(step(&mut other, &views), []);
}

#[test]
fn who_reads_slowly_is_told_the_last_state_and_how_many_it_missed() {
    let mut views = Views::new(BEGUN);
    let (mut slow, mut fast) = (watcher(&views, ""), watcher(&views, ""));
    let facts = facts(1, Some("web"), None);
    let mut state = views.publish(&facts, merged(Phase::Open, 0), None);
    for bytes in 1..=10 {
        step(&mut fast, &views);
        state = views.publish(&facts, merged(Phase::Open, bytes), Some(&state));
    }
    step(&mut fast, &views);
    // The change by which it appeared is kept, with what it was then.
    step(&mut slow, &views);
    assert_eq!((slow.missed(&views), fast.missed(&views)), (9, 0));
}
