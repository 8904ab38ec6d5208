use super::{IncludeObject, ListOptions, Match};
use rstest::rstest;

#[test]
fn options_are_read_and_the_others_left() {
    let read = ListOptions::read(Some(
        "labelSelector=app%3Dweb&fieldSelector=metadata.name%3Dn1&limit=500&continue=abc&watch=0&includeObject=Object\
         &timeout=32s&pretty=true&timeoutSeconds=5&allowWatchBookmarks=true",
    ))
    .unwrap();
    let expected = ListOptions {
        label_selector: "app=web".to_owned(),
        field_selector: "metadata.name=n1".to_owned(),
        limit: Some(500),
        token: Some("abc".to_owned()),
        bookmarks: true,
        timeout: Some(5),
        include_object: IncludeObject::Object,
        ..ListOptions::default()
    };
    assert_eq!(read, expected);
    let read = ListOptions::read(Some("resourceVersion=12&resourceVersionMatch=NotOlderThan")).unwrap();
    assert_eq!((read.version, read.matching), (Some(12), Some(Match::NotOlderThan)));
    assert_eq!(ListOptions::read(None).unwrap(), ListOptions::default());
}

/// As kubectl and client-go send them, if a user says nothing.
#[rstest]
#[case("limit=0")]
#[case("limit=-1")]
#[case("limit=")]
#[case("continue=")]
#[case("resourceVersion=")]
#[case("watch=")]
#[case("watch=false")]
fn what_says_nothing_changes_nothing(#[case] query: &str) {
    assert_eq!(ListOptions::read(Some(query)).unwrap(), ListOptions::default());
}

#[rstest]
#[case("limit=many", "400", "is not a number")]
#[case("watch=yes", "400", "is not true or false")]
#[case("resourceVersion=abc", "400", "is not a version of this API")]
#[case("resourceVersion=-1", "400", "is not a version of this API")]
#[case("includeObject=All", "400", "is not None, Metadata or Object")]
#[case("continue=a&resourceVersion=5", "400", "not allowed when using continue")]
#[case("resourceVersionMatch=Exact", "422", "forbidden unless resourceVersion is provided")]
#[case("resourceVersionMatch=Exact&resourceVersion=0", "422", "is forbidden for resourceVersion")]
#[case("resourceVersionMatch=NotOlderThan&resourceVersion=5&continue=a", "422", "forbidden when continue is provided")]
#[case("resourceVersionMatch=Newest&resourceVersion=5", "422", "FieldValueNotSupported")]
#[case("sendInitialEvents=true", "422", "sendInitialEvents is forbidden for list")]
#[case("watch=1&sendInitialEvents=true", "422", "requires setting resourceVersionMatch to NotOlderThan")]
#[case("watch=1&resourceVersionMatch=NotOlderThan", "422", "forbidden for watch unless sendInitialEvents")]
#[case("watch=1&timeoutSeconds=soon", "400", "is not a number of seconds")]
fn what_makes_no_sense_is_refused_as_kubernetes_does(#[case] query: &str, #[case] code: &str, #[case] text: &str) {
    let failure = format!("{:?}", ListOptions::read(Some(query)).unwrap_err());
    assert!(failure.contains(text) && failure.contains(code), "{failure}");
}

#[test]
fn a_continued_list_may_name_any_version() {
    assert!(ListOptions::read(Some("continue=a&resourceVersion=0")).is_ok());
}
