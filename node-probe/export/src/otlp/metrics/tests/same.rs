//! Every name, label and value is that of Prometheus' text.

use super::read::{Point, Value, read};
use super::{Stage, Temporality, fill};
use crate::exposition::Format;
use crate::exposition::grammar::{Labels, parse, text};
use longwire_model::series::FAMILIES;
use std::collections::{BTreeMap, BTreeSet};

/// As the text would have them.
fn as_text(points: &[Point]) -> BTreeMap<(String, Labels), String> {
    let mut lines = BTreeMap::new();
    let mut insert = |name: String, labels: Labels, value: String| {
        assert!(lines.insert((name, labels), value).is_none(), "a line comes twice");
    };
    for Point { metric, labels, value, .. } in points {
        match value {
            Value::Integer(value) => insert(metric.clone(), labels.clone(), value.to_string()),
            Value::Histogram(counts, sum, bounds) => {
                let ends = bounds.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
                assert_eq!(counts.len(), bounds.len() + 1);
                let mut all = 0;
                for (count, end) in counts.iter().zip(ends) {
                    all += count;
                    let labels = labels.clone().into_iter().chain([("le".to_owned(), end)]).collect();
                    insert(format!("{metric}_bucket"), labels, all.to_string());
                }
                insert(format!("{metric}_sum"), labels.clone(), sum.to_string());
                insert(format!("{metric}_count"), labels.clone(), all.to_string());
            }
        }
    }
    lines
}

#[test]
fn every_line_of_the_text_is_a_point_of_the_same_value() {
    let mut stage = Stage::new(Temporality::Cumulative);
    fill(&mut stage.store);
    let scrape = parse(&text(&mut stage.store, Format::Text, 1_000), Format::Text);
    let points = stage.export();
    assert_eq!(as_text(&points), scrape.samples);
    let families: BTreeSet<_> = points.iter().map(|point| point.metric.as_str()).collect();
    assert_eq!(families, FAMILIES.iter().map(|family| family.name).collect(), "a family without a point");
}

#[test]
fn types_are_those_of_the_text_and_what_it_calls_untyped_is_no_counter() {
    let mut stage = Stage::new(Temporality::Cumulative);
    fill(&mut stage.store);
    let scrape = parse(&text(&mut stage.store, Format::Text, 1_000), Format::Text);
    let kinds: BTreeMap<_, _> = stage.export().into_iter().map(|point| (point.metric, point.kind)).collect();
    for (name, kind, _) in scrape.families {
        let expected = if kind == "untyped" { "sum" } else { &kind };
        assert_eq!(kinds[&name], expected, "{name}");
        assert_eq!(expected == "counter", name.ends_with("_total"), "{name}");
    }
}

#[test]
fn what_is_not_published_is_not_exported() {
    let mut stage = Stage::new(Temporality::Cumulative);
    let held = stage.edge("client");
    assert_eq!(stage.export(), []);
    stage.add(&held, &super::received(5));
    stage.store.record(&held, longwire_pipeline::observation::Reporter::Source, &super::received(7), stage.now);
    assert_eq!(super::read::values(&stage.export(), super::SENT), [5]);
    stage.store.publish();
    assert_eq!(super::read::values(&stage.export(), super::SENT), [12]);
}

#[test]
fn an_empty_store_has_no_request() {
    let mut stage = Stage::new(Temporality::Cumulative);
    let export = stage.begin(usize::MAX);
    assert!(stage.requests(export, 1).is_empty());
}

#[test]
fn one_time_is_that_of_all_points() {
    let mut stage = Stage::new(Temporality::Cumulative);
    fill(&mut stage.store);
    let export = stage.begin(4_000);
    let time = super::OFFSET + stage.now;
    let requests = stage.requests(export, 1);
    assert!(requests.len() > 5);
    assert!(requests.iter().flat_map(read).all(|point| point.time == time && point.start <= time));
}
