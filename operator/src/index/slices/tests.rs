use crate::index::select;
use crate::index::warning::{On, Warning};
use crate::index::{Index, Stale};
use crate::source::object::{Endpoint, EndpointSlice, Kind, Name};
use crate::source::sample::{apply, delete, pod, service, slice, to_pod};
use longwire_model::limits::MAX_NAMESPACE_SLICE_BYTES;

/// Leads to pod `a` and to as many that are not there as it takes to fill some share of the namespace.
fn large(name: &str, created: u64, parts: usize) -> EndpointSlice {
    let one = slice(name, "web", &[8080], vec![to_pod("a"), to_pod("none-0000")]);
    let two = slice(name, "web", &[8080], vec![to_pod("a"), to_pod("none-0000"), to_pod("none-0001")]);
    let count = MAX_NAMESPACE_SLICE_BYTES / parts / (two.bytes() - one.bytes());
    let others = (0..count).map(|number| to_pod(&format!("none-{number:04}")));
    let endpoints: Vec<Endpoint> = others.chain([to_pod("a")]).collect();
    EndpointSlice { created, ..slice(name, "web", &[8080], endpoints) }
}

fn take(index: &mut Index, slice: EndpointSlice) -> Vec<String> {
    let mut stale = Stale::default();
    index.apply(apply(slice), &mut stale);
    stale.pods.into_iter().filter(|name| index.pod(name).is_some()).map(|name| name.to_string()).collect()
}

fn index() -> Index {
    let mut index = Index::default();
    for event in [apply(pod("web", "a", "10.0.0.1")), apply(service("web", "web", "10.96.0.1"))] {
        index.apply(event, &mut Stale::default());
    }
    index
}

fn leads(index: &Index) -> Vec<&str> {
    index.slices_of(index.pod(&Name::new("shop", "a")).unwrap()).map(|slice| slice.name.name.as_str()).collect()
}

#[test]
fn slices_without_room_have_no_endpoints_and_cause_one_warning() {
    let mut index = index();
    // Each takes a little more than the share.
    for (name, created) in [("s1", 1), ("s2", 2)] {
        assert_eq!(take(&mut index, large(name, created, 3)), ["shop/a"]);
    }
    assert_eq!(index.take_warnings(), []);
    assert_eq!(take(&mut index, large("s4", 4, 3)), [""; 0]);
    assert_eq!(take(&mut index, large("s5", 5, 3)), [""; 0]);
    assert_eq!((leads(&index), index.slices_refused()), (vec!["s1", "s2"], 2));
    let warnings = index.take_warnings();
    let [Warning { on: On::EndpointSlice, name, uid, reason, note, .. }] = &warnings[..] else {
        panic!("{warnings:?}")
    };
    assert_eq!((name.as_str(), uid.as_str(), *reason), ("s4", "uid-s4", "NamespaceBudgetExceeded"));
    assert!(note.contains("namespace shop") && note.contains("16777216"), "{note}");
}

#[test]
fn an_older_one_takes_the_room_and_what_goes_gives_it_back() {
    let mut index = index();
    for (name, created) in [("s2", 2), ("s3", 3)] {
        take(&mut index, large(name, created, 3));
    }
    assert_eq!(take(&mut index, large("s1", 1, 3)), ["shop/a"], "who has lost a slice has to know");
    assert!(!index.take_slices_forgotten());
    assert_eq!(leads(&index), ["s1", "s2"]);
    index.apply(delete(Kind::EndpointSlice, "s2"), &mut Stale::default());
    assert!(index.take_slices_forgotten(), "it is requested from the source");
    assert!(!index.take_slices_forgotten());
    // Sent again, it is the same.
    assert_eq!(take(&mut index, large("s3", 3, 3)), ["shop/a"]);
    assert_eq!((leads(&index), index.slices_refused()), (vec!["s1", "s3"], 0));
}

#[test]
fn the_selector_of_a_service_has_no_say_because_a_slice_finds_no_room() {
    let mut index = index();
    take(&mut index, large("s1", 1, 1));
    let pod = index.pod(&Name::new("shop", "a")).unwrap();
    assert_eq!((index.slices_refused(), select::services(&index, pod).chosen.len()), (1, 0));
}

#[test]
fn slices_of_other_namespaces_neither_find_a_pod_nor_make_it_stale() {
    let mut index = index();
    let foreign = EndpointSlice { name: Name::new("evil", "s"), service: Name::new("evil", "s"), ..large("s", 1, 9) };
    assert_eq!(take(&mut index, foreign), [""; 0]);
    assert_eq!(leads(&index), [""; 0]);
    assert_eq!(index.slices_of_pod.get(&Name::new("shop", "a")).count(), 0);
}
