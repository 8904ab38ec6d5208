use super::{Piece, split};

fn check(file: &str, expected: &[(usize, &str)]) {
    let expected: Vec<_> = expected.iter().map(|&(line, text)| Piece { line, text }).collect();
    assert_eq!(split(file), expected, "{file:?}");
}

#[test]
fn each_document_knows_its_first_line() {
    check("a: 1\n", &[(1, "a: 1\n")]);
    check("a: 1\n---\nb: 2\n---\nc: 3", &[(1, "a: 1\n"), (2, "---\nb: 2\n"), (4, "---\nc: 3")]);
    check("---\na: 1\n", &[(1, "---\na: 1\n")]);
    check("a: 1\r\n---\r\nb: 2\r\n", &[(1, "a: 1\r\n"), (2, "---\r\nb: 2\r\n")]);
}

#[test]
fn what_holds_nothing_is_no_document() {
    check("", &[]);
    check("---\n---\n\n---\n# nothing\n", &[]);
    check("%YAML 1.2\n---\na: 1\n...\n---\n", &[(2, "---\na: 1\n...\n")]);
    check("# about\n---\na: 1\n", &[(2, "---\na: 1\n")]);
}

#[test]
fn content_may_follow_the_mark() {
    check("--- {a: 1}\n--- # b\nb: 2\n", &[(1, "--- {a: 1}\n"), (2, "--- # b\nb: 2\n")]);
}

#[test]
fn an_indented_mark_is_text() {
    check("a: |\n  ---\n  b\n", &[(1, "a: |\n  ---\n  b\n")]);
}

#[test]
fn a_byte_order_mark_is_not_content() {
    check("\u{feff}a: 1\n", &[(1, "a: 1\n")]);
    check("\u{feff}---\na: 1\n", &[(1, "---\na: 1\n")]);
}
