//! What the kinds say of series is what the table of series has.

use longwire_crds::telemetry_policy::{METRICS, SERIES_SETS};
use longwire_model::series::{CONNECTION_LABELS, FAMILIES, SERVICE_LABELS, SeriesSet, WORKLOAD_LABELS};
use longwire_model::tag::TagName;
use std::collections::BTreeSet;

#[test]
fn a_policy_can_name_every_metric_and_every_series_set_but_envoy_s() {
    let families = FAMILIES.iter().filter(|family| family.set != SeriesSet::Envoy);
    assert_eq!(METRICS.to_vec(), families.map(|family| family.name).collect::<Vec<_>>());
    assert_eq!(SERIES_SETS, SeriesSet::NAMED.map(SeriesSet::name));
}

#[test]
fn the_schema_refuses_the_standard_labels_and_no_others() {
    let labels = [&SERVICE_LABELS[..], &WORKLOAD_LABELS, &CONNECTION_LABELS].concat();
    assert_eq!(
        BTreeSet::from(CONNECTION_LABELS),
        labels.into_iter().collect(),
        "the schema refuses those of connections"
    );
    assert!(CONNECTION_LABELS.iter().all(|name| TagName::parse(name).is_ok_and(|name| name.is_standard())));
}
