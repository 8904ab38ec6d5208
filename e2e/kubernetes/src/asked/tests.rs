use super::{Expected, Rows, compare, sheets};
use longwire_dashboards::{alerts, promql};
use std::collections::BTreeSet;

#[test]
fn every_panel_and_alert_of_ours_has_an_oracle_for_each_of_its_queries() {
    let mut found = BTreeSet::new();
    for sheet in sheets().unwrap() {
        assert!(!sheet.questions().unwrap().is_empty(), "{}", sheet.dashboard);
        sheet.choices().unwrap();
        found.insert(sheet.dashboard);
    }
    let ours = longwire_dashboards::all().map(|dashboard| dashboard.uid.to_owned());
    let missing: Vec<_> = ours.into_iter().chain(["alerts".to_owned()]).filter(|name| !found.contains(name)).collect();
    assert_eq!(missing, [""; 0]);
    assert!(!alerts::all().unwrap().is_empty());
}

#[test]
fn prometheus_can_read_what_others_ask() {
    let value = |name: &str| Some(if name.starts_with("__") { "1m" } else { "x" });
    let questions = sheets().unwrap().into_iter().flat_map(|sheet| sheet.questions().unwrap());
    let queries: Vec<String> = questions.map(|question| promql::fill(&question.query, value)).collect();
    longwire_testkit::promtool::check(&queries).unwrap();
}

#[test]
fn an_answer_is_wrong_that_misses_a_row_has_another_or_is_off() {
    let labels = |name: &str| [("name".to_owned(), name.to_owned())].into();
    let expected = Rows::from([
        (labels("a"), Expected { least: 9.0, most: 11.0 }),
        (labels("b"), Expected { least: 0.0, most: 1.0 }),
    ]);
    for (given, wrong) in [
        (vec![("a", 10.0)], ""),
        (vec![("a", 9.0), ("b", 1.0), ("c", 0.0)], ""),
        (vec![("b", 0.5)], r#"["a"] is nothing, not 9.0000 to 11.0000"#),
        (vec![("a", 20.0)], r#"["a"] is 20.0000, not 9.0000 to 11.0000"#),
        (vec![("a", 10.0), ("c", 3.0)], r#"["c"] is 3.0000, not 0.0000 to 0.0000"#),
    ] {
        let given = given.into_iter().map(|(name, value)| (labels(name), value)).collect();
        let said = compare(&given, &expected).map_or_else(|error| error.to_string(), |()| String::new());
        assert_eq!(said, wrong);
    }
}
