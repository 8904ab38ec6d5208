use super::{Demand, Interest, LINGER, MAX_NAMESPACES, Scope, TooManyNamespaces};
use longwire_model::live::{Watched, WatchedNamespaces};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

fn of(namespace: &str) -> Interest {
    Interest { scope: Scope::Namespace(namespace.to_owned()), history: false }
}

const ALL: Interest = Interest { scope: Scope::All, history: false };
const HISTORY: Interest = Interest { scope: Scope::All, history: true };

fn only(namespaces: &[&str]) -> WatchedNamespaces {
    WatchedNamespaces::Only(namespaces.iter().map(|name| (*name).to_owned()).collect())
}

fn watched(demand: &Demand) -> (u64, WatchedNamespaces, bool) {
    let Watched { generation, namespaces, history } = Watched::clone(&demand.watched());
    (generation, namespaces, history)
}

#[test]
fn what_is_watched_is_the_union_and_a_generation_begins_only_when_it_changes() {
    let (mut demand, now) = (Demand::default(), Instant::now());
    assert_eq!(watched(&demand), (0, only(&[]), false));
    demand.join(&of("a"), now).unwrap();
    demand.join(&of("b"), now).unwrap();
    demand.join(&of("a"), now).unwrap();
    assert_eq!(watched(&demand), (2, only(&["a", "b"]), false));
    demand.join(&ALL, now).unwrap();
    demand.join(&of("c"), now).unwrap();
    assert_eq!(watched(&demand), (3, WatchedNamespaces::All, false));
    demand.join(&HISTORY, now).unwrap();
    assert_eq!(watched(&demand), (4, WatchedNamespaces::All, true));
}

#[test]
fn it_lingers_after_the_last_watcher_and_one_that_returns_meanwhile_changes_nothing() {
    let (mut demand, begin) = (Demand::default(), Instant::now());
    let at = |seconds| begin + Duration::from_secs(seconds);
    for _ in 0..2 {
        demand.join(&of("a"), at(0)).unwrap();
    }
    demand.leave(&of("a"), at(1));
    assert_eq!(demand.expire(at(100)), None, "one watcher is left");
    demand.leave(&of("a"), at(100));
    assert_eq!(demand.expire(at(129)), Some(at(100) + LINGER));
    demand.join(&of("a"), at(129)).unwrap();
    demand.leave(&of("a"), at(129));
    assert_eq!(watched(&demand), (1, only(&["a"]), false));
    assert_eq!(demand.expire(at(159)), None);
    assert_eq!(watched(&demand), (2, only(&[]), false));
}

#[test]
fn no_more_than_1024_namespaces_are_watched_one_by_one() {
    let (mut demand, now) = (Demand::default(), Instant::now());
    for number in 0..MAX_NAMESPACES {
        demand.join(&of(&number.to_string()), now).unwrap();
    }
    assert_eq!(demand.join(&of("more"), now), Err(TooManyNamespaces));
    demand.join(&of("7"), now).unwrap();
    demand.join(&Interest { history: true, ..of("7") }, now).unwrap();
    assert_eq!(demand.join(&of("more"), now), Err(TooManyNamespaces));
    demand.join(&ALL, now).unwrap();
    // One that lingers gives no room yet.
    demand.leave(&of("8"), now);
    assert_eq!(demand.join(&of("more"), now), Err(TooManyNamespaces));
    demand.join(&of("more"), now + LINGER).unwrap();
}

proptest! {
    /// By the times at which each interest had its last watcher.
    #[test]
    fn the_union_is_that_of_all_that_have_a_watcher_or_had_one_lately(
        steps in prop::collection::vec((0..5_u8, any::<bool>(), 0..20_u64), 0..60),
    ) {
        let interests = [of("a"), of("b"), ALL, HISTORY, Interest { history: true, ..of("c") }];
        let (mut demand, begin, mut seconds) = (Demand::default(), Instant::now(), 0);
        let (mut watchers, mut last) = (BTreeMap::<u8, u64>::new(), BTreeMap::<u8, u64>::new());
        let mut before = watched(&demand);
        for (which, joins, passed) in steps {
            seconds += passed;
            let now = begin + Duration::from_secs(seconds);
            let count = watchers.entry(which).or_default();
            if joins {
                *count += 1;
                demand.join(&interests[usize::from(which)], now).unwrap();
            } else if *count > 0 {
                *count -= 1;
                last.insert(which, seconds);
                demand.leave(&interests[usize::from(which)], now);
            }
            demand.expire(now);
            let is_watched = |which: &u8| {
                watchers.get(which).is_some_and(|count| *count > 0)
                    || last.get(which).is_some_and(|left| left + LINGER.as_secs() > seconds)
            };
            let there: BTreeSet<u8> = (0..5).filter(is_watched).collect();
            let (generation, namespaces, history) = watched(&demand);
            prop_assert_eq!(history, there.contains(&3) || there.contains(&4));
            let all = there.contains(&2) || there.contains(&3);
            let named = [(0, "a"), (1, "b"), (4, "c")].into_iter().filter(|(which, _)| there.contains(which));
            let named: Vec<_> = named.map(|(_, name)| name).collect();
            prop_assert_eq!(&namespaces, &if all { WatchedNamespaces::All } else { only(&named) });
            let is_new = (&namespaces, history) != (&before.1, before.2);
            prop_assert!(generation > before.0 || !is_new);
            before = (generation, namespaces, history);
        }
    }
}
