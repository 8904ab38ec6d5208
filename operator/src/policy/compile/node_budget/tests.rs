use super::{Wanted, without_room};
use longwire_model::limits::MAX_NODE_TELEMETRY_BYTES;
use longwire_model::series::SeriesSets;
use longwire_model::telemetry::Telemetry;
use std::collections::BTreeSet;
use std::sync::Arc;

const THIRD: usize = MAX_NODE_TELEMETRY_BYTES / 3;

fn some() -> Arc<Telemetry> {
    Arc::new(Telemetry::plain(SeriesSets::default()))
}

fn check(pods: &[(&str, &Arc<Telemetry>, usize)], expected: &[&str]) {
    let pods: Vec<Wanted<'_>> = pods.iter().map(|&(uid, telemetry, bytes)| Wanted { uid, telemetry, bytes }).collect();
    assert_eq!(without_room(&pods), expected.iter().copied().collect::<BTreeSet<_>>());
}

#[test]
fn equal_telemetries_count_once() {
    let one = some();
    check(&[("a", &one, 2 * THIRD), ("b", &one, 2 * THIRD), ("c", &one, 2 * THIRD)], &[]);
}

#[test]
fn the_largest_is_left_out_wherever_it_stands() {
    let [small, middle, large] = [some(), some(), some()];
    let pods = [("c", &small, 10), ("a", &large, 2 * THIRD), ("b", &middle, THIRD - 10)];
    check(&pods, &[]);
    let pods = [("a", &large, 2 * THIRD), ("b", &middle, THIRD + 10), ("c", &small, 10), ("d", &large, 2 * THIRD)];
    check(&pods, &["a", "d"]);
}

#[test]
fn of_two_that_are_equally_large_the_first_by_uid_has_room() {
    let [one, other] = [some(), some()];
    check(&[("b", &one, 2 * THIRD), ("a", &other, 2 * THIRD)], &["b"]);
}
