use super::{End, EvaluationError, parsed, value};
use crate::expression::tree::Node;
use crate::expression::{Expression, parse, typing};
use rstest::rstest;

#[rstest]
#[case::literal("'a'", "a")]
#[case::escapes(r#""a\"\n\u00e9""#, "a\"\né")]
#[case::raw(r"r'\d'", r"\d")]
#[case::attribute("source.workload", "storefront")]
#[case::unknown_attribute_value("destination.pod", "unknown")]
#[case::service("destination.service.host", "cart.shop.svc.cluster.local")]
#[case::requested("destination.service.requested.name", "cart-canary")]
#[case::connection("connection.reporter + connection.ip_family", "sourceipv6")]
#[case::reserved_words_are_fields("source.namespace", "shop")]
#[case::label("source.labels.team", "web")]
#[case::label_by_index("source.labels['example.com/tier']", "front")]
#[case::an_empty_label("source.labels.empty", "")]
#[case::join("source.workload + '.' + source.namespace + '.x'", "storefront.shop.x")]
#[case::port("string(destination.port)", "8080")]
#[case::negative("string(-5)", "-5")]
#[case::string_of_a_string("string(source.zone)", "z1")]
#[case::size("string(size('añb'))", "3")]
#[case::size_as_a_method("string('añb'.size())", "3")]
#[case::lower("destination.workload.lowerAscii()", "cart")]
#[case::upper("source.zone.upperAscii()", "Z1")]
#[case::choice("source.zone == destination.zone ? 'same' : 'cross'", "cross")]
#[case::choices_in_a_row("source.port < 10 ? 'a' : source.port < 60000 ? 'b' : 'c'", "b")]
#[case::parentheses("((((((((((('a')))))))))) + ('b'))", "ab")]
#[case::spaces_and_comments(" source . zone // the zone\n + 'a' ", "z1a")]
fn an_expression_has_a_value(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(value(text).unwrap(), expected);
}

#[rstest]
#[case::same("source.namespace == 'shop'", true)]
#[case::not_same("source.namespace != 'shop'", false)]
#[case::ints("destination.port == 8080", true)]
#[case::ints_not("destination.port != 8080", false)]
#[case::less("destination.port < 8080", false)]
#[case::less_or_equal("destination.port <= 8080", true)]
#[case::greater("destination.port > 8079", true)]
#[case::greater_or_equal("destination.port >= 8081", false)]
#[case::bools("true == (source.port == 1)", false)]
#[case::bools_not("true != (source.port == 1)", true)]
#[case::not("!true", false)]
#[case::not_not("!!true", true)]
#[case::and("true && false", false)]
#[case::or("false || true", true)]
#[case::and_binds_tighter("true || false && false", true)]
#[case::in_strings("source.zone in ['z0', 'z1']", true)]
#[case::in_strings_not("source.zone in ['z0']", false)]
#[case::in_attributes("source.namespace in [destination.namespace]", true)]
#[case::in_ints("destination.port in [80, 8080]", true)]
#[case::in_nothing("destination.port in []", false)]
#[case::has("has(source.labels.team)", true)]
#[case::has_not("has(destination.labels.team)", false)]
#[case::has_an_empty_label("has(source.labels.empty)", true)]
#[case::in_labels("'example.com/tier' in source.labels", true)]
#[case::in_labels_not("'example.com/tier' in destination.labels", false)]
#[case::starts_with("source.workload.startsWith('store')", true)]
#[case::ends_with("source.workload.endsWith('store')", false)]
#[case::contains("source.workload.contains('ref')", true)]
#[case::matches_a_part("source.workload.matches('r.f')", true)]
#[case::matches_the_whole("source.workload.matches('^r.f$')", false)]
#[case::choice_of_bools("true ? false : true", false)]
#[case::choice_of_ints("(true ? 1 : 2) == 1", true)]
fn a_condition_holds_or_not(#[case] condition: &str, #[case] expected: bool) {
    assert_eq!(value(&format!("({condition}) ? 'yes' : 'no'")).unwrap(), if expected { "yes" } else { "no" });
    assert_eq!(value(&format!("string({condition})")).unwrap(), expected.to_string());
}

#[rstest]
#[case::taken("has(source.labels.x) ? source.labels.x : 'none'", "none")]
#[case::and_decided_before("string(false && source.labels.x == 'a')", "false")]
#[case::or_decided_before("string(true || source.labels.x == 'a')", "true")]
#[case::and_decided_after("string(source.labels.x == 'a' && false)", "false")]
#[case::or_decided_after("string(source.labels.x == 'a' || true)", "true")]
fn a_missing_label_that_decides_nothing_is_no_error(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(value(text).unwrap(), expected);
}

#[rstest]
#[case::plain("source.labels.x", End::Source)]
#[case::of_the_other_end("destination.labels['x']", End::Destination)]
#[case::joined("'a' + source.labels.x", End::Source)]
#[case::and_undecided("string(source.labels.x == 'a' && true)", End::Source)]
#[case::or_undecided("string(false || source.labels.x == 'a')", End::Source)]
#[case::in_a_condition("source.labels.x == 'a' ? 'b' : 'c'", End::Source)]
#[case::in_a_list_after_a_match("string('a' in ['a', source.labels.x])", End::Source)]
fn a_missing_label_is_an_error(#[case] text: &str, #[case] end: End) {
    assert_eq!(value(text), Err(EvaluationError::NoLabel { end, name: "x".into() }));
}

#[test]
fn an_evaluation_error_names_the_remedy() {
    let error = value("source.labels['a.b/c']").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the source has no label \"a.b/c\", or its pod is not known: check \"a.b/c\" in source.labels first"
    );
}

/// Messages quote a tree as an expression, which must be the one that was parsed.
#[rstest]
#[case("source.workload + '.' + destination.labels['a.b']")]
#[case("string(destination.port) + string(!(1 < 2) || true && has(source.labels.a))")]
#[case("source.port in [1, 2] ? (size('x') == 1 ? 'a' : 'b') : 'c'.upperAscii().lowerAscii()")]
#[case("string('a' in ['b'] == true) + string(source.pod.matches('x') != source.pod.startsWith('a\\n'))")]
#[case("string((1 >= 2 ? 1 : 2) > 3)")]
fn a_tree_is_shown_as_an_expression_that_means_the_same(#[case] text: &str) {
    let show = |text: &str| Node::Text(parse::parse(text, parse::Scope::Tag, typing::value).unwrap().value).to_string();
    let shown = show(text);
    assert_eq!(show(&shown), shown);
    assert_eq!(value(&shown), value(text));
    assert_eq!(parsed(&shown).labels().collect::<Vec<_>>(), parsed(text).labels().collect::<Vec<_>>());
}

#[test]
fn sixty_four_nodes_and_512_bytes_are_the_most() {
    let sum = |terms: usize| vec!["''"; terms].join("+");
    assert_eq!(value(&sum(32)).unwrap(), "");
    assert_eq!(
        Expression::parse(&sum(33)).unwrap_err().to_string(),
        "an expression of more than 64 literals, attributes, operators and calls is too long"
    );
    let long = |bytes: usize| format!("'{}'", "a".repeat(bytes - 2));
    assert_eq!(value(&long(512)).unwrap().len(), 510);
    assert_eq!(
        Expression::parse(&long(513)).unwrap_err().to_string(),
        "an expression of 513 bytes is too long: at most 512 are allowed"
    );
}
