mod bounds;
mod events;
mod golden;
mod hostile;
mod table;

use super::{Batch, Request};
use crate::access_log::samples::record;
use crate::otlp::Origin;
use crate::otlp::proto::collector::logs::v1::ExportLogsServiceRequest;
use crate::otlp::proto::common::v1::{AnyValue, any_value};
use crate::otlp::proto::logs::v1;
use longwire_model::access_log::{LogEvent, LogFormat};
use longwire_pipeline::log::LogRecord;
use prost::Message;
use std::collections::BTreeMap;

fn sample(event: LogEvent) -> LogRecord {
    record(event, LogFormat::Json)
}

fn batch(max_bytes: usize) -> Batch {
    Batch::new(Origin::new([("service.name", "longwire-probe")]), max_bytes)
}

/// The records of a request, which prost writes in the same bytes.
fn records(request: &Request) -> Vec<v1::LogRecord> {
    let mut message = ExportLogsServiceRequest::decode(request.bytes.as_slice()).unwrap();
    assert!(message.encode_to_vec() == request.bytes, "other bytes than prost's");
    assert_eq!((message.resource_logs.len(), message.resource_logs[0].scope_logs.len()), (1, 1));
    let records = message.resource_logs.remove(0).scope_logs.remove(0).log_records;
    assert_eq!(records.len(), request.records);
    records
}

fn encoded(record: &LogRecord) -> v1::LogRecord {
    let mut batch = batch(usize::MAX);
    assert_eq!(batch.push(record), None);
    records(&batch.finish().unwrap()).remove(0)
}

/// Texts as they are, and numbers as texts.
fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => text.clone(),
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        other => panic!("{other:?}"),
    }
}

fn attributes(record: &LogRecord) -> BTreeMap<String, String> {
    let attributes = encoded(record).attributes;
    let count = attributes.len();
    let read: BTreeMap<_, _> = attributes.into_iter().map(|pair| (pair.key, text(pair.value.as_ref()))).collect();
    assert_eq!(read.len(), count, "a name comes twice");
    read
}
