use super::{origin, render, unit};
use crate::series::{CONNECTION_LABELS, FAMILIES, OPERATOR_METRICS, SELF_METRICS, SERVICE_LABELS, WORKLOAD_LABELS};

#[test]
fn every_series_is_on_the_page_once_as_a_row() {
    let page = render();
    let own = SELF_METRICS.iter().chain(&OPERATOR_METRICS).map(|metric| metric.name);
    for name in FAMILIES.iter().map(|family| family.name).chain(own) {
        assert_eq!(page.matches(&format!("\n| `{name}` | ")).count(), 1, "{name}");
    }
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
