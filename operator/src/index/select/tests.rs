use super::{Chosen, services};
use crate::index::{Index, Stale};
use crate::source::event::Event;
use crate::source::object::{Endpoint, EndpointSlice, Name, Pod, PodRef, Service, ServicePort, SlicePort, Target};
use crate::source::sample::{apply, pod, service, slice, to_address, to_pod};
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
    let text = |(target, chosen): (u16, Chosen<'_>)| format!("{target}={}", chosen.service.name.name);
    services(&index, pod).chosen.into_iter().map(text).collect::<Vec<_>>().join(" ")
}

/// Ports 1, 2, ... of a Service, named like their numbers.
fn leading(targets: &[Target]) -> Vec<ServicePort> {
    let port =
        |(number, target): (u16, &Target)| ServicePort { name: number.to_string(), number, target: target.clone() };
    (1..).zip(targets).map(port).collect()
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
fn a_selector_selects_in_its_own_namespace_and_an_empty_one_nothing() {
    let elsewhere = Service { name: Name::new("elsewhere", "web"), ..web() };
    let empty = Service { selector: BTreeMap::new(), ..web() };
    assert_eq!(chosen(&a(), vec![apply(elsewhere), apply(empty)]), "");
}

#[test]
fn a_named_target_is_each_pod_s_own_to_resolve() {
    let named = Service { ports: leading(&[Target::Named("http".to_owned()), Target::Port(9090)]), ..web() };
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
fn a_slice_without_its_service_names_no_pod() {
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
fn a_host_network_pod_is_named_by_its_nodes_address_too_as_only_it_listens_on_the_port() {
    let host = Pod { host_network: true, ..a() };
    let by_address = slice("web-1", "web", &[80], vec![to_address("10.0.0.1")]);
    assert_eq!(chosen(&host, vec![apply(web()), apply(by_address)]), "80=web");
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

/// All that leads to a pod, as `port=name`, and how many are left out.
fn more(pod: &Pod, mut others: Vec<Event>) -> (String, usize) {
    others.push(apply(pod.clone()));
    let index = index(others);
    let leading = services(&index, pod);
    let text = |(target, other): (u16, Chosen<'_>)| format!("{target}={}", other.service.name.name);
    (leading.more.into_iter().map(text).collect::<Vec<_>>().join(" "), leading.left_out)
}

#[test]
fn other_services_of_a_port_are_known_because_they_may_be_requested() {
    let service = |name, created, ports: &[Target]| {
        apply(Service { created, ports: leading(ports), ..service(name, "web", "10.96.0.1") })
    };
    let [a80, a81] = [80, 81].map(Target::Port);
    let three = vec![
        service("old", 1, std::slice::from_ref(&a80)),
        service("young", 3, &[a80.clone(), a81.clone()]),
        service("middle", 2, &[a81, a80.clone(), a80]),
    ];
    assert_eq!(chosen(&a(), three.clone()), "80=old 81=middle");
    assert_eq!(more(&a(), three), ("80=middle 80=young 81=young".to_owned(), 0));
}

#[test]
fn of_thousands_of_services_and_ports_the_oldest_and_lowest_are_kept_and_the_others_counted() {
    let service =
        |number: u64| apply(Service { created: number, ..service(&format!("s{number}"), "web", "10.96.0.1") });
    let (others, left_out) = more(&a(), (1..=3_000).map(service).collect());
    assert_eq!((others.split(' ').count(), others.split(' ').next_back(), left_out), (256, Some("8080=s257"), 2_743));
    let targets: Vec<_> = (1..=3_000).map(Target::Port).collect();
    let many = apply(Service { ports: leading(&targets), ..web() });
    assert_eq!(chosen(&a(), vec![many.clone()]).split(' ').count(), 1_024);
    assert_eq!(more(&a(), vec![many]), (String::new(), 1_976));
}

#[test]
fn a_tie_is_for_each_port_of_its_own() {
    let old = Service { created: 1, ports: leading(&[Target::Port(80)]), ..service("old", "web", "10.96.0.1") };
    let young = Service {
        created: 2,
        ports: leading(&[Target::Port(80), Target::Port(81)]),
        ..service("young", "web", "10.96.0.2")
    };
    assert_eq!(chosen(&a(), vec![apply(young), apply(old)]), "80=old 81=young");
}

/// A Service with port 80 to `http` and 443 to 8443, and a slice with one port.
#[rstest]
#[case::by_the_name_of_the_slice_s_port("https", 9443, "9443<443")]
#[case::by_the_target_where_names_differ("", 8443, "8443<443")]
#[case::by_a_named_target_where_names_differ("", 8080, "8080<80")]
#[case::as_it_is_where_nothing_leads_there("", 7070, "7070<7070")]
fn a_target_port_has_the_service_s_own_before_it(#[case] name: &str, #[case] number: u16, #[case] expected: &str) {
    let port = |name: &str, number, target| ServicePort { name: name.to_owned(), number, target };
    let ports = vec![port("http", 80, Target::Named("http".to_owned())), port("https", 443, Target::Port(8443))];
    let pod = Pod { ports: BTreeMap::from([("http".to_owned(), 8080)]), ..a() };
    let written = SlicePort { name: name.to_owned(), number };
    let slice = EndpointSlice { ports: vec![written], ..slice("web-1", "web", &[], vec![to_pod("a")]) };
    let index = index(vec![apply(pod.clone()), apply(Service { ports, ..web() }), apply(slice)]);
    let text = |(target, chosen): (u16, Chosen<'_>)| format!("{target}<{}", chosen.port);
    assert_eq!(services(&index, &pod).chosen.into_iter().map(text).collect::<Vec<_>>(), [expected]);
}
