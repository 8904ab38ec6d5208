use super::{series, services};
use crate::event::Event;
use crate::index::{Index, Stale};
use crate::object::{Endpoint, Name, Pod, PodRef, Service, Target};
use crate::sample::{apply, asked, namespace, pod, service, slice, to_address, to_pod};
use longwire_model::series::{SeriesSet, SeriesSets};
use rstest::rstest;
use std::collections::BTreeMap;

fn index(events: Vec<Event>) -> Index {
    let (mut index, mut stale) = (Index::default(), Stale::default());
    events.into_iter().for_each(|event| index.apply(event, &mut stale));
    index
}

/// The services of a pod among these objects, as `port=name`.
fn chosen(pod: &Pod, mut others: Vec<Event>) -> String {
    others.push(apply(pod.clone()));
    let index = index(others);
    let text = |(port, service): (u16, &Service)| format!("{port}={}", service.name.name);
    services(&index, pod).into_iter().map(text).collect::<Vec<_>>().join(" ")
}

fn a() -> Pod {
    pod("web", "a", "10.0.0.1")
}

fn web() -> Service {
    service("web", "web", "10.96.0.1")
}

#[test]
fn without_slices_the_selector_decides() {
    assert_eq!(chosen(&a(), vec![apply(web()), apply(service("other", "other", "10.96.0.2"))]), "8080=web");
    let mut narrow = web();
    narrow.selector.insert("version".to_owned(), "v1".to_owned());
    assert_eq!(chosen(&a(), vec![apply(narrow.clone())]), "");
    let mut v1 = a();
    v1.labels.insert("version".to_owned(), "v1".to_owned());
    assert_eq!(chosen(&v1, vec![apply(narrow)]), "8080=web");
}

#[test]
fn a_selector_selects_in_its_own_namespace_and_an_empty_one_nobody() {
    let elsewhere = Service { name: Name::new("elsewhere", "web"), ..web() };
    let empty = Service { selector: BTreeMap::new(), ..web() };
    assert_eq!(chosen(&a(), vec![apply(elsewhere), apply(empty)]), "");
}

#[test]
fn a_named_target_is_each_pod_s_own_to_resolve() {
    let named = Service { targets: vec![Target::Named("http".to_owned()), Target::Port(9090)], ..web() };
    let ports = |port| BTreeMap::from([("http".to_owned(), port)]);
    assert_eq!(chosen(&Pod { ports: ports(80), ..a() }, vec![apply(named.clone())]), "80=web 9090=web");
    assert_eq!(chosen(&Pod { ports: ports(81), ..a() }, vec![apply(named.clone())]), "81=web 9090=web");
    assert_eq!(chosen(&a(), vec![apply(named)]), "9090=web");
}

#[test]
fn with_a_slice_the_selector_does_not_count() {
    let elsewhere = slice("web-1", "web", &[80], vec![to_pod("b")]);
    assert_eq!(chosen(&a(), vec![apply(web()), apply(elsewhere)]), "");
    let here = slice("web-1", "web", &[80, 81], vec![to_pod("b"), to_pod("a")]);
    assert_eq!(chosen(&a(), vec![apply(web()), apply(here)]), "80=web 81=web");
}

#[test]
fn several_slices_of_a_service_add_up() {
    let slices = [slice("web-1", "web", &[80], vec![to_pod("a")]), slice("web-2", "web", &[81], vec![to_pod("a")])];
    let [one, two] = slices.map(apply);
    assert_eq!(chosen(&a(), vec![apply(web()), one, two]), "80=web 81=web");
}

#[test]
fn a_slice_without_its_service_names_nobody() {
    assert_eq!(chosen(&a(), vec![apply(slice("web-1", "web", &[80], vec![to_pod("a")]))]), "");
}

#[rstest]
#[case::by_name(to_pod("a"), "80=web")]
#[case::by_uid(Endpoint::Pod(PodRef { name: Name::new("shop", "a"), uid: Some("uid-a".to_owned()) }), "80=web")]
#[case::an_earlier_pod_of_that_name(
    Endpoint::Pod(PodRef { name: Name::new("shop", "a"), uid: Some("uid-before".to_owned()) }),
    ""
)]
#[case::by_address(to_address("10.0.0.1"), "80=web")]
#[case::by_another_address(to_address("10.0.0.2"), "")]
fn an_endpoint_leads_to_a_pod(#[case] endpoint: Endpoint, #[case] expected: &str) {
    assert_eq!(chosen(&a(), vec![apply(web()), apply(slice("web-1", "web", &[80], vec![endpoint]))]), expected);
}

