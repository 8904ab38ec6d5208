//! Expressions over one connection: a storefront in one zone that calls a cart in another.

use super::{
    Attribute, Condition, End, EvaluationError, Expression, Facts, Happened, Property, Quantity, ServicePart, Word,
};
use std::borrow::Cow;
use std::collections::HashSet;

mod arbitrary;
mod flow;
mod refusals;
mod values;

struct Storefront;

impl Facts for Storefront {
    fn text(&self, attribute: Attribute) -> Cow<'_, str> {
        Cow::Borrowed(match attribute {
            Attribute::Of(End::Source, Property::Workload) => "storefront",
            Attribute::Of(End::Destination, Property::Workload) => "Cart",
            Attribute::Of(End::Source, Property::Zone) => "z1",
            Attribute::Of(End::Destination, Property::Zone) => "z2",
            Attribute::Of(_, Property::Namespace) => "shop",
            Attribute::Service(ServicePart::Host) => "cart.shop.svc.cluster.local",
            Attribute::Requested(ServicePart::Name) => "cart-canary",
            Attribute::Reporter => "source",
            Attribute::IpFamily => "ipv6",
            _ => "unknown",
        })
    }

    fn port(&self, end: End) -> u16 {
        match end {
            End::Source => 51_000,
            End::Destination => 8_080,
        }
    }

    fn label(&self, end: End, name: &str) -> Option<&str> {
        match (end, name) {
            (End::Source, "team") => Some("web"),
            (End::Source, "example.com/tier") => Some("front"),
            (End::Source, "empty") => Some(""),
            _ => None,
        }
    }
}

fn parsed(text: &str) -> Expression {
    Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn value(text: &str) -> Result<String, EvaluationError> {
    parsed(text).evaluate(&Storefront).map(Cow::into_owned)
}

#[test]
fn every_attribute_has_a_name_of_its_own_that_is_an_expression() {
    let mut names = HashSet::new();
    for attribute in Attribute::ALL {
        let name = attribute.name();
        assert!(names.insert(name), "{name} twice");
        assert!(!attribute.help().is_empty() && !attribute.help().contains('\n'), "{name}");
        assert_eq!(value(name).unwrap(), Storefront.text(attribute), "{name}");
    }
}

#[test]
fn a_plain_attribute_is_borrowed() {
    let expression = parsed("source.workload");
    assert!(matches!(expression.evaluate(&Storefront), Ok(Cow::Borrowed("storefront"))));
}

#[test]
fn labels_are_listed_once_however_they_are_read() {
    let expression = parsed(
        r#"has(source.labels.b) && "c/d" in destination.labels ? destination.labels["b"] : source.labels.a + "x""#,
    );
    assert_eq!(expression.labels().collect::<Vec<_>>(), ["a", "b", "c/d"]);
    assert_eq!(parsed("source.workload").labels().count(), 0);
}

#[test]
fn expressions_are_compared_ordered_and_serialized_by_their_text() {
    let [one, other] = ["source.zone", "source.zone "].map(parsed);
    assert_eq!(one, one.clone());
    assert_ne!(one, other);
    assert!(one < other);
    assert_eq!(HashSet::from([one.clone(), one.clone(), other]).len(), 2);
    assert_eq!(serde_json::to_string(&one).unwrap(), "\"source.zone\"");
    assert_eq!(serde_json::from_str::<Expression>("\"source.zone\"").unwrap(), one);
    let error = serde_json::from_str::<Expression>("\"source.zones\"").unwrap_err().to_string();
    assert_eq!(error, "unknown attribute source.zones: did you mean source.zone?");
}

#[test]
fn a_long_value_is_cut_at_the_end_of_a_character() {
    struct Long;
    impl Facts for Long {
        fn text(&self, _: Attribute) -> Cow<'_, str> {
            Cow::Owned("é".repeat(300))
        }
        fn port(&self, _: End) -> u16 {
            0
        }
        fn label(&self, _: End, _: &str) -> Option<&str> {
            None
        }
    }
    assert_eq!(parsed("source.pod").evaluate(&Long).unwrap(), "é".repeat(256));
    assert_eq!(parsed("'x' + source.pod").evaluate(&Long).unwrap(), format!("x{}", "é".repeat(255)));
}

/// The same, after a minute and a megabyte.
struct Closed;

impl Facts for Closed {
    fn text(&self, attribute: Attribute) -> Cow<'_, str> {
        Storefront.text(attribute).into_owned().into()
    }

    fn port(&self, end: End) -> u16 {
        Storefront.port(end)
    }

    fn label(&self, _: End, _: &str) -> Option<&str> {
        None
    }

    fn happened(&self) -> Option<&dyn Happened> {
        Some(self)
    }
}

impl Happened for Closed {
    fn quantity(&self, quantity: Quantity) -> i64 {
        match quantity {
            Quantity::Duration => 60_000_000,
            Quantity::SentBytes => 1_000_000,
            _ => 0,
        }
    }

    fn word(&self, word: Word) -> &str {
        if word == Word::CloseReason { "reset" } else { "unknown" }
    }
}

#[test]
fn a_filter_reads_what_has_happened() {
    let holds = |text: &str| {
        let condition = Condition::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        condition.holds(&Closed)
    };
    assert_eq!(holds("connection.duration >= duration(\"1m\")"), Ok(true));
    assert_eq!(holds("connection.duration > duration(\"60s\")"), Ok(false));
    assert_eq!(holds("connection.sent_bytes > 999999 && source.workload == \"storefront\""), Ok(true));
    assert_eq!(holds("connection.close_reason in [\"reset\", \"timeout\"] || connection.retransmits > 3"), Ok(true));
    assert_eq!(holds("connection.failure_reason != \"unknown\""), Ok(false));
    assert_eq!(
        holds("source.labels[\"team\"] == \"web\""),
        Err(EvaluationError::NoLabel { end: End::Source, name: "team".into() })
    );
}

#[test]
fn what_is_no_filter_is_refused_with_the_remedy() {
    let refusal = |text: &str| Condition::parse(text).unwrap_err().to_string();
    assert_eq!(
        refusal("connection.duration"),
        "a filter is true or false, connection.duration is an int: compare it with something, as in connection.duration == ..."
    );
    assert_eq!(
        refusal("connection.duration > duration(\"soon\")"),
        "\"soon\" is no duration: write a number and a unit, as in 500ms, 5s or 1h30m"
    );
    assert_eq!(
        refusal("connection.sent_byte > 1"),
        "unknown attribute connection.sent_byte: did you mean connection.sent_bytes?"
    );
    let tag = Expression::parse("string(connection.sent_bytes)").unwrap_err().to_string();
    assert_eq!(
        tag,
        "connection.sent_bytes changes while a connection lives, so only the filter of an access log can use it"
    );
}
