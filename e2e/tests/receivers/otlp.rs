//! Requests of OpenTelemetry's protocol, read back as lines of Prometheus' text and as records of connections.

use crate::lines::{Line, line};
use anyhow::{Context, Result, bail, ensure};
use longwire_export::otlp::proto::collector::logs::v1::ExportLogsServiceRequest;
use longwire_export::otlp::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use longwire_export::otlp::proto::common::v1::{KeyValue, any_value};
use longwire_export::otlp::proto::logs::v1::LogRecord;
use longwire_export::otlp::proto::metrics::v1::{
    AggregationTemporality, HistogramDataPoint, Metric, NumberDataPoint, metric, number_data_point,
};
use longwire_testkit::{Labels, Sample, Truth};
use std::collections::BTreeMap;

pub(crate) type Metrics = ExportMetricsServiceRequest;
pub(crate) type Logs = ExportLogsServiceRequest;

/// A value of a line at a time; nanoseconds since 1970.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) line: Line,
    pub(crate) value: f64,
    /// 0 for a gauge, which has none.
    pub(crate) start: u64,
    pub(crate) time: u64,
}

/// Attributes as text, in order of their names.
pub(crate) fn text(attributes: &[KeyValue]) -> Result<Labels> {
    let mut labels = Labels::new();
    for KeyValue { key, value, .. } in attributes {
        let value = match value.as_ref().and_then(|value| value.value.as_ref()) {
            Some(any_value::Value::StringValue(text)) => text.clone(),
            Some(any_value::Value::IntValue(number)) => number.to_string(),
            other => bail!("attribute {key} is {other:?}"),
        };
        ensure!(labels.insert(key.clone(), value).is_none(), "attribute {key} twice");
    }
    Ok(labels)
}

/// The attributes of the only resource.
pub(crate) fn resource(request: &Metrics) -> Result<Labels> {
    let [of] = request.resource_metrics.as_slice() else { bail!("{} resources", request.resource_metrics.len()) };
    text(&of.resource.as_ref().context("no resource")?.attributes)
}

/// The same of a request of logs.
pub(crate) fn log_resource(request: &Logs) -> Result<Labels> {
    let [of] = request.resource_logs.as_slice() else { bail!("{} resources", request.resource_logs.len()) };
    text(&of.resource.as_ref().context("no resource")?.attributes)
}

/// All points, those of histograms as the lines that Prometheus has of them.
pub(crate) fn points(request: &Metrics) -> Result<Vec<Point>> {
    let scopes = request.resource_metrics.iter().flat_map(|of| &of.scope_metrics);
    let mut points = Vec::new();
    for metric in scopes.flat_map(|scope| &scope.metrics) {
        points.extend(read(metric).with_context(|| metric.name.clone())?);
    }
    Ok(points)
}

fn read(metric: &Metric) -> Result<Vec<Point>> {
    let cumulative = AggregationTemporality::Cumulative as i32;
    let numbers = |points: &[NumberDataPoint]| points.iter().map(|point| number(&metric.name, point)).collect();
    match metric.data.as_ref().context("a metric without data")? {
        metric::Data::Sum(sum) => {
            ensure!(sum.aggregation_temporality == cumulative, "not cumulative");
            numbers(&sum.data_points)
        }
        metric::Data::Gauge(gauge) => numbers(&gauge.data_points),
        metric::Data::Histogram(histogram) => {
            ensure!(histogram.aggregation_temporality == cumulative, "not cumulative");
            let points = histogram.data_points.iter().map(|point| buckets(&metric.name, point));
            Ok(points.collect::<Result<Vec<_>>>()?.concat())
        }
        other => bail!("unexpected {other:?}"),
    }
}

fn number(name: &str, point: &NumberDataPoint) -> Result<Point> {
    let value = match point.value.context("a point without value")? {
        number_data_point::Value::AsInt(value) => value as f64,
        number_data_point::Value::AsDouble(value) => value,
    };
    let sample = Sample { name: name.to_owned(), labels: text(&point.attributes)?, value };
    Ok(Point { line: line(&sample)?, value, start: point.start_time_unix_nano, time: point.time_unix_nano })
}

fn buckets(name: &str, point: &HistogramDataPoint) -> Result<Vec<Point>> {
    let labels = text(&point.attributes)?;
    ensure!(point.bucket_counts.len() == point.explicit_bounds.len() + 1, "not a bucket more than bounds");
    ensure!(point.bucket_counts.iter().sum::<u64>() == point.count, "the buckets have another count");
    let of = |suffix: &str, bound: Option<f64>, value: f64| {
        let mut labels = labels.clone();
        labels.extend(bound.map(|bound| ("le".to_owned(), bound.to_string())));
        let sample = Sample { name: format!("{name}{suffix}"), labels, value };
        let line = line(&sample)?;
        Ok(Point { line, value, start: point.start_time_unix_nano, time: point.time_unix_nano })
    };
    let bounds = point.explicit_bounds.iter().copied().chain([f64::INFINITY]);
    let mut total = 0;
    let cumulative = point.bucket_counts.iter().map(|count| {
        total += count;
        total as f64
    });
    let mut points = bounds.zip(cumulative).map(|(bound, value)| of("_bucket", Some(bound), value)).collect::<Vec<_>>();
    points.push(of("_sum", None, point.sum.context("no sum")?));
    points.push(of("_count", None, point.count as f64));
    points.into_iter().collect()
}

/// All records.
pub(crate) fn records(requests: &[Logs]) -> Vec<&LogRecord> {
    let resources = requests.iter().flat_map(|request| &request.resource_logs);
    resources.flat_map(|of| &of.scope_logs).flat_map(|scope| &scope.log_records).collect()
}

/// What the final records of one end of one edge add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Told {
    pub(crate) truth: Truth,
    pub(crate) failed: u64,
}

/// By reporter and source workload. A record that is there twice counts once.
pub(crate) fn told(requests: &[Logs]) -> Result<BTreeMap<(String, String), Told>> {
    let mut once = BTreeMap::new();
    for record in records(requests) {
        let attributes = text(&record.attributes)?;
        let of = |name: &str| attributes.get(name).cloned().unwrap_or_default();
        let key = (of("longwire.id"), of("longwire.reporter"), record.event_name.clone());
        once.insert(key, attributes);
    }
    let mut told: BTreeMap<_, Told> = BTreeMap::new();
    for ((_, reporter, event), attributes) in once {
        let number = |name: &str| attributes.get(name).map_or(Ok(0), |number| number.parse::<u64>());
        let connections = attributes.get("longwire.connections").map_or(Ok(1), |number| number.parse())?;
        let source = attributes.get("source.k8s.workload.name").cloned().unwrap_or_default();
        let told = told.entry((reporter, source)).or_default();
        match event.as_str() {
            "longwire.tcp.close" => {
                told.truth += Truth {
                    opened: connections,
                    closed: connections,
                    to_server: number("longwire.received_bytes")?,
                    to_client: number("longwire.sent_bytes")?,
                }
            }
            "longwire.tcp.failed" => told.failed += connections,
            _ => {}
        }
    }
    Ok(told)
}
