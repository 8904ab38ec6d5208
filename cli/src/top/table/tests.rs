use super::*;
use crate::top::rows::Sum;
use rstest::rstest;

fn rows(names: &[&str]) -> Vec<Row> {
    let sum = Sum {
        open: 12,
        failed: 1,
        sent: 1_234_567,
        received: 88,
        retransmits: 40,
        retransmit_rate: 2.5,
        ..Sum::default()
    };
    let row = |name: &&str| Row { names: vec![(*name).to_owned()], sum, ..Row::default() };
    names.iter().map(row).collect()
}

fn text(kind: Kind, rows: &[Row], width: Option<usize>) -> String {
    let table = Table::new(kind, rows, width);
    let lines =
        [table.titles(Some((Column::RetransmitRate, false)))].into_iter().chain(rows.iter().map(|row| table.row(row)));
    lines.map(|line| line + "\n").collect()
}

#[test]
fn a_table_is_as_wide_as_it_needs() {
    let expected = "\
POD                     OPEN  FAILED   SENT/S   RECV/S  RETRANS/S▼   RETRANS      RTT
shop/web-7c4f9d5b8-x       12        1   1.2 MB     88 B         2.5        40        -
";
    let found = text(Kind::Pods, &rows(&["shop/web-7c4f9d5b8-x"]), None);
    assert_eq!(squeezed(&found), squeezed(expected));
    assert!(found.lines().all(|line| line.chars().count() == found.lines().next().unwrap().chars().count()), "{found}");
}

fn squeezed(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split_whitespace().collect()).collect()
}

#[rstest]
#[case(200)]
#[case(80)]
#[case(60)]
#[case(40)]
#[case(20)]
fn a_table_is_no_wider_than_its_terminal(#[case] width: usize) {
    let long = "shop/a-very-long-name-of-a-workload-of-a-team-that-likes-names-7c4f9d5b8-abcde";
    let rows = rows(&[long, "shop/web"]);
    let text = text(Kind::Pods, &rows, Some(width));
    let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
    // The last columns are the last to be left out.
    assert!(widest <= width.max(40), "{text}");
    assert!(text.contains("RETRANS/S▼"), "{text}");
    assert_eq!(text.contains(long), width == 200, "{text}");
}

#[rstest]
#[case("abcdefghij", 10, "abcdefghij")]
#[case("abcdefghij", 7, "abc…hij")]
#[case("abcdefghij", 6, "abc…ij")]
#[case("abcdefghij", 1, "…")]
#[case("äöüäöü", 3, "ä…ü")]
fn a_name_that_is_too_long_loses_its_middle(#[case] name: &str, #[case] width: usize, #[case] expected: &str) {
    assert_eq!(cut(name, width), expected);
}
