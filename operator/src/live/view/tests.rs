//! A client that lists and then watches has what a list has, and knows when it cannot.

use super::{Changes, Expired, MAX_TOMBSTONES, Place, TOMBSTONE, Views};
use crate::live::demand::Scope;
use crate::live::fake::facts;
use crate::live::merge::{Directions, Merged, Phase};
use crate::live::row::RowState;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

const BEGUN: u64 = 1_000;

fn shop() -> Scope {
    Scope::Namespace("shop".to_owned())
}

fn merged(phase: Phase, bytes: u64) -> Merged {
    Merged { phase, bytes: Directions { from_source: bytes, from_destination: 0 }, ..Merged::default() }
}

fn names(views: &Views, scope: &Scope) -> Vec<(String, u8)> {
    let id = |state: &RowState| u8::from_str_radix(&state.facts.name[..2], 16).unwrap();
    views
        .list(scope, views.revision(), None, 99)
        .into_iter()
        .map(|((namespace, _), state)| (namespace.to_string(), id(&state)))
        .collect()
}

#[test]
fn a_row_is_seen_in_the_namespaces_of_both_ends_and_among_all_once() {
    let (mut views, now) = (Views::new(BEGUN), Instant::now());
    let pairs = [
        (Some("web"), Some("vault")),
        (Some("web"), Some("cart")),
        (None, Some("vault")),
        (Some("vault"), Some("cart")),
    ];
    let states: Vec<_> = (1..)
        .zip(pairs)
        .map(|(id, (source, destination))| views.publish(&facts(id, source, destination), Merged::default(), None))
        .collect();
    let of = |namespace: &str, ids: &[u8]| ids.iter().map(|id| (namespace.to_owned(), *id)).collect::<Vec<_>>();
    assert_eq!(names(&views, &shop()), of("shop", &[1, 2, 4]));
    assert_eq!(names(&views, &Scope::Namespace("bank".to_owned())), of("bank", &[1, 3, 4]));
    assert_eq!(names(&views, &Scope::Namespace("none".to_owned())), []);
    assert_eq!(names(&views, &Scope::All), [of("bank", &[3, 4]), of("shop", &[1, 2])].concat());
    let second =
        views.list(&Scope::All, views.revision(), Some(&("bank".into(), Arc::clone(&states[3].facts.name))), 1);
    assert_eq!((second[0].1.revision, second.len()), (BEGUN + 1, 1));
    states.iter().for_each(|state| views.remove(state, now));
    assert_eq!((names(&views, &shop()), names(&views, &Scope::All)), (vec![], vec![]));
    views.expire(now + TOMBSTONE);
    assert_eq!((views.namespaces.len(), views.all.changes.len(), views.gone.len()), (0, 0, 0));
}

#[test]
fn a_cursor_of_another_leader_or_older_than_what_is_known_is_expired() {
    let (mut views, now) = (Views::new(BEGUN), Instant::now());
    let state = views.publish(&facts(1, Some("web"), None), Merged::default(), None);
    views.remove(&state, now);
    let check = |views: &Views, wanted: u64, oldest: u64| {
        let newest = BEGUN + 2;
        assert_eq!(views.since(&shop(), wanted, 9), Err(Expired { wanted, oldest, newest }), "{wanted}");
    };
    check(&views, BEGUN - 1, BEGUN);
    check(&views, BEGUN + 3, BEGUN);
    let seen = |views: &Views, cursor| views.since(&shop(), cursor, 9).map(|changes| changes.rows.len());
    views.expire(now + TOMBSTONE.checked_sub(Duration::from_millis(1)).unwrap());
    assert_eq!([seen(&views, BEGUN), seen(&views, BEGUN + 1), seen(&views, BEGUN + 2)], [Ok(2), Ok(1), Ok(0)]);
    views.expire(now + TOMBSTONE);
    check(&views, BEGUN, BEGUN + 2);
    check(&views, BEGUN + 1, BEGUN + 2);
    assert_eq!(seen(&views, BEGUN + 2), Ok(0));
}

#[test]
fn no_more_than_8192_are_remembered_that_went() {
    let (mut views, now) = (Views::new(BEGUN), Instant::now());
    let facts = facts(1, Some("web"), None);
    for _ in 0..=MAX_TOMBSTONES {
        let state = views.publish(&facts, Merged::default(), None);
        views.remove(&state, now);
    }
    assert_eq!(
        (views.gone.len(), views.all.changes.len() / 2, views.oldest),
        (MAX_TOMBSTONES, MAX_TOMBSTONES, BEGUN + 2)
    );
}

#[test]
fn a_step_of_no_rows_goes_nowhere_and_a_full_one_stops_at_its_last() {
    let mut views = Views::new(BEGUN);
    for id in 1..4 {
        views.publish(&facts(id, Some("web"), None), Merged::default(), None);
    }
    let step = |cursor, most| views.since(&shop(), cursor, most).map(|Changes { rows, cursor }| (rows.len(), cursor));
    assert_eq!(step(BEGUN, 0), Ok((0, BEGUN)));
    assert_eq!(step(BEGUN, 2), Ok((2, BEGUN + 2)));
    assert_eq!(step(BEGUN + 2, 2), Ok((1, BEGUN + 3)));
    // Nothing of another namespace is owed.
    let other = views.since(&Scope::Namespace("bank".to_owned()), BEGUN, 2).unwrap();
    assert_eq!((other.rows.len(), other.cursor), (0, BEGUN + 3));
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Publish {
        over: bool,
        bytes: u64,
    },
    Remove,
    /// The client, as far as this.
    Read(usize),
    Wait(u64),
}

