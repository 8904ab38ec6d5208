use super::Storefront;
use crate::expression::{Expression, InvalidExpression, MAX_VALUE_BYTES};
use proptest::prelude::*;
use proptest::sample::select;
use rstest::rstest;
use std::thread;

/// Deep texts are parsed on a stack as small as that of a runtime's thread.
const STACK_BYTES: usize = 1 << 20;

fn parse_on_a_small_stack(text: String) -> Result<Expression, InvalidExpression> {
    let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn(move || Expression::parse(&text)).unwrap();
    thread.join().unwrap()
}

#[rstest]
#[case::parentheses("(")]
#[case::brackets("[")]
#[case::braces("{")]
#[case::nots("!")]
#[case::minuses("-")]
#[case::signs("!-")]
#[case::signs_before_parentheses("!(")]
#[case::parentheses_and_more("(1+")]
#[case::choices("1?")]
#[case::choices_of_choices("1?1:")]
#[case::maps("{1:")]
#[case::calls("a(")]
#[case::methods("a.b(")]
#[case::loops("[a].all(a,")]
#[case::presence("has(")]
#[case::fields("a.")]
#[case::indices("a[0]")]
#[case::structs("a{a:")]
#[case::sums("a+")]
#[case::ands("a&&")]
#[case::comparisons("a<")]
#[case::quotes("'")]
#[case::letters_of_two_bytes("é")]
fn what_nests_or_repeats_up_to_the_limit_is_refused_in_time(#[case] part: &str) {
    for tail in ["", "a", "'a'"] {
        let text = part.repeat((512 - tail.len()) / part.len()) + tail;
        assert!(parse_on_a_small_stack(text).is_err());
    }
}

#[rstest]
#[case::parentheses("(", "'a'", ")")]
#[case::lists("['a' in ", "'a'", "]")]
#[case::calls("string(", "'a'", ")")]
#[case::choices("true?'a':", "'a'", "")]
#[case::nots("!", "true", "")]
fn nesting_ends_in_a_value_or_a_refusal(#[case] open: &str, #[case] middle: &str, #[case] close: &str) {
    for depth in 1..=(512 - middle.len()) / (open.len() + close.len()) {
        let text = format!("{}{middle}{}", open.repeat(depth), close.repeat(depth));
        if let Ok(expression) = parse_on_a_small_stack(text) {
            assert_eq!(expression.evaluate(&Storefront).unwrap(), "a");
        }
    }
}

#[test]
fn too_many_levels_are_refused_as_too_many() {
    let nested = format!("{}'a'{}", "string(".repeat(60), ")".repeat(60));
    assert_eq!(
        Expression::parse(&nested).unwrap_err().to_string(),
        "parentheses, lists and calls are nested too deeply: at most 32 levels are allowed"
    );
}

/// Fragments that often enough make a valid syntax.
fn pieces() -> impl Strategy<Value = String> {
    const PIECES: [&str; 50] = [
        "source",
        "destination",
        "connection",
        ".",
        ".labels",
        ".workload",
        ".zone",
        ".port",
        ".service.name",
        "[",
        "]",
        "'team'",
        "\"x\"",
        "r'\\d'",
        "'\\u00e9'",
        "'\\x41'",
        "b'a'",
        "80",
        "-1",
        "0x1F",
        "1u",
        "1.5",
        "true",
        "false",
        "null",
        " + ",
        " == ",
        " != ",
        " < ",
        " >= ",
        " && ",
        " || ",
        "!",
        " ? ",
        " : ",
        " in ",
        "(",
        ")",
        ",",
        "has(",
        "string(",
        "size(",
        ".startsWith(",
        ".matches(",
        ".lowerAscii()",
        ".map(",
        "é",
        "`",
        "//",
        "\n",
    ];
    prop::collection::vec(select(&PIECES[..]), 0..24).prop_map(|pieces| pieces.concat())
}

/// Whole expressions of all three types.
fn strings() -> impl Strategy<Value = String> {
    let leaf =
        select(&["'a'", "source.zone", "source.labels.team", "destination.labels['x']", "string(source.port)"][..]);
    leaf.prop_map(str::to_owned).prop_recursive(4, 24, 3, |inner| {
        let truth = (inner.clone(), inner.clone(), select(&["==", "!="][..]))
            .prop_map(|(left, right, operator)| format!("({left} {operator} {right})"));
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} + {right})")),
            (truth.clone(), inner.clone(), inner.clone())
                .prop_map(|(when, yes, no)| format!("({when} ? {yes} : {no})")),
            (truth.clone(), truth.clone(), select(&["&&", "||", "=="][..]))
                .prop_map(|(left, right, operator)| format!("string({left} {operator} !{right})")),
            inner.clone().prop_map(|text| format!("string(size({text}) < 3)")),
            inner.prop_map(|text| format!("{text}.upperAscii()")),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,80}") {
        let _ = Expression::parse(&text);
    }

    #[test]
    fn no_mixture_of_the_language_s_pieces_makes_anything_panic(text in pieces()) {
        if let Ok(expression) = Expression::parse(&text) {
            let _ = expression.evaluate(&Storefront);
        }
    }

    #[test]
    fn an_expression_of_strings_is_accepted_unless_it_is_too_long(text in strings()) {
        match Expression::parse(&text) {
            Ok(expression) => {
                let value = expression.evaluate(&Storefront);
                prop_assert!(value.is_err() || value.is_ok_and(|value| value.len() <= MAX_VALUE_BYTES));
            }
            Err(InvalidExpression::TooLong(bytes)) => prop_assert_eq!(bytes, text.len()),
            Err(error) => prop_assert_eq!(error, InvalidExpression::TooManyNodes),
        }
    }
}
