use super::{Damaged, Format, InvalidDocument, parse};
use crate::source::split::Piece;
use rstest::rstest;
use std::cell::Cell;

thread_local! {
    /// Bytes of YAML that this thread has had parsed.
    pub(in crate::source) static READ: Cell<usize> = const { Cell::new(0) };
}

fn keys(format: Format, text: &str) -> Result<Vec<String>, InvalidDocument> {
    let objects = parse(format, Piece { line: 1, text }).map_err(|damaged| damaged.first)?;
    Ok(objects.iter().map(|object| object.key().to_string()).collect())
}

fn yaml(text: &str) -> Result<Vec<String>, InvalidDocument> {
    keys(Format::Yaml, text)
}

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  namespace: shop\n";

#[rstest]
#[case::pod(POD, &["Pod shop/a"])]
#[case::namespace("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n", &["Namespace shop"])]
#[case::node("apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n", &["Node n1"])]
#[case::service("---\napiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n", &["Service default/a"])]
#[case::slice(
    "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: IPv4\nendpoints: []\n\
     metadata: {name: a, labels: {kubernetes.io/service-name: s}}\n",
    &["EndpointSlice default/a"]
)]
#[case::list(
    "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Node, metadata: {name: n1}}\n\
     - {apiVersion: apps/v1, kind: Deployment}\n- {apiVersion: v1, kind: Node, metadata: {name: n2}}\n",
    &["Node n1", "Node n2"]
)]
#[case::an_empty_list("apiVersion: v1\nkind: List\n", &[])]
#[case::another_kind("apiVersion: apps/v1\nkind: Deployment\nmetadata: [no, matter]\n", &[])]
#[case::another_version("apiVersion: discovery.k8s.io/v1beta1\nkind: EndpointSlice\n", &[])]
#[case::a_namesake("apiVersion: example.org/v1\nkind: Service\nspec: 5\n", &[])]
#[case::an_external_name("apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {type: ExternalName}\n", &[])]
#[case::nothing("# nothing\n~\n", &[])]
#[case::anchors("apiVersion: v1\nkind: Pod\nmetadata:\n  name: &n a\n  labels: {app: *n}\n", &["Pod default/a"])]
fn a_document_defines_objects(#[case] text: &str, #[case] expected: &[&str]) {
    assert_eq!(yaml(text), Ok(expected.iter().map(|key| (*key).to_owned()).collect()));
}

/// The document begins on line 11 of its file.
fn check(format: Format, text: &str, line: usize, message: &str) {
    let error = parse(format, Piece { line: 11, text }).unwrap_err().first;
    assert_eq!(error.line, line, "{error:?}");
    assert!(error.message.contains(message), "{error:?} does not say {message:?}");
}

#[rstest]
#[case::a_tab("kind: Pod\nmetadata:\n  name: x\n\tlabels: {}\n", 14, "a tab in the indentation")]
#[case::an_open_bracket("kind: Pod\nmetadata: [\n", 12, "unclosed bracket")]
#[case::a_wrong_type("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers: 5\n", 15, "sequence")]
#[case::a_key_twice("apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  name: b\n", 15, "duplicate mapping key")]
#[case::no_kind("apiVersion: v1\nmetadata: {name: a}\n", 12, "missing field `kind`")]
#[case::no_version("kind: Pod\nmetadata: {name: a}\n", 12, "missing field `apiVersion`")]
#[case::no_mapping("- a\n- b\n", 11, "mapping")]
#[case::no_name("apiVersion: v1\nkind: Pod\nmetadata: {namespace: shop}\n", 11, "metadata.name: missing")]
#[case::a_selector_too_long(
    &format!("apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec: {{selector: {{a: {}}}}}\n", "x".repeat(40_000)),
    11,
    "spec.selector: 40001 bytes"
)]
#[case::an_item_of_a_list(
    "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Node\n  metadata: {name: n1}\n\
     - apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n  spec: {containers: 5}\n",
    17,
    "sequence"
)]
fn what_does_not_parse_is_named_with_its_line_in_the_file(
    #[case] text: &str,
    #[case] line: usize,
    #[case] message: &str,
) {
    check(Format::Yaml, text, line, message);
}

#[test]
fn items_of_a_list_that_cannot_be_read_are_alone() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Node, metadata: {name: n1}}\n\
                - {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: 5}\n- {kind: Pod}\n- 7\n\
                - {apiVersion: v1, kind: Service, metadata: {}}\n- {apiVersion: v1, kind: Node, metadata: {name: n2}}\n";
    let Damaged { objects, first, more } = parse(Format::Yaml, Piece { line: 11, text }).unwrap_err();
    let keys: Vec<String> = objects.iter().map(|object| object.key().to_string()).collect();
    assert_eq!(keys, ["Node n1", "Node n2"]);
    assert_eq!(first.line, 15, "{first:?}");
    let messages: Vec<String> = more.iter().map(|error| format!("{} {}", error.line, error.message)).collect();
    for (message, expected) in
        messages.iter().zip(["11 items[2]: missing field", "11 items[3]: ", "11 items[4]: metadata.name"])
    {
        assert!(message.starts_with(expected), "{message:?}");
    }
    assert_eq!(messages.len(), 3);
}

#[test]
fn json_may_be_indented_with_tabs_and_is_named_with_its_line() {
    let pod = "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Pod\",\n\t\"metadata\": {\"name\": \"a\"}\n}\n";
    assert_eq!(keys(Format::Json, pod), Ok(vec!["Pod default/a".to_owned()]));
    check(Format::Json, &pod.replace("{\"name\": \"a\"}", "5"), 14, "invalid type");
    check(Format::Json, &pod.replace("\"v1\",", "\"v1\""), 13, "expected");
    let list = format!("{{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n{pod},\n{pod}]}}");
    assert_eq!(keys(Format::Json, &list), Ok(vec!["Pod default/a".to_owned(); 2]));
}

#[test]
fn labels_keep_the_text_that_was_written() {
    let text = format!("{POD}  labels: {{version: 1.10, on: yes, hash: 1e5}}\n");
    let objects = parse(Format::Yaml, Piece { line: 1, text: &text }).unwrap();
    let [crate::source::object::Object::Pod(pod)] = objects.as_slice() else { panic!("{objects:?}") };
    let labels: Vec<_> = pod.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(labels, [("hash", "1e5"), ("on", "yes"), ("version", "1.10")]);
}

#[test]
fn aliases_that_multiply_are_refused() {
    let mut text =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let alias = format!("*a{}", level - 1);
        text += &format!("a{level}: &a{level} [{}]\n", vec![alias; 10].join(", "));
    }
    assert!(yaml(&text).is_err());
}

#[test]
fn a_list_of_many_thousand_objects_is_read() {
    let item =
        |number| format!("- {{apiVersion: v1, kind: Node, metadata: {{name: n{number}, labels: {{a: b, c: d}}}}}}\n");
    let items: String = (0..20_000).map(item).collect();
    let nodes = yaml(&format!("apiVersion: v1\nkind: List\nitems:\n{items}")).unwrap();
    assert_eq!((nodes.len(), nodes[19_999].as_str()), (20_000, "Node n19999"));
}
