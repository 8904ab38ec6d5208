//! Labels in the name: each value has its place, whatever is left out or added.

use super::stage::{SENT, Stage, bytes, everything, options};
use crate::statsd::{Flavor, Histograms};
use longwire_model::series::{Metric, Metrics, SERVICE_LABELS};
use longwire_model::tag::TagName;
use longwire_pipeline::labels::samples::edge;
use longwire_pipeline::metrics::samples::hold_customised;
use longwire_pipeline::observation::Reporter;
use rstest::rstest;
use std::collections::BTreeSet;

/// The levels after the name.
fn levels(flavor: Flavor, labels: &[(&str, Option<&str>)]) -> Vec<(String, String)> {
    let mut stage = Stage::new(options(flavor, Histograms::Buckets));
    let mut labels: Vec<_> =
        labels.iter().map(|(name, value)| (TagName::parse(name).unwrap(), value.map(Box::from))).collect();
    labels.sort();
    let edge = edge(Reporter::Source, "client", "server");
    let metrics = everything().intersection(Metrics::NONE.with(Metric::IstioSentBytes));
    let to = hold_customised(&mut stage.store, &edge, metrics, labels, 0);
    stage.add(&to, &bytes(1));
    let lines = stage.flush();
    let [line] = lines.iter().filter(|line| line.name == SENT).collect::<Vec<_>>()[..] else { panic!("{lines:?}") };
    line.labels.clone().into_iter().collect()
}

fn folded(labels: &[(&str, Option<&str>)]) -> Vec<String> {
    levels(Flavor::Statsd, labels).into_iter().map(|(_, value)| value).collect()
}

#[test]
fn a_label_that_is_left_out_keeps_its_place() {
    let (all, without) = (folded(&[]), folded(&[("source_workload", None), ("connection_security_policy", None)]));
    assert_eq!((all.len(), without.len()), (SERVICE_LABELS.len(), SERVICE_LABELS.len()));
    assert_eq!((all[1].as_str(), without[1].as_str(), without[22].as_str()), ("client", "(left out)", "(left out)"));
    assert_eq!(all[2..22], without[2..22]);
}

#[test]
fn labels_that_are_added_come_after_the_others_with_their_names() {
    let levels = folded(&[("zone", Some("eu.1")), ("team", Some("a")), ("reporter", None)]);
    assert_eq!(levels[0], "(left out)");
    assert_eq!(levels[23..], ["team", "a", "zone", "eu.1"]);
}

#[test]
fn no_two_label_sets_have_one_name() {
    let sets: [&[(&str, Option<&str>)]; 8] = [
        &[],
        &[("source_app", None)],
        &[("source_app", Some("."))],
        &[("source_app", Some("_"))],
        &[("source_app", Some("_xx"))],
        &[("source_version", None)],
        &[("a", Some("b"))],
        &[("a", Some("b")), ("source_app", None)],
    ];
    let names: BTreeSet<_> = sets.iter().map(|labels| folded(labels)).collect();
    assert_eq!(names.len(), sets.len());
}

#[rstest]
fn tags_are_there_or_not(#[values(Flavor::Dogstatsd, Flavor::Graphite)] flavor: Flavor) {
    let all: Vec<_> = SERVICE_LABELS.iter().map(|name| (*name, None)).collect();
    assert_eq!(levels(flavor, &all), []);
    let of = levels(flavor, &[&all[..], &[("team", Some("a"))]].concat());
    assert_eq!(of, [("team".to_owned(), "a".to_owned())]);
}
