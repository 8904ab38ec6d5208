use super::{Names, fill, names, variables};

fn of(series: &[&str], labels: &[&str]) -> Names {
    let set = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    Names { series: set(series), labels: set(labels) }
}

#[test]
fn series_and_labels_are_distinguished_from_functions_keywords_and_strings() {
    for (expression, expected) in [
        ("up", of(&["up"], &[])),
        (r#"sum by (a, b) (rate(x_total{c="d{e}", f=~'g'}[5m])) > 0"#, of(&["x_total"], &["a", "b", "c", "f"])),
        ("sum(rate(x[$__rate_interval])) by (a)", of(&["x"], &["a"])),
        ("x and on (job) y or time() - z offset 5m", of(&["x", "y", "z"], &["job"])),
        ("x * on (a) group_left (b) y unless z", of(&["x", "y", "z"], &["a", "b"])),
        (r#"label_replace(x, "new", "$1", "old", "(.*)")"#, of(&["x"], &[])),
        ("histogram_quantile(0.95, sum by (le) (x_bucket))", of(&["x_bucket"], &["le"])),
        ("1e3 < bool x", of(&["x"], &[])),
    ] {
        assert_eq!(names(expression), expected, "{expression}");
    }
}

#[test]
fn variables_are_found_and_filled_in_both_spellings() {
    let text = r#"x{a=~"$name",b="${other:regex}"}[$__range] $1"#;
    let found: Vec<String> = variables(text).into_iter().collect();
    assert_eq!(found, ["__range", "name", "other"]);
    let filled = fill(text, |name| (name != "__range").then_some("v"));
    assert_eq!(filled, r#"x{a=~"v",b="v"}[$__range] $1"#);
}