fn step() -> impl Strategy<Value = (u8, Step)> {
    let step = prop_oneof![
        6 => (prop::bool::weighted(0.2), 0..9_u64).prop_map(|(over, bytes)| Step::Publish { over, bytes }),
        2 => Just(Step::Remove),
        4 => (0..5_usize).prop_map(Step::Read),
        1 => (0..70_u64).prop_map(Step::Wait),
    ];
    (0..8_u8, step)
}

/// What a client has that knows a list's pages and a watch's events.
struct Client {
    scope: Scope,
    /// It asked for rows of this phase.
    phase: Option<Phase>,
    /// The first page's.
    cursor: Option<u64>,
    /// Where the next page begins; `None`: the list is complete.
    page: Option<Option<Place>>,
    has: BTreeMap<String, (u64, u64)>,
}

impl Client {
    fn selects(&self, phase: Option<Phase>) -> bool {
        phase.is_some() && self.phase.is_none_or(|wanted| Some(wanted) == phase)
    }

    fn store(&mut self, state: &RowState) {
        let now = (state.revision, state.merged.bytes.from_source);
        let before = self.has.insert(state.facts.name.to_string(), now);
        assert!(before.is_none_or(|(_, bytes)| bytes <= now.1), "{before:?} then {now:?}");
    }

    /// Returns whether it has to begin anew.
    fn read(&mut self, views: &Views, most: usize) -> bool {
        let cursor = *self.cursor.get_or_insert_with(|| views.revision());
        if let Some(after) = self.page.take() {
            let rows = views.list(&self.scope, cursor, after.as_ref(), most);
            let last = rows.last().map(|(place, _)| place.clone()).or(after);
            self.page = (rows.len() >= most).then_some(last);
            for (_, state) in rows {
                if self.selects(state.phase_at(cursor)) && self.selects(state.phase()) {
                    self.store(&state);
                }
            }
            return false;
        }
        let Ok(Changes { rows, cursor: next }) = views.since(&self.scope, cursor, most) else { return true };
        let mut cursor = cursor;
        for state in rows {
            let name = state.facts.name.to_string();
            match (self.selects(state.phase_at(cursor)), self.selects(state.phase())) {
                (false, false) => {}
                (_, true) => self.store(&state),
                // It may have gone before a page had it.
                (true, false) => drop(self.has.remove(&name)),
            }
            cursor = state.revision;
        }
        self.cursor = Some(next);
        false
    }
}

proptest! {
    /// Pages of any size, then a watch at any pace, with and without a selector.
    #[test]
    fn a_client_that_lists_and_then_watches_has_what_a_list_has(
        all: bool,
        phase in prop::sample::select(vec![None, Some(Phase::Open), Some(Phase::Closed)]),
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let scope = if all { Scope::All } else { shop() };
        let begin = || Client { scope: scope.clone(), phase, cursor: None, page: Some(None), has: BTreeMap::new() };
        let (mut views, mut client, mut now) = (Views::new(BEGUN), begin(), Instant::now());
        let mut rows = BTreeMap::<u8, Arc<RowState>>::new();
        let ends = |id: u8| match id % 4 {
            0 => (Some("web"), Some("cart")),
            1 => (Some("web"), Some("vault")),
            2 => (None, Some("vault")),
            _ => (Some("vault"), Some("cart")),
        };
        for (id, step) in steps {
            match step {
                Step::Publish { over, bytes } => {
                    let before = rows.get(&id);
                    let known = before.map(|state| state.merged).unwrap_or_default();
                    let phase = if over || known.phase == Phase::Closed { Phase::Closed } else { Phase::Open };
                    let (source, destination) = ends(id);
                    let next = merged(phase, known.bytes.from_source + bytes);
                    let state = views.publish(&facts(id, source, destination), next, before);
                    rows.insert(id, state);
                }
                Step::Remove => {
                    if let Some(state) = rows.remove(&id) {
                        views.remove(&state, now);
                    }
                }
                Step::Read(most) => {
                    if client.read(&views, most) {
                        client = begin();
                    }
                }
                Step::Wait(seconds) => {
                    now += Duration::from_secs(seconds);
                    views.expire(now);
                }
            }
        }
        // As many as it takes: pages, then changes, or all of it again.
        for _ in 0..200 {
            if client.read(&views, 3) {
                client = begin();
            }
        }
        let listed: BTreeMap<_, _> = views
            .list(&scope, views.revision(), None, 99)
            .into_iter()
            .filter(|(_, state)| client.selects(state.phase()))
            .map(|(_, state)| (state.facts.name.to_string(), (state.revision, state.merged.bytes.from_source)))
            .collect();
        prop_assert_eq!(&client.has, &listed);
        let there: BTreeSet<_> = rows
            .values()
            .filter(|state| all || state.facts.namespaces().any(|namespace| namespace == "shop"))
            .filter(|state| client.selects(state.phase()))
            .map(|state| state.facts.name.to_string())
            .collect();
        prop_assert_eq!(there, client.has.into_keys().collect());
    }
}
