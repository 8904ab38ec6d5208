//! A file of manifests, from its text to the configuration of each node.

use longwire_operator::index::{Index, Stale};
use longwire_operator::policy::compile::{Compiler, Settings};
use longwire_operator::source::event::Event;
use longwire_operator::source::manifests;
use longwire_operator::source::object::Object;

pub(crate) fn fuzz(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let (objects, _) = manifests::read(text);
    let settings = Settings {
        cluster_name: "Kubernetes".to_owned(),
        cluster_domain: "cluster.local".to_owned(),
        root_namespace: "longwire-system".to_owned(),
    };
    let (mut index, mut compiler) = (Index::default(), Compiler::new(settings));
    let keys: Vec<_> = objects.iter().map(Object::key).collect();
    let apply = objects.into_iter().map(Event::Apply);
    let delete = keys.into_iter().map(Event::Delete);
    for events in [apply.collect::<Vec<_>>(), delete.collect()] {
        let mut stale = Stale::default();
        events.into_iter().for_each(|event| index.apply(event, &mut stale));
        compiler.compile(&index, stale, 1);
    }
}
