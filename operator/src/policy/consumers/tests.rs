use super::{CONSUMERS, of};
use crate::source::object::policy::{MetricMatch, Reporter};
use longwire_model::series::{FAMILIES, Metric};

fn readers(metric: Option<Metric>, reporter: Option<Reporter>, label: &str) -> Vec<&'static str> {
    of(MetricMatch::of(metric, reporter), label).collect()
}

#[test]
fn every_metric_and_every_label_of_the_table_is_one_that_a_policy_can_name() {
    for consumer in CONSUMERS.iter() {
        for name in &consumer.metrics {
            let metric: Metric = name.parse().unwrap();
            assert!(consumer.labels.iter().any(|label| metric.family().labels().contains(&label.as_str())), "{name}");
        }
        for label in &consumer.labels {
            assert!(FAMILIES.iter().any(|family| family.labels().contains(&label.as_str())), "{label}");
        }
    }
}

#[test]
fn kiali_reads_the_cluster_of_bytes_and_not_of_round_trips() {
    for metric in [None, Some(Metric::IstioSentBytes)] {
        for reporter in [None, Some(Reporter::Source)] {
            assert!(readers(metric, reporter, "source_cluster").contains(&"Kiali"));
        }
    }
    assert!(!readers(Some(Metric::LongwireRtt), None, "source_cluster").contains(&"Kiali"));
    assert!(readers(None, None, "source_principal").contains(&"Kiali"));
}

#[test]
fn no_consumer_reads_a_label_that_a_user_adds() {
    assert_eq!(readers(None, None, "team"), [""; 0]);
}

#[test]
fn a_dashboard_is_named_by_its_title() {
    let readers = readers(Some(Metric::IstioReceivedBytes), None, "destination_service");
    assert!(readers.iter().any(|reader| reader.starts_with("dashboard ")), "{readers:?}");
}
