use super::{KEPT, MAX_GONE, Seen};
use crate::index::{Index, Stale};
use crate::source::event::Event;
use crate::source::object::{Key, Kind, Name, Object, Pod};
use crate::source::sample::{node, pod};
use std::sync::Arc;

#[derive(Default)]
struct World {
    index: Index,
    seen: Seen,
}

impl World {
    fn take(&mut self, events: impl IntoIterator<Item = Event>, now: u64) {
        let mut stale = Stale::default();
        events.into_iter().for_each(|event| self.index.apply(event, &mut stale));
        self.seen.take(&self.index, &stale, now);
    }

    /// Name and workload.
    fn get(&self, node: &str, uid: &str) -> Option<(String, String)> {
        let pod = self.seen.pods().get(node, uid)?;
        Some((pod.name().to_owned(), pod.workload().to_owned()))
    }
}

fn apply(pod: Pod) -> Event {
    Event::Apply(Object::Pod(Arc::new(pod)))
}

fn delete(name: &str) -> Event {
    Event::Delete(Key { kind: Kind::Pod, name: Name::new("shop", name) })
}

fn named(name: &str, workload: &str) -> Option<(String, String)> {
    Some((name.to_owned(), workload.to_owned()))
}

#[test]
fn a_pod_is_known_on_its_own_node_until_ten_minutes_after_its_end() {
    let mut world = World::default();
    world.take([apply(pod("web", "w1", "10.0.1.1"))], 1);
    assert_eq!(world.get("n1", "uid-w1"), named("w1", "web"));
    assert_eq!((world.get("n2", "uid-w1"), world.get("n1", "w1")), (None, None));
    world.take([delete("w1")], 5);
    world.seen.expire(5 + KEPT - 1);
    assert_eq!(world.get("n1", "uid-w1"), named("w1", "web"));
    world.seen.expire(5 + KEPT);
    assert_eq!(world.get("n1", "uid-w1"), None);
    assert!(world.seen.pods().0.read().pods.is_empty());
}

#[test]
fn one_that_takes_the_name_of_another_is_another() {
    let mut world = World::default();
    world.take([apply(pod("web", "w1", "10.0.1.1"))], 1);
    world.take([apply(Pod { uid: "next".to_owned(), ..pod("web", "w1", "10.0.1.2") })], 2);
    assert_eq!((world.get("n1", "uid-w1"), world.get("n1", "next")), (named("w1", "web"), named("w1", "web")));
    world.seen.expire(2 + KEPT);
    assert_eq!((world.get("n1", "uid-w1"), world.get("n1", "next")), (None, named("w1", "web")));
}

#[test]
fn one_that_comes_back_stays() {
    let mut world = World::default();
    world.take([apply(pod("web", "w1", "10.0.1.1"))], 1);
    world.take([delete("w1")], 2);
    world.take([apply(pod("shop", "w1", "10.0.1.1"))], 3);
    world.seen.expire(3 + KEPT);
    assert_eq!(world.get("n1", "uid-w1"), named("w1", "shop"));
}

#[test]
fn the_zone_is_the_nodes() {
    let mut world = World::default();
    let mut zoned = node("n1", "10.1.0.1");
    zoned.zone = Some("z1".to_owned());
    world.take([apply(pod("web", "w1", "10.0.1.1")), Event::Apply(Object::Node(Arc::new(zoned)))], 1);
    let pod = world.seen.pods().get("n1", "uid-w1").unwrap();
    assert_eq!((pod.zone(), pod.node(), pod.labels()["app"].as_str()), (Some("z1"), Some("n1"), "web"));
}

#[test]
fn no_more_than_8192_are_remembered_that_went() {
    let mut world = World::default();
    for number in 0..=MAX_GONE {
        let name = format!("w{number}");
        world.take([apply(pod("web", &name, "10.0.1.1"))], 1);
        world.take([delete(&name)], 1);
    }
    assert_eq!((world.get("n1", "uid-w0"), world.get("n1", "uid-w1")), (None, named("w1", "web")));
}
