use super::{EndedRows, MAX_ENDED, MAX_ENDED_OF_NODE, SHOW_ENDED};
use crate::live::row::Key;
use std::sync::Arc;
use std::time::Instant;

fn node(name: &str) -> Arc<str> {
    name.into()
}

fn key(id: usize, node: &Arc<str>) -> Key {
    Key::Local { id: id as u64, node: Arc::clone(node) }
}

#[test]
fn a_node_that_ends_more_than_it_may_drives_out_its_own() {
    let (mut ended, now) = (EndedRows::default(), Instant::now());
    let (hostile, other) = (node("n1"), node("n2"));
    ended.push(key(0, &other), &other, now);
    let mut gone = Vec::new();
    for id in 0..MAX_ENDED_OF_NODE + 2 {
        ended.push(key(id, &hostile), &hostile, now);
        gone.extend(ended.pop_of(&hostile));
        gone.extend(ended.pop(now));
    }
    assert_eq!(gone, [key(0, &hostile), key(1, &hostile)]);
    assert_eq!((ended.len(), ended.pop_of(&other)), (MAX_ENDED_OF_NODE + 1, None));
    assert_eq!(ended.pop(now + SHOW_ENDED), Some(key(0, &other)));
}

#[test]
fn all_nodes_together_have_a_bound_and_a_minute() {
    let (mut ended, now) = (EndedRows::default(), Instant::now());
    let nodes = ["n1", "n2", "n3"].map(node);
    (0..=MAX_ENDED).for_each(|id| ended.push(key(id, &nodes[id % 3]), &nodes[id % 3], now));
    assert_eq!((ended.pop(now), ended.pop(now)), (Some(key(0, &nodes[0])), None));
    let rest = std::iter::from_fn(|| ended.pop(now + SHOW_ENDED)).count();
    assert_eq!((rest, ended.len(), ended.of_node.len()), (MAX_ENDED, 0, 0));
}
