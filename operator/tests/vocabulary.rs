//! The kinds know nothing of the series table, and must yet name what is in it.

use longwire_crds::telemetry_policy::{METRICS, SERIES_SETS};
use longwire_model::series::{FAMILIES, SeriesSet};

#[test]
fn a_policy_can_name_every_metric_and_every_series_set_but_envoy_s() {
    let families = FAMILIES.iter().filter(|family| family.set != SeriesSet::Envoy);
    assert_eq!(METRICS.to_vec(), families.map(|family| family.name).collect::<Vec<_>>());
    assert_eq!(SERIES_SETS, SeriesSet::NAMED.map(SeriesSet::name));
}
