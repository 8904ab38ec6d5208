use super::InView;
use crate::live::fake::facts;
use crate::live::merge::Phase;
use crate::live::row::{Facts, Side};
use crate::live::selector::Selection;
use longwire_live::resource;
use rstest::rstest;

fn selects(labels: &str, fields: &str, namespace: Option<&str>) -> bool {
    let known = Facts::clone(&facts(0xab, Some("web"), Some("vault")));
    let facts = Facts {
        source: Side { address: Some("10.0.0.1:4000".parse().unwrap()), ..known.source },
        destination: Side { address: Some("[::ffff:10.0.0.3]:8080".parse().unwrap()), ..known.destination },
        ..known
    };
    let selection = Selection::read(resource("connections").unwrap(), labels, fields).unwrap();
    selection.matches(&InView { facts: &facts, phase: Phase::Open, namespace })
}

#[rstest]
#[case("source=web", true)]
#[case("source=shop/web", true)]
#[case("source=bank/web", false)]
#[case("destination=web", false)]
#[case("destination=vault,source!=vault", true)]
#[case("pod=vault", true)]
#[case("pod!=vault", false)]
#[case("workload=web,namespace=bank", true)]
#[case("node=n2", true)]
#[case("node=n3", false)]
#[case("port=8080", true)]
#[case("port=80", false)]
#[case("port=x", false)]
#[case("phase=Open", true)]
#[case("status.phase!=Open", false)]
#[case("history=all", true)]
#[case("service=", true)]
#[case("spec.service.name=cart", false)]
#[case("spec.source.pod=web", true)]
#[case("spec.source.zone=z1", true)]
#[case("spec.destination.zone=", true)]
#[case("spec.destination.address=10.0.0.3", true)]
#[case("spec.destination.port=8080", true)]
#[case("spec.source.address=10.0.0.3", false)]
#[case("metadata.name=abababababababababababababababab", true)]
#[case("metadata.namespace=shop", true)]
#[case("metadata.namespace=bank", false)]
fn connections_are_selected_by_what_people_call_them(#[case] fields: &str, #[case] expected: bool) {
    assert_eq!(selects("", fields, None), expected, "{fields}");
}

#[test]
fn the_namespace_of_an_object_is_the_one_that_is_listed() {
    assert!(selects("", "metadata.namespace=bank", Some("bank")));
}

#[test]
fn labels_are_those_of_the_pods_that_the_user_sees() {
    assert!(selects("app=web", "", None) && selects("app=vault", "", None));
    assert!(selects("app=web", "", Some("shop")));
    assert!(!selects("app=vault", "", Some("shop")));
    assert!(!selects("app=cart", "", None));
}

#[test]
fn every_field_of_the_table_is_known() {
    let known = facts(1, Some("web"), Some("vault"));
    let row = InView { facts: &known, phase: Phase::Open, namespace: None };
    for field in resource("connections").unwrap().fields {
        use crate::live::selector::Selectable as _;
        // A value that it does not have is told apart from one that it has, which an unknown field could not.
        let candidates = ["web", "vault", "shop", "bank", "n1", "n2", "z1", "", "Open", "all", &known.name];
        let found = candidates.iter().filter(|value| row.has(field, value)).count();
        assert!(found > 0 || *field == "port", "{field}");
    }
}
