//! Whatever a label says, it is read back as it was.

use super::{Stage, Temporality, read};
use crate::otlp::Origin;
use crate::otlp::metrics::{Encoder, Export};
use longwire_model::identity::Workload;
use longwire_model::series::{Metric, Metrics, SERVICE_LABELS};
use longwire_model::tag::TagName;
use longwire_pipeline::labels::samples::{edge, workload};
use longwire_pipeline::metrics::samples::{hold_customised, hold_edge};
use longwire_pipeline::observation::{Delta, Edge, Reporter};
use proptest::prelude::*;
use rstest::rstest;
use std::sync::Arc;

fn read_back(value: &str) -> Vec<String> {
    let mut stage = Stage::new(Temporality::Cumulative);
    let mut hostile = Workload::clone(&workload("client"));
    value.clone_into(&mut hostile.canonical_service);
    let edge = Edge { source: Some(Arc::new(hostile)), ..edge(Reporter::Source, "", "server") };
    let held = hold_edge(&mut stage.store, &edge, super::everything(), stage.now);
    stage.add(&held, &Delta { opened: 1, rtt_us: Some(1), ..super::failed(super::FailReason::Other, 1) });
    let mut values: Vec<_> =
        stage.export().into_iter().map(|point| point.labels["source_canonical_service"].clone()).collect();
    values.dedup();
    values
}

#[rstest]
#[case::quotes("\"\"\"")]
#[case::newlines("\n# EOF\n")]
#[case::zero_bytes("\u{0}")]
#[case::what_a_terminal_obeys("\u{1b}[2J\u{7f}\u{9b}2J")]
#[case::what_looks_like_fields("\x0a\x02\x08\x01\x12\x00")]
#[case::emoji("\u{1f980}\u{200d}\u{1f9d1}\u{1f3ff}")]
#[case::the_length_of_two_digits(&"a".repeat(127))]
#[case::the_length_of_three_digits(&"a".repeat(128))]
#[case::sixty_four_kibibytes(&"\"\\\n\u{e9}".repeat(16 << 10))]
fn a_hostile_value_is_read_back_as_it_was(#[case] value: &str) {
    assert_eq!(read_back(value), [value]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_value_is_read_back_as_it_was(value in "(?s).{1,200}") {
        prop_assert_eq!(read_back(&value), [value]);
    }
}

/// Tags of policies may leave every label out.
#[test]
fn a_label_set_without_labels_has_a_point_without_attributes() {
    let mut stage = Stage::new(Temporality::Cumulative);
    let mut none: Vec<_> = SERVICE_LABELS.map(|name| (TagName::parse(name).unwrap(), None)).into_iter().collect();
    none.sort();
    let opened = Metrics::NONE.with(Metric::IstioOpened);
    let edge = edge(Reporter::Source, "client", "server");
    let held = hold_customised(&mut stage.store, &edge, opened, none, stage.now);
    stage.add(&held, &Delta { opened: 1, ..Delta::default() });
    let points = stage.export();
    assert_eq!((points.len(), points[0].labels.len()), (1, 0));
}

#[test]
fn a_resource_may_have_no_attributes() {
    let mut stage = Stage::new(Temporality::Cumulative);
    stage.encoder = Encoder::new(Origin::new([]), Temporality::Cumulative);
    super::fill(&mut stage.store);
    let requests = stage.requests(Export::new(1, 0, 1_000), 1);
    assert!(requests.iter().flat_map(read).all(|point| point.time == 1));
}
