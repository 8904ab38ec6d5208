use super::{all, folder};
use crate::promql;
use longwire_model::series::{FAMILIES, OPERATOR_METRICS, SELF_METRICS};
use longwire_testkit::command;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const RUNBOOKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/runbooks");
/// One file of promtool's tests for each alert.
const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../e2e/rules");
/// Sections of every runbook page, in this order.
const SECTIONS: [&str; 4] = ["## Meaning", "## Impact", "## Diagnosis", "## Remedy"];

fn promtool(words: &[&str], file: &Path) -> String {
    command::run("promtool", &[words, &[file.to_str().unwrap()]].concat()).unwrap()
}

fn names_in(folder: &str) -> BTreeSet<String> {
    let stem =
        |entry: std::io::Result<fs::DirEntry>| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
    fs::read_dir(folder).unwrap().map(stem).collect()
}

#[test]
fn prometheus_can_read_the_rules() {
    for (file, rules) in [("longwire.yaml", all().unwrap().len()), ("locality.yaml", 1), ("opt-in/kmesh.yaml", 4)] {
        let said = promtool(&["check", "rules"], &folder().join(file));
        assert!(said.contains(&format!("SUCCESS: {rules} rules found")), "{said}");
    }
}

#[test]
fn each_alert_fires_and_stays_silent_where_its_cases_say() {
    let alerts: BTreeSet<String> = all().unwrap().into_iter().map(|alert| alert.name).collect();
    assert_eq!(names_in(CASES), alerts, "an alert without cases, or cases without an alert");
    for alert in alerts {
        let file = Path::new(CASES).join(format!("{alert}.yaml"));
        let cases: Value = serde_saphyr::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let groups = cases["tests"].as_array().unwrap();
        let expected: Vec<&Value> =
            groups.iter().flat_map(|group| group["alert_rule_test"].as_array().unwrap()).collect();
        assert!(expected.iter().all(|case| case["alertname"] == *alert), "{alert}: cases of another alert");
        let fires = |case: &&&Value| case["exp_alerts"].as_array().is_some_and(|alerts| !alerts.is_empty());
        let firing = expected.iter().filter(fires).count();
        assert!(firing > 0 && firing < expected.len(), "{alert}: {firing} of {} cases fire", expected.len());
        promtool(&["test", "rules"], &file);
    }
}

#[test]
fn each_alert_has_a_description_and_a_runbook() {
    let alerts = all().unwrap();
    let names: BTreeSet<String> = alerts.iter().map(|alert| alert.name.clone()).collect();
    assert_eq!(names_in(RUNBOOKS), names, "an alert without a page, or a page without an alert");
    for alert in alerts {
        let page = fs::read_to_string(format!("{RUNBOOKS}/{}.md", alert.name)).unwrap();
        assert!(page.starts_with(&format!("# {}\n", alert.name)), "{page}");
        let found: Vec<&str> = page.lines().filter(|line| line.starts_with("## ")).collect();
        assert_eq!(found, SECTIONS, "{}", alert.name);
        assert!(page.contains("```sh\n"), "{}: no command to find out with", alert.name);
        assert!(["warning", "critical"].contains(&alert.labels.severity.as_str()), "{}", alert.name);
        assert!(
            !alert.annotations.summary.ends_with('.') && alert.annotations.description.ends_with('.'),
            "{}",
            alert.name
        );
        let page = format!("https://github.com/longwire/longwire/blob/main/docs/runbooks/{}.md", alert.name);
        assert_eq!(alert.annotations.runbook_url, page);
    }
}

#[test]
fn alerts_ask_only_for_series_that_longwire_exposes() {
    let own = SELF_METRICS.iter().chain(&OPERATOR_METRICS).map(|metric| metric.name);
    let known: BTreeSet<&str> = FAMILIES.iter().map(|family| family.name).chain(own).chain(["up"]).collect();
    for alert in all().unwrap() {
        let names = promql::names(&alert.expression).series;
        let strangers: Vec<_> = names.iter().filter(|name| !known.contains(name.as_str())).collect();
        assert!(strangers.is_empty() && !names.is_empty(), "{}: {strangers:?}", alert.name);
    }
}
