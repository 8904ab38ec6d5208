//! What the kinds say of series is what the table of series has.

use longwire_model::series::{CONNECTION_LABELS, SERVICE_LABELS, WORKLOAD_LABELS};
use longwire_model::tag::TagName;
use std::collections::BTreeSet;

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
