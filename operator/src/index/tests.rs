use super::{Index, Stale};
use crate::source::event::Event;
use crate::source::object::{Kind, Name, Namespace, Node, Pod, SeriesAnnotation};
use crate::source::sample::{
    apply, delete, namespace, node, pod, series_annotation, service, slice, to_address, to_pod,
};
use longwire_model::series::{SeriesSet, SeriesSets};

fn index(events: Vec<Event>) -> Index {
    let (mut index, mut stale) = (Index::default(), Stale::default());
    events.into_iter().for_each(|event| index.apply(event, &mut stale));
    index
}

fn stale_after(index: &mut Index, event: Event) -> Stale {
    let mut stale = Stale::default();
    index.apply(event, &mut stale);
    stale
}

fn pods(stale: &Stale) -> Vec<String> {
    stale.pods.iter().map(Name::to_string).collect()
}

fn two_pods() -> Index {
    let far = Pod { name: Name::new("far", "c"), node: Some("n2".to_owned()), ..pod("web", "c", "10.0.0.3") };
    index(vec![apply(pod("web", "a", "10.0.0.1")), apply(pod("db", "b", "10.0.0.2")), apply(far)])
}

#[test]
fn a_pod_that_moves_concerns_both_its_nodes() {
    let moved = Pod { node: Some("n2".to_owned()), ..pod("web", "a", "10.0.0.1") };
    let mut index = two_pods();
    let stale = stale_after(&mut index, apply(moved));
    assert_eq!(pods(&stale), ["shop/a"]);
    assert_eq!(stale.configurations.into_iter().collect::<Vec<_>>(), ["n1", "n2"]);
    let on = |node| index.pods_of_node(node).map(|pod| pod.name.to_string()).collect::<Vec<_>>();
    assert_eq!((on("n1"), on("n2")), (vec!["shop/b".to_owned()], vec!["far/c".to_owned(), "shop/a".to_owned()]));
}

#[test]
fn a_service_concerns_the_pods_that_it_selects_and_selected() {
    let mut index = two_pods();
    let stale = stale_after(&mut index, apply(service("web", "web", "10.96.0.1")));
    assert_eq!(pods(&stale), ["shop/a"]);
    assert_eq!(pods(&stale_after(&mut index, apply(service("web", "db", "10.96.0.1")))), ["shop/a", "shop/b"]);
    assert_eq!(pods(&stale_after(&mut index, delete(Kind::Service, "web"))), ["shop/b"]);
    assert_eq!(stale.services.iter().map(Name::to_string).collect::<Vec<_>>(), ["shop/web"]);
}

#[test]
fn a_slice_concerns_its_endpoints_in_its_own_namespace() {
    let mut index = two_pods();
    let by_address = slice("web-1", "web", &[80], vec![to_address("10.0.0.2"), to_address("10.0.0.3")]);
    assert_eq!(pods(&stale_after(&mut index, apply(by_address))), ["shop/b"]);
    // It leads elsewhere now, and its former pods are stale too.
    let by_name = slice("web-1", "web", &[80], vec![to_pod("a")]);
    assert_eq!(pods(&stale_after(&mut index, apply(by_name))), ["shop/a", "shop/b"]);
    assert_eq!(pods(&stale_after(&mut index, delete(Kind::EndpointSlice, "web-1"))), ["shop/a"]);
}

#[test]
fn the_first_and_the_last_slice_of_a_service_concern_selected_pods_too() {
    let mut index = two_pods();
    index.apply(apply(service("web", "web", "10.96.0.1")), &mut Stale::default());
    let to = |name, address| apply(slice(name, "web", &[80], vec![to_address(address)]));
    assert_eq!(pods(&stale_after(&mut index, to("web-1", "10.0.0.9"))), ["shop/a"]);
    assert_eq!(pods(&stale_after(&mut index, to("web-2", "10.0.0.2"))), ["shop/b"]);
    assert_eq!(pods(&stale_after(&mut index, delete(Kind::EndpointSlice, "web-1"))), [""; 0]);
    // With slices, the selector does not count.
    let stale = stale_after(&mut index, apply(service("web", "other", "10.96.0.1")));
    assert_eq!(pods(&stale), ["shop/b"]);
    index.apply(apply(service("web", "web", "10.96.0.1")), &mut Stale::default());
    assert_eq!(pods(&stale_after(&mut index, delete(Kind::EndpointSlice, "web-2"))), ["shop/a", "shop/b"]);
}

