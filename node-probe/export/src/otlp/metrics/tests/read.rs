//! Requests, read back with the generated messages.

use crate::exposition::grammar::Labels;
use crate::otlp::metrics::Request;
use crate::otlp::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use crate::otlp::proto::common::v1::{KeyValue, any_value};
use crate::otlp::proto::metrics::v1::{
    AggregationTemporality, HistogramDataPoint, Metric, NumberDataPoint, metric, number_data_point,
};
use prost::Message;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) metric: String,
    /// `gauge`, `sum`, `counter` or `histogram`; with `delta ` before it where it is.
    pub(super) kind: String,
    pub(super) labels: Labels,
    pub(super) start: u64,
    pub(super) time: u64,
    pub(super) value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Integer(i64),
    /// Of buckets; then sum and bounds.
    Histogram(Vec<u64>, f64, Vec<f64>),
}

/// The message, which prost writes in the same bytes.
pub(super) fn message(request: &Request) -> ExportMetricsServiceRequest {
    let message = ExportMetricsServiceRequest::decode(request.bytes()).unwrap();
    assert!(message.encode_to_vec() == request.bytes(), "other bytes than prost's");
    message
}

pub(super) fn read(request: &Request) -> Vec<Point> {
    let points: Vec<_> = metrics(request).into_iter().flat_map(points_of).collect();
    assert_eq!(points.len(), request.points());
    points
}

pub(super) fn metrics(request: &Request) -> Vec<Metric> {
    let mut message = message(request);
    assert_eq!((message.resource_metrics.len(), message.resource_metrics[0].scope_metrics.len()), (1, 1));
    message.resource_metrics.remove(0).scope_metrics.remove(0).metrics
}

fn points_of(metric: Metric) -> Vec<Point> {
    let name = metric.name;
    let number = |kind: &str, point: NumberDataPoint| {
        let Some(number_data_point::Value::AsInt(value)) = point.value else { panic!("no integer: {point:?}") };
        Point {
            metric: name.clone(),
            kind: kind.to_owned(),
            labels: labels(&point.attributes),
            start: point.start_time_unix_nano,
            time: point.time_unix_nano,
            value: Value::Integer(value),
        }
    };
    match metric.data.unwrap() {
        metric::Data::Gauge(gauge) => gauge.data_points.into_iter().map(|point| number("gauge", point)).collect(),
        metric::Data::Sum(sum) => {
            let word = if sum.is_monotonic { "counter" } else { "sum" };
            let kind = kind(sum.aggregation_temporality(), word);
            sum.data_points.into_iter().map(|point| number(&kind, point)).collect()
        }
        metric::Data::Histogram(histogram) => {
            let kind = kind(histogram.aggregation_temporality(), "histogram");
            let of = |point: HistogramDataPoint| {
                assert_eq!(point.count, point.bucket_counts.iter().sum::<u64>());
                Point {
                    metric: name.clone(),
                    kind: kind.clone(),
                    labels: labels(&point.attributes),
                    start: point.start_time_unix_nano,
                    time: point.time_unix_nano,
                    value: Value::Histogram(point.bucket_counts, point.sum.unwrap(), point.explicit_bounds),
                }
            };
            histogram.data_points.into_iter().map(of).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn kind(temporality: AggregationTemporality, word: &str) -> String {
    match temporality {
        AggregationTemporality::Cumulative => word.to_owned(),
        AggregationTemporality::Delta => format!("delta {word}"),
        AggregationTemporality::Unspecified => panic!("{word} of no temporality"),
    }
}

/// In the order of the point.
pub(super) fn pairs(attributes: &[KeyValue]) -> Vec<(&str, &str)> {
    attributes.iter().map(|pair| (pair.key.as_str(), string(pair))).collect()
}

fn string(pair: &KeyValue) -> &str {
    match pair.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => text,
        other => panic!("no text: {other:?}"),
    }
}

fn labels(attributes: &[KeyValue]) -> Labels {
    let mut labels = Labels::new();
    for (name, value) in pairs(attributes) {
        assert!(labels.insert(name.to_owned(), value.to_owned()).is_none(), "{name} comes twice");
    }
    labels
}

/// Values of a metric, in the order of the request.
pub(super) fn values(points: &[Point], metric: &str) -> Vec<i64> {
    let of_metric = points.iter().filter(|point| point.metric == metric);
    let integer = |point: &Point| match point.value {
        Value::Integer(value) => value,
        Value::Histogram(..) => panic!("{metric} is a histogram"),
    };
    of_metric.map(integer).collect()
}
