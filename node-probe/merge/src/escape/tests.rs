use super::*;
use rstest::rstest;

#[rstest]
#[case("plain", "plain")]
#[case("a\\nb", "a\nb")]
#[case("a\\\\nb", "a\\nb")]
#[case("a\\xb", "a\\xb")]
#[case("\\", "\\")]
#[case("\\\u{e9}\\", "\\\u{e9}\\")]
fn only_three_escapes_say_anything(#[case] raw: &str, #[case] expected: &str) {
    assert_eq!(unescape(raw, true), expected);
    assert_eq!(unescape(raw, false), expected);
}

#[test]
fn a_quote_is_escaped_where_it_would_end_something() {
    assert_eq!(unescape("a\\\"b", true), "a\"b");
    assert_eq!(unescape("a\\\"b", false), "a\\\"b");
}

#[rstest]
#[case::quotes_are_plain_in_text("say \"a\"", "say \"a\"", "say \\\"a\\\"")]
#[case::backslashes("c:\\\\dir", "c:\\\\dir", "c:\\\\dir")]
#[case::newlines("a\\nb\\n", "a\\nb\\n", "a\\nb\\n")]
#[case::what_looks_escaped("\\\"", "\\\\\"", "\\\\\\\"")]
fn a_help_of_text_is_written_as_each_format_wants_it(
    #[case] raw: &str,
    #[case] text: &str,
    #[case] open_metrics: &str,
) {
    for (format, expected) in [(Format::Text, text), (Format::OpenMetrics, open_metrics)] {
        let mut out = Vec::new();
        write_help(raw, Format::Text, format, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}

#[test]
fn a_value_is_written_with_the_escapes_that_both_formats_have() {
    let mut out = Vec::new();
    write_value("a\\xb\nc\\\"d\\\\", &mut out);
    assert_eq!(String::from_utf8(out).unwrap(), "a\\\\xb\\nc\\\"d\\\\");
}
