use super::finding::{message, split};
use super::suggest::nearest;
use rstest::rstest;

#[rstest]
#[case("spec.tags[0].value: unknown attribute a: b", Some("spec.tags[0].value"), "unknown attribute a: b")]
#[case("spec: takes too much", Some("spec"), "takes too much")]
#[case::a_word_between("spec.tags[0] zone: another wins", Some("spec.tags[0]"), "zone: another wins")]
#[case::no_field("invalid type: integer", None, "invalid type: integer")]
#[case::like_a_field("specific: not", None, "specific: not")]
#[case("metadata.labels.app: invalid type", Some("metadata.labels.app"), "invalid type")]
#[case("nothing", None, "nothing")]
fn a_message_of_the_operator_begins_with_a_field(#[case] text: &str, #[case] field: Option<&str>, #[case] rest: &str) {
    assert_eq!(split(text), (field, rest));
}

#[test]
fn a_message_is_one_line_and_not_endless() {
    assert_eq!(message("a\nb"), "a b");
    let long = message(&"\u{e9}".repeat(1000));
    assert_eq!((long.chars().count(), long.ends_with("...")), (515, true));
}

#[rstest]
#[case::slip("overides", Some("overrides"))]
#[case::case_of_letters("seriessets", Some("seriesSets"))]
#[case::another("limits", None)]
#[case::short_words_are_not_alike("a", None)]
fn only_what_is_near_is_suggested(#[case] word: &str, #[case] expected: Option<&str>) {
    assert_eq!(nearest(word, ["overrides", "seriesSets", "b"]), expected);
}