#[test]
fn a_manifest_without_a_uid_is_found_by_its_name() {
    let bare = Pod { uid: "shop/a".to_owned(), ..a() };
    let endpoint = Endpoint::Pod(PodRef { name: Name::new("shop", "a"), uid: Some("some".to_owned()) });
    assert_eq!(chosen(&bare, vec![apply(web()), apply(slice("web-1", "web", &[80], vec![endpoint]))]), "80=web");
}

#[test]
fn an_address_does_not_name_a_host_network_pod() {
    let host = Pod { host_network: true, ..a() };
    let by_address = slice("web-1", "web", &[80], vec![to_address("10.0.0.1")]);
    assert_eq!(chosen(&host, vec![apply(web()), apply(by_address)]), "");
    let by_name = slice("web-1", "web", &[80], vec![to_pod("a")]);
    assert_eq!(chosen(&host, vec![apply(web()), apply(by_name)]), "80=web");
}

#[rstest]
#[case::the_oldest(2, 1, "8080=y")]
#[case::then_by_name(1, 1, "8080=x")]
#[case::of_unknown_age_is_the_oldest(1, 0, "8080=y")]
fn of_several_services_one_is_it(#[case] x: u64, #[case] y: u64, #[case] expected: &str) {
    let service = |name, created| apply(Service { created, ..service(name, "web", "10.96.0.1") });
    assert_eq!(chosen(&a(), vec![service("x", x), service("y", y)]), expected);
    assert_eq!(chosen(&a(), vec![service("y", y), service("x", x)]), expected);
}

#[test]
fn a_tie_is_for_each_port_of_its_own() {
    let old = Service { created: 1, targets: vec![Target::Port(80)], ..service("old", "web", "10.96.0.1") };
    let young = Service {
        created: 2,
        targets: vec![Target::Port(80), Target::Port(81)],
        ..service("young", "web", "10.96.0.2")
    };
    assert_eq!(chosen(&a(), vec![apply(young), apply(old)]), "80=old 81=young");
}

const ISTIO: SeriesSets = SeriesSets::NONE.with(SeriesSet::Istio);
const WORKLOAD: SeriesSets = SeriesSets::NONE.with(SeriesSet::KmeshWorkload);

#[rstest]
#[case::built_in(vec![], a(), SeriesSets::default())]
#[case::whole_cluster(vec![namespace("root", WORKLOAD)], a(), WORKLOAD)]
#[case::namespace_over_cluster(vec![namespace("root", WORKLOAD), namespace("shop", ISTIO)], a(), ISTIO)]
#[case::nothing_is_an_answer_too(vec![namespace("root", WORKLOAD), namespace("shop", SeriesSets::NONE)], a(), SeriesSets::NONE)]
#[case::another_namespace(vec![namespace("other", WORKLOAD)], a(), SeriesSets::default())]
#[case::pod_over_namespace(vec![namespace("shop", ISTIO)], Pod { series: asked(WORKLOAD), ..a() }, WORKLOAD)]
#[case::meshed(vec![], Pod { meshed: true, ..a() }, SeriesSets::default().without(SeriesSet::Istio))]
#[case::meshed_whatever_the_namespace_asks(vec![namespace("shop", ISTIO)], Pod { meshed: true, ..a() }, SeriesSets::NONE)]
#[case::meshed_and_insisting(vec![], Pod { meshed: true, series: asked(ISTIO), ..a() }, ISTIO)]
#[case::meshed_with_a_wish_of_its_own(vec![], Pod { meshed: true, series: asked(WORKLOAD), ..a() }, WORKLOAD)]
fn the_narrowest_word_decides_which_series_a_pod_feeds(
    #[case] namespaces: Vec<crate::object::Namespace>,
    #[case] pod: Pod,
    #[case] expected: SeriesSets,
) {
    assert_eq!(series(&index(namespaces.into_iter().map(apply).collect()), "root", &pod), expected);
}
