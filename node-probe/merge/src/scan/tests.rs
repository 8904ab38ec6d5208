use super::*;
use rstest::rstest;

fn page(body: &str, format: Format) -> Result<Page<'_>, Refusal> {
    Page::read(body.as_bytes(), format, Names::Utf8, &Limits::default())
}

#[track_caller]
fn wrong(body: &[u8], format: Format, limits: &Limits) -> (usize, Wrong) {
    match Page::read(body, format, Names::Utf8, limits) {
        Err(Refusal::Line { line, wrong, text: _ }) => (line, wrong),
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[case::bare("a 1", "a", "", "1", None)]
#[case::the_end_of_the_body("a{} 1\n", "a", "", "1", None)]
#[case::a_timestamp("a{b=\"c\"} 1 1700000000123\n", "a", "b=\"c\"", "1", Some("1700000000123"))]
#[case::blanks(" \ta \t{ b = \"c\" , } \t1 \t5 \n", "a", " b = \"c\" , ", "1", Some("5"))]
#[case::no_blank("a{b=\"c\"}1", "a", "b=\"c\"", "1", None)]
#[case::a_sign_instead_of_a_blank("a-1", "a", "", "-1", None)]
#[case::no_comma("a{b=\"c\"d=\"e\"} 1", "a", "b=\"c\"d=\"e\"", "1", None)]
#[case::a_newline_in_a_value("a{b=\"c\nd\"} 1", "a", "b=\"c\nd\"", "1", None)]
#[case::braces_and_quotes_in_a_value("a{b=\"} 1 \\\"{\"} 2", "a", "b=\"} 1 \\\"{\"", "2", None)]
#[case::a_quoted_name("{\"a.b\",c=\"d\"} 1", "a.b", "\"a.b\",c=\"d\"", "1", None)]
#[case::a_quoted_name_behind_a_label("{ c=\"d\", \"a.b\" } 1", "a.b", " c=\"d\", \"a.b\" ", "1", None)]
#[case::a_colon("a:b 1", "a:b", "", "1", None)]
#[case::infinite("a -Inf", "a", "", "-Inf", None)]
#[case::no_number_at_all("a nan", "a", "", "nan", None)]
fn text_is_read_as_prometheus_reads_it(
    #[case] body: &str,
    #[case] name: &str,
    #[case] labels: &str,
    #[case] value: &str,
    #[case] time: Option<&str>,
) {
    let page = page(body, Format::Text).unwrap();
    let [sample] = page.samples.as_slice() else { panic!("{page:?}") };
    assert_eq!((sample.raw_name(), sample.raw_labels()), (name, labels));
    assert_eq!((sample.value(), sample.time(), sample.exemplar()), (value, time, None));
}

#[rstest]
#[case::html("<html><body>404</body></html>", 1, Wrong::Start)]
#[case::json("{\"a\": 1}", 1, Wrong::Equals)]
#[case::an_empty_object("{}", 1, Wrong::Start)]
#[case::an_array("[]", 1, Wrong::Start)]
#[case::words("not found\n", 1, Wrong::Value)]
#[case::a_byte_order_mark("\u{feff}a 1\n", 1, Wrong::Start)]
#[case::a_zero_byte("a 1\n\u{0}b 2\n", 2, Wrong::Start)]
#[case::windows_lines("a 1\r\n", 1, Wrong::Value)]
#[case::two_bodies_without_a_newline_between("a 1b 2\n", 1, Wrong::Value)]
#[case::a_third_number("a 1 2 3\n", 1, Wrong::End)]
#[case::a_timestamp_of_seconds("a 1 1.5\n", 1, Wrong::Time)]
#[case::a_timestamp_before_1970("a 1 -5\n", 1, Wrong::Time)]
#[case::a_timestamp_out_of_range("a 1 9223372036854775808\n", 1, Wrong::Time)]
#[case::a_value_out_of_range("a 1e309\n", 1, Wrong::Value)]
#[case::hexadecimal("a 0x10\n", 1, Wrong::Value)]
#[case::grouped_digits("a 1_000\n", 1, Wrong::Value)]
#[case::an_exemplar("a 1 # {b=\"c\"} 1\n", 1, Wrong::End)]
#[case::a_label_twice("a{b=\"c\",d=\"\",b=\"e\"} 1\n", 1, Wrong::LabelTwice)]
#[case::the_name_as_a_label("a{__name__=\"b\"} 1\n", 1, Wrong::LabelTwice)]
#[case::two_names("a{\"b\"} 1\n", 1, Wrong::SecondName)]
#[case::an_empty_name("{\"\"} 1\n", 1, Wrong::Start)]
#[case::two_commas("a{b=\"c\",,d=\"e\"} 1\n", 1, Wrong::LabelName)]
#[case::a_label_with_a_colon("a{b:c=\"d\"} 1\n", 1, Wrong::Equals)]
#[case::a_value_without_quotes("a{b=c} 1\n", 1, Wrong::LabelValue)]
#[case::a_value_that_does_not_end("ok 1\na{b=\"c} 1\nd 2\n", 2, Wrong::LabelValue)]
#[case::a_type_of_openmetrics("ok 1\n# TYPE a unknown\n", 2, Wrong::Kind)]
#[case::a_type_behind_two_blanks("# TYPE a  gauge\n", 1, Wrong::Kind)]
#[case::a_help_of_nothing("# HELP 1\n", 1, Wrong::Subject)]
fn a_bad_line_of_text_is_named(#[case] body: &str, #[case] line: usize, #[case] expected: Wrong) {
    assert_eq!(wrong(body.as_bytes(), Format::Text, &Limits::default()), (line, expected));
}

#[rstest]
#[case::cut("a 1\n", 2, Wrong::Truncated)]
#[case::cut_in_a_line("a 1\nb", 2, Wrong::Value)]
#[case::cut_behind_a_value("a 1\nb 2", 2, Wrong::Truncated)]
#[case::empty("", 1, Wrong::Truncated)]
#[case::something_behind_the_end("# EOF\na 1\n", 1, Wrong::BehindEof)]
#[case::a_newline_behind_the_end("# EOF\n\n", 1, Wrong::BehindEof)]
#[case::two_ends("# EOF\n# EOF\n", 1, Wrong::BehindEof)]
#[case::an_empty_line("\n# EOF\n", 1, Wrong::Start)]
#[case::a_comment("# hello\n# EOF\n", 1, Wrong::Comment)]
#[case::a_type_of_text("# TYPE a untyped\n# EOF\n", 1, Wrong::Kind)]
#[case::no_help("# HELP a\n# EOF\n", 1, Wrong::Text)]
#[case::a_unit_that_is_no_suffix("# TYPE a_seconds counter\n# UNIT a_seconds bytes\n# EOF\n", 2, Wrong::Unit)]
#[case::a_unit_that_is_all_of_the_name("# UNIT seconds seconds\n# EOF\n", 1, Wrong::Unit)]
#[case::two_blanks("a  1\n# EOF\n", 1, Wrong::Value)]
#[case::a_blank_at_the_end("a 1 \n# EOF\n", 1, Wrong::Time)]
#[case::a_blank_in_the_labels("a{b=\"c\", d=\"e\"} 1\n# EOF\n", 1, Wrong::LabelName)]
#[case::no_comma("a{b=\"c\"d=\"e\"} 1\n# EOF\n", 1, Wrong::Comma)]
#[case::a_newline_in_a_value("a{b=\"c\nd\"} 1\n# EOF\n", 1, Wrong::LabelValue)]
#[case::an_infinite_timestamp("a 1 inf\n# EOF\n", 1, Wrong::Time)]
#[case::an_exemplar_without_a_value("a 1 # {b=\"c\"}\n# EOF\n", 1, Wrong::Exemplar)]
#[case::an_exemplar_with_a_name("a 1 # {\"b\"} 1\n# EOF\n", 1, Wrong::Exemplar)]
fn a_bad_line_of_openmetrics_is_named(#[case] body: &str, #[case] line: usize, #[case] expected: Wrong) {
    assert_eq!(wrong(body.as_bytes(), Format::OpenMetrics, &Limits::default()), (line, expected));
}

#[test]
fn an_exemplar_and_its_timestamp_are_read() {
    let body = "a_total{b=\"c\"} 1 1.5 # {trace=\"#{}\"} 0.5 1.25\na_total 2 # {} 1\n# EOF";
    let page = page(body, Format::OpenMetrics).unwrap();
    let read: Vec<_> = page.samples.iter().map(|sample| (sample.time(), sample.exemplar())).collect();
    assert_eq!(read, [(Some("1.5"), Some("# {trace=\"#{}\"} 0.5 1.25")), (None, Some("# {} 1"))]);
}

#[test]
fn bytes_that_are_no_utf8_are_refused_except_in_comments() {
    let limits = Limits::default();
    assert_eq!(wrong(b"a{b=\"\xff\"} 1\n", Format::Text, &limits), (1, Wrong::Utf8));
    assert_eq!(wrong(b"# HELP a \xff\n", Format::Text, &limits), (1, Wrong::Utf8));
    assert_eq!(wrong(b"\x1f\x8b\x08\x00", Format::Text, &limits), (1, Wrong::Start));
    assert!(Page::read(b"# caf\xe9\na 1\n", Format::Text, Names::Utf8, &limits).is_ok());
}

#[test]
fn bounds_are_named() {
    let limits = Limits { bytes: 100, samples: 2, families: 1, labels: 1 };
    assert_eq!(wrong(b"a 1\na 2\na 3\n", Format::Text, &limits), (3, Wrong::Samples(2)));
    assert_eq!(wrong(b"a{b=\"\",c=\"\"} 1\n", Format::Text, &limits), (1, Wrong::Labels(1)));
    assert_eq!(wrong(b"# HELP a b\n# HELP c d\na 1\n", Format::Text, &limits), (3, Wrong::Families(1)));
    let too_large = Page::read(&[b'\n'; 101], Format::Text, Names::Utf8, &limits).unwrap_err();
    assert_eq!(too_large, Refusal::TooLarge { bytes: 101, most: 100 });
    for long in [format!("a{{b=\"{}\"}} 1", "x".repeat(65_535)), format!("# HELP a {}", "x".repeat(65_535))] {
        assert_eq!(wrong(long.as_bytes(), Format::Text, &Limits::default()), (1, Wrong::TooLong));
    }
    let longest = format!("a{{b=\"{}\"}} 1", "x".repeat(65_535 - 9));
    assert!(page(&longest, Format::Text).is_ok(), "a line of 65,535 bytes");
}

#[test]
fn what_is_shown_of_a_line_is_short_and_harmless() {
    let body = format!("a 1\nb \u{1b}[2J\u{202e}{}\n", "x".repeat(1 << 20));
    let refusal = page(&body, Format::Text).unwrap_err().to_string();
    assert!(refusal.starts_with("line 2, `b \\u{1b}[2J\\u{202e}xxx"), "{refusal}");
    assert!(refusal.contains("x...`: the value should be a number"), "{refusal}");
    assert!(refusal.len() < 400, "{}", refusal.len());
}
