use super::{Unreadable, documents};
use rstest::rstest;

const POLICY: &str = "\
# A comment
---
apiVersion: v1
metadata:
  labels:
    app.kubernetes.io/name: web
    app: x
spec:
  tags:
  - name: a

    value: b
  - {name: c,
     value: d}
  none:
";

#[rstest]
#[case("spec", 8)]
#[case("spec.tags", 9)]
#[case("spec.tags[0]", 10)]
#[case("spec.tags[0].value", 12)]
#[case("spec.tags[1].name", 13)]
#[case("spec.tags[1].value", 14)]
#[case::longest_key("metadata.labels.app.kubernetes.io/name", 6)]
#[case::shorter_key("metadata.labels.app", 7)]
#[case::not_there("spec.tags[0].maxValues", 10)]
#[case::no_such_item("spec.tags[7].name", 9)]
#[case::below_a_scalar("spec.tags[0].name.x", 10)]
#[case::nothing_of_it("status.x", 2)]
#[case::without_value("spec.none", 15)]
fn a_field_has_the_line_of_its_key_or_of_what_is_around_it(#[case] field: &str, #[case] line: usize) {
    let documents = documents(POLICY);
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0].places().line(field), line);
}

#[test]
fn documents_without_content_are_left_out_and_the_others_know_their_lines() {
    let documents = documents("a: 1\n---\n# nothing\n---\n~\n---\nb: 2\n");
    let lines: Vec<_> =
        documents.iter().map(|document| (document.line, document.value.as_ref().unwrap().to_string())).collect();
    assert_eq!(lines, [(1, "{\"a\":1}".to_owned()), (6, "{\"b\":2}".to_owned())]);
}

#[test]
fn a_document_that_cannot_be_read_leaves_the_others() {
    let documents = documents("a: 1\n---\nb: [\n---\nc: 3\n");
    let readable: Vec<bool> = documents.iter().map(|document| document.value.is_ok()).collect();
    assert_eq!(readable, [true, false, true]);
}

#[test]
fn values_in_json_follow_one_another() {
    let documents = documents("{\"a\": \"\\ud83d\\ude00\"}\n\n{\n  \"b\": {\n    \"c\": 1}}\n");
    assert_eq!(documents.len(), 2);
    assert_eq!((documents[0].line, documents[1].line), (1, 3));
    // An escape that YAML does not have: the line of the document.
    assert_eq!(documents[0].places().line("a"), 1);
    assert_eq!(documents[1].places().line("b.c"), 5);
}

#[test]
fn json_that_breaks_off_says_where() {
    let documents = documents("{\"a\": 1}\n{\"b\": \n");
    let Err(Unreadable { line, message }) = &documents[1].value else { panic!("{documents:?}") };
    assert_eq!((documents.len(), *line), (2, 3), "{message}");
}

#[test]
fn yaml_in_braces_is_yaml() {
    let documents = documents("{a: 1}\n---\n{b: 2}\n");
    assert_eq!(documents.iter().map(|document| document.line).collect::<Vec<_>>(), [1, 2]);
}
