//! The request that is being made, up to its bound.

use super::deltas::Mark;
use super::metric::Metric;
use crate::otlp::Origin;
use crate::otlp::envelope::CONTENT;
use crate::otlp::wire::framed_len;
use std::mem;

/// An `ExportMetricsServiceRequest`.
#[derive(Debug)]
pub struct Request {
    bytes: Vec<u8>,
    points: usize,
    /// What is sent with it, of metrics with deltas.
    sent: Vec<Mark>,
}

#[derive(Debug)]
pub(super) struct Batch {
    max_bytes: usize,
    /// Metrics that are whole, each as a field.
    metrics: Vec<u8>,
    /// Of the metric that is not.
    open: Vec<u8>,
    points: usize,
    sent: Vec<Mark>,
}

impl Request {
    /// Before any compression.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same without a copy, for the one who sends them. What was in the request remains known.
    pub fn take_bytes(&mut self) -> Vec<u8> {
        mem::take(&mut self.bytes)
    }

    /// Data points in it.
    #[must_use]
    pub fn points(&self) -> usize {
        self.points
    }

    pub(super) fn into_sent(self) -> Vec<Mark> {
        self.sent
    }
}

impl Batch {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { max_bytes, metrics: Vec::new(), open: Vec::new(), points: 0, sent: Vec::new() }
    }

    /// Adds the points of a label set. Returns the request before, if they had no room in it; one that they fill alone may exceed the
    /// bound.
    pub(super) fn push(
        &mut self,
        (metric, origin): (&Metric, &Origin),
        (points, count): (&[u8], usize),
        mark: Option<Mark>,
    ) -> Option<Request> {
        let content = self.metrics.len() + framed_len(metric.len(self.open.len() + points.len()));
        let mut full = None;
        if origin.request_len(content) > self.max_bytes {
            self.end(metric);
            full = self.finish(origin);
        }
        self.open.extend_from_slice(points);
        self.points += count;
        self.sent.extend(mark);
        full
    }

    /// The metric has no more points.
    pub(super) fn end(&mut self, metric: &Metric) {
        if !self.open.is_empty() {
            metric.write(CONTENT, &self.open, &mut self.metrics);
            self.open.clear();
        }
    }

    /// `None`: it has no points.
    pub(super) fn finish(&mut self, origin: &Origin) -> Option<Request> {
        let bytes = (!self.metrics.is_empty()).then(|| origin.request(&self.metrics))?;
        self.metrics.clear();
        Some(Request { bytes, points: mem::take(&mut self.points), sent: mem::take(&mut self.sent) })
    }
}
