use super::{Refused, verified};
use crate::live::fake::{described, pod};
use longwire_model::connection::Reporter;
use longwire_model::identity::Service;
use longwire_model::live::{Described, LiveEnd, LiveName};
use std::sync::Arc;

fn names(described: &Described, node: &str) -> Result<[Option<String>; 2], Refused> {
    let facts = verified(described, &node.into(), pod)?;
    Ok([facts.source, facts.destination].map(|side| side.pod.map(|pod| format!("{}/{}", pod.namespace(), pod.name()))))
}

fn both(source: &str, destination: &str) -> Result<[Option<String>; 2], Refused> {
    Ok([Some(source.to_owned()), Some(destination.to_owned())])
}

#[test]
fn the_reporting_end_is_a_pod_of_the_node_and_names_are_the_operators() {
    use Reporter::{Destination, Source};
    let ends = ("web", "vault");
    assert_eq!(names(&described(1, ends, Source), "n1"), both("shop/web", "bank/vault"));
    assert_eq!(names(&described(1, ends, Destination), "n2"), both("shop/web", "bank/vault"));
    assert_eq!(names(&described(1, ends, Source), "n2"), Err(Refused::ForeignPod));
    assert_eq!(names(&described(1, ends, Destination), "n1"), Err(Refused::ForeignPod));
    let host = Described { source: LiveEnd::default(), ..described(1, ends, Source) };
    assert_eq!(names(&host, "n1"), Err(Refused::NoPod));
    // A peer that is not known has no name, whatever is said of it.
    let mut forged = described(1, ends, Source);
    Arc::make_mut(forged.destination.pod.as_mut().unwrap()).uid = "nobody".to_owned();
    assert_eq!(names(&forged, "n1"), Ok([Some("shop/web".to_owned()), None]));
}

#[test]
fn a_service_with_a_name_longer_than_any_is_refused() {
    let service = |host: usize| {
        let short = || "web".to_owned();
        Some(Arc::new(Service { namespace: short(), name: short(), host: "x".repeat(host), cluster: short() }))
    };
    let of = |host| {
        names(&Described { requested_service: service(host), ..described(1, ("web", "cart"), Reporter::Source) }, "n1")
    };
    assert_eq!(of(253), both("shop/web", "shop/cart"));
    assert_eq!(of(254), Err(Refused::LongName));
}

#[test]
fn names_of_connections_are_those_of_their_ids() {
    let name = |name, node: &str| {
        let described = Described { name, ..described(1, ("web", "cart"), Reporter::Source) };
        verified(&described, &node.into(), |_, uid| pod("n1", uid)).unwrap().name.to_string()
    };
    assert_eq!(name(LiveName::Shared([0xab; 16]), "n1"), "ab".repeat(16));
    let (one, two) = (name(LiveName::Local(7), "n1"), name(LiveName::Local(7), "n2"));
    assert_ne!(one, two);
    assert!(one.starts_with("l-0000000000000007-") && one.len() == 27, "{one}");
}

#[test]
fn the_servers_address_is_its_own_and_not_the_services() {
    let facts = |reporter, node: &str| verified(&described(1, ("web", "cart"), reporter), &node.into(), pod).unwrap();
    assert_eq!(facts(Reporter::Source, "n1").destination.address, None);
    assert_eq!(facts(Reporter::Destination, "n2").destination.address, Some("10.0.0.2:80".parse().unwrap()));
}
