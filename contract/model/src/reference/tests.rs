use super::{origin, render, unit};
use crate::series::{CONNECTION_LABELS, FAMILIES, OPERATOR_METRICS, SELF_METRICS, SERVICE_LABELS, WORKLOAD_LABELS};

#[test]
fn every_series_is_a_row_of_whoever_exposes_it() {
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