#[test]
fn a_service_that_arrives_after_its_slice_concerns_the_slices_endpoints() {
    let mut index = two_pods();
    index.apply(apply(slice("web-1", "web", &[80], vec![to_address("10.0.0.2")])), &mut Stale::default());
    assert_eq!(pods(&stale_after(&mut index, apply(service("web", "x", "10.96.0.1")))), ["shop/b"]);
}

#[test]
fn a_namespace_is_another_when_its_annotation_changes_and_not_otherwise() {
    let mut index = two_pods();
    let mut scopes = |event| stale_after(&mut index, event).scopes.into_iter().collect::<Vec<_>>();
    assert_eq!(
        scopes(apply(Namespace { series: SeriesAnnotation::default(), ..namespace("shop", SeriesSets::NONE) })),
        [""; 0]
    );
    let annotated = || apply(namespace("shop", SeriesSets::NONE.with(SeriesSet::Istio)));
    assert_eq!(scopes(annotated()), ["shop"]);
    assert_eq!(scopes(annotated()), [""; 0]);
    assert_eq!(scopes(delete(Kind::Namespace, "shop")), ["shop"]);
}

#[test]
fn a_node_concerns_its_pods_when_it_is_elsewhere_and_not_otherwise() {
    let mut index = two_pods();
    let placed = || apply(Node { zone: Some("eu-1a".to_owned()), ..node("n1", "10.9.0.1") });
    assert_eq!(pods(&stale_after(&mut index, apply(node("n1", "10.9.0.1")))), [""; 0]);
    assert_eq!(pods(&stale_after(&mut index, placed())), ["shop/a", "shop/b"]);
    assert_eq!(pods(&stale_after(&mut index, placed())), [""; 0]);
    assert_eq!(pods(&stale_after(&mut index, delete(Kind::Node, "n1"))), ["shop/a", "shop/b"]);
}

#[test]
fn nodes_are_those_with_an_object_or_a_pod() {
    let mut index = two_pods();
    index.apply(apply(node("n3", "10.9.0.3")), &mut Stale::default());
    assert_eq!(index.node_names().into_iter().collect::<Vec<_>>(), ["n1", "n2", "n3"]);
    index.apply(Event::Synced, &mut Stale::default());
    assert!(index.is_synced());
}

#[test]
fn nothing_stays_of_what_was_deleted() {
    let mut index = two_pods();
    index.apply(apply(slice("web-1", "web", &[80], vec![to_address("10.0.0.3"), to_pod("a")])), &mut Stale::default());
    for event in [delete(Kind::Pod, "a"), delete(Kind::Pod, "b"), delete(Kind::EndpointSlice, "web-1")] {
        index.apply(event, &mut Stale::default());
    }
    let far = crate::source::object::Key { kind: Kind::Pod, name: Name::new("far", "c") };
    index.apply(Event::Delete(far), &mut Stale::default());
    assert_eq!(format!("{index:?}"), format!("{:?}", Index::default()));
}

#[test]
fn an_unknown_series_set_of_a_namespace_is_warned_of_once() {
    let (mut index, mut stale) = (Index::default(), Stale::default());
    let wrong = SeriesAnnotation { unknown: vec!["isto".to_owned()], ..series_annotation(SeriesSets::NONE) };
    for _ in 0..2 {
        let shop = Namespace { series: wrong.clone(), ..namespace("shop", SeriesSets::NONE) };
        index.apply(apply(shop), &mut stale);
    }
    let warnings: Vec<String> = index.take_warnings().iter().map(ToString::to_string).collect();
    let warning = "annotation telemetry.longwire.io/series-sets: unknown series set \"isto\": \
                   known are istio, kmesh-connection, kmesh-workload, longwire, longwire-locality";
    assert_eq!(warnings, [format!("Namespace shop: {warning}")]);
}
