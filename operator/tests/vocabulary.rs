//! The kinds know nothing of the series table, and must yet name what is in it.

use longwire_crds::telemetry_policy::{METRICS, SERIES_SETS};
use longwire_model::series::{FAMILIES, SeriesSet};

#[test]
fn a_policy_can_name_every_metric_and_every_series_set() {
    assert_eq!(METRICS, FAMILIES.map(|family| family.name));
    assert_eq!(SERIES_SETS, SeriesSet::ALL.map(SeriesSet::name));
}
