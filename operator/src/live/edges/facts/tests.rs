use super::{EdgeFacts, MAX_NAME, Workload, name};
use crate::index::seen::SeenPod;
use crate::live::fake::{facts, pod};
use crate::source::object::{Name, Pod};
use crate::source::sample;
use rstest::rstest;
use std::sync::Arc;

#[rstest]
#[case(Some("web"), Some("cart"), "web.cart.0000002a")]
#[case(None, Some("cart"), "unknown.cart.0000002a")]
#[case(Some("Web_1.x"), Some("-cart-"), "web-1-x.cart.0000002a")]
#[case(Some("..."), None, "unknown.unknown.0000002a")]
fn a_name_is_both_workloads_and_a_hash(
    #[case] source: Option<&str>,
    #[case] destination: Option<&str>,
    #[case] expected: &str,
) {
    assert_eq!(name(source, destination, 42), expected);
}

#[test]
fn a_long_name_is_cut_where_it_is_longest() {
    let (short, long) = ("a".repeat(3), "b".repeat(253));
    let of = |source: &str, destination: &str| name(Some(source), Some(destination), 1);
    assert_eq!(of(&short, &long), format!("aaa.{}.00000001", "b".repeat(50)));
    assert_eq!(of(&long, &short), format!("{}.aaa.00000001", "b".repeat(50)));
    assert_eq!(of(&long, &long), format!("{}.{}.00000001", "b".repeat(26), "b".repeat(27)));
    // What is left ends with a letter or a digit.
    let cut = of(&format!("{}-b{}", "a".repeat(25), "b".repeat(100)), &long);
    assert_eq!(cut, format!("{}.{}.00000001", "a".repeat(25), "b".repeat(28)));
    assert_eq!([of(&long, &long).len(), cut.len()], [MAX_NAME, MAX_NAME]);
}

#[test]
fn edges_of_other_namespaces_workloads_or_directions_have_other_names() {
    let of = |source: Option<&str>, destination: Option<&str>| EdgeFacts::of(&facts(1, source, destination));
    let (one, other) = (of(Some("web"), Some("cart")), of(Some("cart"), Some("web")));
    assert_eq!(one.name, EdgeFacts::of(&facts(2, Some("web"), Some("cart"))).name);
    assert!(!one.is_same(&other) && !one.is_same(&of(Some("web"), None)));
    let hash = |facts: &EdgeFacts| facts.name.rsplit_once('.').unwrap().1.to_owned();
    assert_ne!(hash(&one), hash(&other));
    assert_eq!(one.text(), "shop/web shop/cart /");
    assert_eq!(of(Some("web"), Some("vault")).namespaces().collect::<Vec<_>>(), ["shop", "bank"]);
}

#[test]
fn labels_are_those_that_the_pods_of_a_workload_share() {
    let own = [("app", "web"), ("pod-template-hash", "abc"), ("job-name", "web-1")];
    let object = Pod {
        name: Name::new("shop", "web"),
        labels: own.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ..sample::pod("web", "web", "10.0.0.1")
    };
    let edge = EdgeFacts {
        source: Workload(Some(SeenPod::new(Arc::new(object), None))),
        destination: Workload(pod("n2", "vault")),
        ..EdgeFacts::of(&facts(1, Some("web"), Some("vault")))
    };
    assert_eq!(edge.labels("shop"), [("app".to_owned(), "web".to_owned())].into());
    assert_eq!(edge.labels("bank").get("app").map(String::as_str), Some("vault"));
    assert_eq!(edge.labels("other").len(), 0);
}
