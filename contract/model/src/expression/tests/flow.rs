use super::Storefront;
use crate::expression::{Condition, End, EvaluationError, Expression, LabelOf, Shown};
use rstest::rstest;

fn text(labels: impl IntoIterator<Item = (End, impl AsRef<str>)>) -> String {
    let labels = labels.into_iter().map(|(end, name)| format!("{end}.{}", name.as_ref()));
    labels.collect::<Vec<_>>().join(" ")
}

#[rstest]
#[case::a_label("source.labels['a']", "source.a")]
#[case::asked_for_first("'a' in source.labels ? source.labels['a'] : 'none'", "")]
#[case::in_both_branches("source.port > 5 ? source.labels['a'] : source.labels['a'] + '-'", "source.a")]
#[case::in_one_branch("source.port < 5 ? source.labels['a'] : 'none'", "")]
#[case::in_the_condition("source.labels['a'] == 'x' ? 'yes' : 'no'", "source.a")]
#[case::one_side_may_decide("source.labels['a'] == 'x' || source.port > 5 ? 'yes' : 'no'", "")]
#[case::no_side_can_decide("source.labels['a'] == 'x' && source.labels['a'] != 'y' ? 'yes' : 'no'", "source.a")]
#[case::joined("source.labels['a'] + destination.labels['b'].lowerAscii()", "source.a destination.b")]
#[case::in_a_list("source.zone in ['x', source.labels['a']] ? 'yes' : 'no'", "source.a")]
#[case::sized("string(size(source.labels['a']))", "source.a")]
#[case::negated("string(!source.labels['a'].startsWith('x'))", "source.a")]
fn a_label_is_required_where_nothing_stands_in_for_it(#[case] expression: &str, #[case] expected: &str) {
    let expression = Expression::parse(expression).unwrap();
    assert_eq!(text(expression.required_labels()), expected, "{expression}");
    // And so the evaluation says: the storefront has none of these labels.
    let value = expression.evaluate(&Storefront);
    assert_eq!(matches!(value, Err(EvaluationError::NoLabel { .. })), !expected.is_empty(), "{expression}: {value:?}");
}

#[test]
fn a_filter_has_required_labels_too() {
    let filter = Condition::parse("destination.labels['tier'] == 'db' && connection.event == 'close'").unwrap();
    assert_eq!(text(filter.required_labels()), "");
    let filter = Condition::parse("destination.labels['tier'] in ['db', 'cache']").unwrap();
    assert_eq!(text(filter.required_labels()), "destination.tier");
}

#[test]
fn every_label_is_read_with_its_end_wherever_it_stands() {
    let expression = Expression::parse(
        "has(source.labels.a) && size(destination.labels['b']) == 1 ? source.labels['c'] : string('x' in [destination.labels['d']])",
    );
    let expression = expression.unwrap();
    let labels: Vec<LabelOf<'_>> = expression.labels_of_ends().into_iter().collect();
    assert_eq!(text(labels), "source.a source.c destination.b destination.d");
}

#[test]
fn every_attribute_is_read_once_wherever_it_stands() {
    let filter =
        "source.pod == 'a' || (source.pod in [destination.zone] && connection.event == 'close') && source.port > 5";
    let filter = Condition::parse(filter).unwrap();
    let read: Vec<&str> = filter.attributes().iter().map(|attribute| attribute.name()).collect();
    assert_eq!(read, ["source.pod", "destination.zone"]);
    assert_eq!(Expression::parse("'a'").unwrap().attributes(), []);
}

#[rstest]
#[case("source.pod", "source.pod")]
#[case("source.address + ':' + string(source.port)", "source.address source.port")]
#[case("destination.pod == 'web-0' ? 'first' : 'other'", "")]
#[case("source.port > 1024 ? source.pod.upperAscii() : 'low'", "source.pod")]
#[case("string(size(source.pod))", "")]
#[case("string(source.port == 5 ? 1 : destination.port)", "destination.port")]
#[case("source.labels['a']", "")]
fn what_a_value_consists_of_is_known_without_a_connection(#[case] expression: &str, #[case] expected: &str) {
    let expression = Expression::parse(expression).unwrap();
    let shown: Vec<&str> = expression.shown().into_iter().map(Shown::name).collect();
    assert_eq!(shown.join(" "), expected, "{expression}");
}
