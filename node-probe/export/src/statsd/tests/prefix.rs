use crate::statsd::{InvalidPrefix, Prefix};
use rstest::rstest;

#[rstest]
#[case::nothing("", "")]
#[case::a_word("longwire", "longwire.")]
#[case::levels("eu-1.node_7.longwire", "eu-1.node_7.longwire.")]
fn a_prefix_ends_with_a_dot(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(Prefix::parse(text).unwrap().as_bytes(), expected.as_bytes());
}

#[rstest]
#[case::an_empty_level("a..b")]
#[case::a_dot_at_the_start(".a")]
#[case::a_dot_at_the_end("a.")]
#[case::what_ends_a_name("a:1|c")]
#[case::a_tag("a;b=c")]
#[case::a_newline("a\n")]
#[case::not_ascii("\u{e9}")]
fn what_would_break_a_line_is_refused(#[case] text: &str) {
    assert_eq!(Prefix::parse(text), Err(InvalidPrefix::Characters(text.to_owned())));
}

#[test]
fn a_long_prefix_is_refused() {
    assert!(Prefix::parse(&"a".repeat(128)).is_ok());
    let refused = Prefix::parse(&"a".repeat(129)).unwrap_err();
    assert_eq!(refused.to_string(), "prefix of 129 bytes: at most 128 are allowed");
}
