use super::*;
use rstest::rstest;

#[rstest]
#[case::never(History::Never, ["source=a", "source=a"])]
#[case::later(History::Later, ["source=a", "source=a,history=all"])]
#[case::always(History::Always, ["source=a,history=all", "source=a,history=all"])]
fn history_is_asked_for_when_it_is_wanted(#[case] history: History, #[case] expected: [&str; 2]) {
    let wanted = Wanted { fields: vec![("source", "a".to_owned())], history, ..Wanted::default() };
    assert_eq!([wanted.fields(false), wanted.fields(true)], expected);
}

#[test]
fn a_value_is_no_further_selector() {
    let fields = vec![("source", "a,phase=Open\\".to_owned()), ("phase", "Failed".to_owned())];
    let wanted = Wanted { fields, ..Wanted::default() };
    assert_eq!(wanted.fields(false), "source=a\\,phase\\=Open\\\\,phase=Failed");
}
