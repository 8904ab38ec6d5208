use super::Selection;
use longwire_live::resource;
use rstest::rstest;
use serde_json::json;

fn read(labels: &str, fields: &str) -> Result<Selection, String> {
    let probes = resource("probes").unwrap();
    Selection::read(probes, labels, fields).map_err(|failure| format!("{failure:?}"))
}

fn selects(labels: &str, fields: &str) -> bool {
    let object = json!({"metadata": {"name": "n1", "labels": {"app": "web", "tier": "", "a.b/c": "1"}}});
    read(labels, fields).unwrap().matches(&object)
}

#[rstest]
#[case("", true)]
#[case("app", true)]
#[case("!app", false)]
#[case("team", false)]
#[case("!team", true)]
#[case("app=web", true)]
#[case("app==web", true)]
#[case("app = web", true)]
#[case("app=api", false)]
#[case("app!=api", true)]
#[case("team!=api", true)]
#[case("tier=", true)]
#[case("a.b/c=1", true)]
#[case("app in (api, web)", true)]
#[case("app in (api)", false)]
#[case("app notin (api,db)", true)]
#[case("app notin(web)", false)]
#[case("team notin (x)", true)]
#[case("app in (web),!team,tier", true)]
#[case("app=web,app=api", false)]
#[case("in=x", false)]
fn labels_are_selected_as_kubernetes_does(#[case] selector: &str, #[case] expected: bool) {
    assert_eq!(selects(selector, ""), expected, "{selector}");
}

#[rstest]
#[case("metadata.name=n1", true)]
#[case("metadata.name==n1", true)]
#[case("metadata.name!=n1", false)]
#[case("metadata.name=n2", false)]
#[case("metadata.name=n1,metadata.name!=n2", true)]
#[case(r"metadata.name=n\,1", false)]
#[case("", true)]
fn fields_are_selected_by_their_values(#[case] selector: &str, #[case] expected: bool) {
    assert_eq!(selects("", selector), expected, "{selector}");
}

#[rstest]
#[case("app in web", "", "is no name of a label")]
#[case("app in (web", "", "a parenthesis is not closed")]
#[case("app in ((web))", "", "inside another one")]
#[case("app)", "", "closed that is not open")]
#[case("app=a b", "", "is no value of a label")]
#[case("=web", "", "is no name of a label")]
#[case("cpu>4", "", "use in (...)")]
#[case("", "metadata.name", "is not of the form field=value")]
#[case("", "metadata.name!n1", "is not of the form field=value")]
#[case("", "spec.node=n1", "is not supported for probes: use one of metadata.name")]
#[case("", r"metadata.name=n\1", "backslash before another letter")]
#[case("", "metadata.name=a=b", "without a backslash before it")]
fn what_is_wrong_is_said(#[case] labels: &str, #[case] fields: &str, #[case] text: &str) {
    let error = read(labels, fields).unwrap_err();
    assert!(error.contains(text), "{error} has no {text}");
    assert!(error.contains("400"), "{error}");
}

#[test]
fn one_name_is_known_to_authorization() {
    assert_eq!(read("", "metadata.name=n1").unwrap().name(), Some("n1"));
    assert_eq!(read("", "metadata.name!=n1").unwrap().name(), None);
    assert_eq!(read("app", "").unwrap().name(), None);
}

#[test]
fn a_selector_is_bounded() {
    assert!(read(&"a,".repeat(5_000), "").unwrap_err().contains("longer than 8192 bytes"));
}
