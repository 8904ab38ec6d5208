use super::{origin, render, unit};
use crate::series::{
    CONNECTION_LABELS, FAMILIES, LABEL_VALUES, OPEN_LABELS, OPERATOR_METRICS, SELF_METRICS, SERVICE_LABELS,
    WORKLOAD_LABELS,
};
use std::collections::BTreeSet;

#[test]
fn every_series_has_a_row_for_each_program_that_exposes_it() {
    let page = render();
    let own = SELF_METRICS.iter().chain(&OPERATOR_METRICS).map(|metric| metric.name);
    let names: Vec<_> = FAMILIES.iter().map(|family| family.name).chain(own).collect();
    for name in &names {
        let exposers = names.iter().filter(|other| *other == name).count();
        assert_eq!(page.matches(&format!("\n| `{name}` | ")).count(), exposers, "{name}");
    }
    assert_eq!(names.iter().filter(|name| **name == "longwire_build_info").count(), 2);
}

#[test]
fn every_family_has_a_unit() {
    let without: Vec<_> = FAMILIES.iter().map(|family| family.name).filter(|name| unit(name).is_empty()).collect();
    assert_eq!(without, [""; 0]);
}

#[test]
fn every_label_has_an_origin() {
    let labels = SERVICE_LABELS.iter().chain(&WORKLOAD_LABELS).chain(&CONNECTION_LABELS);
    let without: Vec<_> = labels.filter(|label| origin::of(label).is_empty()).collect();
    assert_eq!(without, [&""; 0]);
}

#[test]
fn every_value_of_every_label_of_a_self_metric_is_listed_once_with_its_meaning() {
    let own = || SELF_METRICS.iter().chain(&OPERATOR_METRICS);
    let has_values = |label: &&&str| !OPEN_LABELS.contains(*label);
    let expected: BTreeSet<_> =
        own().flat_map(|metric| metric.labels.iter().filter(has_values).map(|label| (metric.name, *label))).collect();
    let mut listed = BTreeSet::new();
    for row in LABEL_VALUES {
        for (metric, (value, meaning)) in
            row.metrics.iter().flat_map(|metric| row.values.iter().map(move |value| (metric, value)))
        {
            assert!(listed.insert((*metric, row.label, *value)), "{metric}: {value} twice");
            assert!(meaning.len() > 3 && !meaning.ends_with('.'), "{metric}: {value} means {meaning:?}");
        }
    }
    assert_eq!(listed.iter().map(|(metric, label, _)| (*metric, *label)).collect::<BTreeSet<_>>(), expected);
}

/// Prometheus shows one HELP at a time, so none may refer to another.
#[test]
fn each_help_is_understandable_alone() {
    let own = SELF_METRICS.iter().chain(&OPERATOR_METRICS).map(|metric| (metric.name, metric.help));
    for (name, help) in FAMILIES.iter().map(|family| (family.name, family.help)).chain(own) {
        assert!(
            help.ends_with('.') && help.starts_with(|first: char| first.is_ascii_uppercase() || first == '1'),
            "{name}: {help}"
        );
        assert!(help.split(' ').count() >= 3, "{name}: {help}");
        assert!(
            !["Of these", "Of those", "The same", "Also"].iter().any(|start| help.starts_with(start)),
            "{name}: {help}"
        );
    }
}
