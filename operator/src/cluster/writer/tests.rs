use super::Writer;
use crate::acks::Acks;
use crate::counters::Counters;
use crate::policy::compile::{Compiler, Settings};
use crate::publish::Publisher;
use crate::source::event::Event;
use crate::source::object::{Key, Kind, Name, Object};
use crate::source::sample::{node, pod};
use std::sync::Arc;

fn nodes(acks: &Acks) -> Vec<String> {
    let mut nodes: Vec<_> = acks.snapshot().into_keys().collect();
    nodes.sort();
    nodes
}

#[test]
fn what_a_node_acknowledged_is_forgotten_when_neither_a_stream_nor_an_object_nor_a_pod_is_left() {
    let text = str::to_owned;
    let settings =
        Settings { cluster_name: text("c"), cluster_domain: text("cluster.local"), root_namespace: text("watch") };
    let (publisher, _published) = Publisher::new();
    let acks = Arc::<Acks>::default();
    let writer = Writer::new(Compiler::new(settings), publisher, None, Arc::<Counters>::default());
    let mut writer = writer.with_acks(Arc::clone(&acks));
    // As with manifests: n1 has a pod and no object. n3 has a stream alone.
    let objects = [Object::Pod(Arc::new(pod("web", "w1", "10.0.1.1"))), Object::Node(Arc::new(node("n2", "10.1.0.2")))];
    writer.take(objects.map(Event::Apply).into_iter().chain([Event::Synced]), 1);
    let streams = ["n1", "n2", "n3", "gone"].map(|node| acks.open(node).unwrap());
    streams.iter().for_each(|stream| stream.applied(1));
    let [first, second, third, gone] = streams;
    drop((first, second, gone));
    writer.expire(2);
    assert_eq!(nodes(&acks), ["n1", "n2", "n3"]);
    let left = [(Kind::Pod, Name::new("shop", "w1")), (Kind::Node, Name::cluster_wide("n2"))];
    writer.take(left.into_iter().map(|(kind, name)| Event::Delete(Key { kind, name })), 3);
    writer.expire(4);
    assert_eq!(nodes(&acks), ["n3"]);
    drop(third);
    writer.expire(5);
    assert!(nodes(&acks).is_empty());
}
