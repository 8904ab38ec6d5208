//! How large an object is, as it was written and as it is kept.

use super::refusal::{Reason, Refusal};
use super::{AccessLogs, OverridePlace, Overrides, StatsMode, StatsSpec, TagsSpec, TelemetrySpec};
use longwire_model::access_log::LogFormat;
use longwire_model::exporter::Exporter;
use longwire_model::expression::Condition;
use longwire_model::limits::{MAX_OBJECT_BYTES, MAX_SPEC_BYTES};
use longwire_model::matcher::StringMatcher;
use serde_json::Value;
use std::io;

/// An entry of a map, with the name that leads there.
const ENTRY: usize = 96;

/// A spec that was read.
pub(crate) trait Weigh {
    /// Bytes of memory that it takes, estimated.
    fn bytes(&self) -> usize;
}

/// Checked before the spec is parsed, because parsing takes time and memory too.
pub(crate) fn check_text(spec: &Value) -> Result<(), Refusal> {
    let bytes = json_bytes(spec);
    if bytes <= MAX_SPEC_BYTES {
        return Ok(());
    }
    Err(Refusal::new(
        Reason::TooLarge,
        format!(
            "spec: {bytes} bytes as JSON are too many: at most {MAX_SPEC_BYTES} are allowed; shorten it, or split it into \
             several objects"
        ),
    ))
}

pub(super) fn check_read<S: Weigh>(spec: S) -> Result<S, Refusal> {
    let bytes = spec.bytes();
    if bytes <= MAX_OBJECT_BYTES {
        return Ok(spec);
    }
    Err(Refusal::new(
        Reason::TooLarge,
        format!(
            "spec: takes {bytes} bytes of memory, too many: at most {MAX_OBJECT_BYTES} are allowed; use fewer tags, patterns \
             or overrides, or split it into several objects"
        ),
    ))
}

/// Without spaces.
fn json_bytes(value: &Value) -> usize {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Neither a value nor a counter can fail.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

impl Weigh for TelemetrySpec {
    fn bytes(&self) -> usize {
        let Self {
            selector,
            tags,
            disabled,
            series_sets: _,
            long_connections: _,
            threshold: _,
            locality: _,
            cluster: _,
            of_requests,
            access_logs,
            exporters,
        } = self;
        let tags = tags.iter().map(|(name, overrides)| {
            let values = overrides.iter().filter_map(|(_, change)| change.value.as_ref());
            let values = values.map(|value| value.unused_bytes()).sum::<usize>();
            ENTRY + name.as_str().len() + overrides.bytes() + values
        });
        let own = size_of::<Self>() + selector.as_ref().map_or(0, Weigh::bytes) + access_logs.bytes();
        let own = own + of_requests.capacity() * size_of::<OverridePlace>();
        own + disabled.bytes() + tags.sum::<usize>() + exporters.iter().map(Exporter::bytes).sum::<usize>()
    }
}

impl Weigh for AccessLogs {
    /// Beside its own.
    fn bytes(&self) -> usize {
        let format = match &self.format {
            Some(LogFormat::Text(template)) => template.bytes(),
            _ => 0,
        };
        let outputs = self.outputs.as_ref().map_or(0, |outputs| outputs.exporters().len() * ENTRY);
        self.filter.as_ref().map_or(0, Condition::unused_bytes) + format + outputs
    }
}

impl Weigh for TagsSpec {
    fn bytes(&self) -> usize {
        let Self { selector, tags } = self;
        let tags = tags.iter().map(|tag| size_of_val(tag) + ENTRY + tag.name.as_str().len() + tag.value.unused_bytes());
        size_of::<Self>() + selector.as_ref().map_or(0, Weigh::bytes) + tags.sum::<usize>()
    }
}

impl Weigh for StatsSpec {
    fn bytes(&self) -> usize {
        let Self { selector, mode, idle } = self;
        let matchers = |list: &[StringMatcher]| list.iter().map(StringMatcher::unused_bytes).sum::<usize>();
        let mode = match mode {
            StatsMode::RejectAll => 0,
            StatsMode::Exclusion(list) => matchers(list),
            StatsMode::Inclusion(given) => {
                let lists = [&given.list, &given.prefixes, &given.suffixes, &given.regexps];
                lists.into_iter().flatten().map(|list| matchers(list)).sum()
            }
        };
        let idle = idle.iter().map(|text| size_of::<String>() + text.len()).sum::<usize>();
        size_of::<Self>() + selector.as_ref().map_or(0, Weigh::bytes) + mode + idle
    }
}

impl<T> Overrides<T> {
    fn bytes(&self) -> usize {
        self.capacity() * size_of::<(super::MetricMatch, T)>()
    }
}
