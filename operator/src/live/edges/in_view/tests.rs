use super::EdgeInView;
use crate::live::edges::facts::EdgeFacts;
use crate::live::fake::facts;
use crate::live::row::Facts;
use crate::live::selector::{Selectable as _, Selection};
use longwire_live::resource;
use longwire_model::identity::Service;
use rstest::rstest;
use std::sync::Arc;

/// From `web` in `shop` to `vault` in `bank`.
fn edge() -> EdgeFacts {
    let text = |text: &str| text.to_owned();
    let service = Service { namespace: text("bank"), name: text("safe"), host: text("h"), cluster: text("c") };
    let connection = Facts { service: Some(Arc::new(service)), ..Facts::clone(&facts(1, Some("web"), Some("vault"))) };
    EdgeFacts::of(&connection)
}

fn selects(labels: &str, fields: &str, namespace: Option<&str>) -> bool {
    let selection = Selection::read(resource("edges").unwrap(), labels, fields).unwrap();
    selection.matches(&EdgeInView { facts: &edge(), namespace })
}

#[rstest]
#[case("source=web", true)]
#[case("source=shop/web", true)]
#[case("source=bank/web", false)]
#[case("destination=vault", true)]
#[case("destination!=vault", false)]
#[case("workload=vault,namespace=shop", true)]
#[case("workload=cart", false)]
#[case("namespace=kube-system", false)]
#[case("service=safe", true)]
#[case("service=", false)]
#[case("spec.service.namespace=bank", true)]
#[case("spec.source.namespace=shop,spec.source.workload=web", true)]
#[case("spec.destination.namespace=shop", false)]
#[case("spec.destination.workload=vault", true)]
#[case("metadata.namespace=shop", true)]
#[case("metadata.namespace=bank", false)]
fn edges_are_selected_by_what_people_call_them(#[case] fields: &str, #[case] expected: bool) {
    assert_eq!(selects("", fields, None), expected, "{fields}");
}

#[test]
fn the_namespace_of_an_object_is_the_one_that_is_listed() {
    assert!(selects("", "metadata.namespace=bank", Some("bank")));
}

#[test]
fn labels_are_those_of_the_workloads_that_the_user_sees() {
    assert!(selects("app=web", "", None) && selects("app=vault", "", None));
    assert!(selects("app=web", "", Some("shop")));
    assert!(!selects("app=vault", "", Some("shop")));
    assert!(!selects("app=cart", "", None));
}

#[test]
fn an_end_that_is_outside_has_no_name_and_no_labels() {
    let facts = EdgeFacts::of(&facts(1, None, Some("vault")));
    let row = EdgeInView { facts: &facts, namespace: None };
    assert!(row.has("source", "") && row.has("spec.source.namespace", "") && !row.has("source", "shop/"));
    let selection = |labels| Selection::read(resource("edges").unwrap(), labels, "").unwrap();
    assert!(selection("app=vault").matches(&row) && !selection("app!=vault").matches(&row));
}

#[test]
fn every_field_of_the_table_is_known() {
    let facts = edge();
    let row = EdgeInView { facts: &facts, namespace: None };
    for field in resource("edges").unwrap().fields {
        let candidates = ["web", "vault", "shop", "bank", "safe", &facts.name];
        let found = candidates.iter().filter(|value| row.has(field, value)).count();
        assert!(found > 0, "{field}");
    }
}
