mod fields;
mod golden;
mod hostile;
mod lengths;
mod operators;
mod parsed;
mod times;
mod unknown;

use super::LineWriter;
use super::samples::telemetry;
use longwire_model::access_log::{LogFormat, Template};
use longwire_pipeline::log::LogRecord;

/// The line without its end.
fn line(record: &LogRecord) -> String {
    let mut written = b"before".to_vec();
    LineWriter::default().write(record, &mut written);
    let written = String::from_utf8(written).unwrap();
    let line = written.strip_prefix("before").unwrap().strip_suffix('\n').unwrap();
    assert!(!line.contains('\n'), "{line}");
    line.to_owned()
}

/// By a format string.
fn filled(record: &LogRecord, template: &str) -> String {
    let format = LogFormat::Text(Template::parse(template).unwrap());
    line(&LogRecord { telemetry: telemetry(format), ..record.clone() })
}
