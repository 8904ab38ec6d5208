//! The kernel's ring and table, and time: steps of a byte and what it needs.

use crate::node::{S, check, pipeline};
use longwire_pipeline::record::{RawRecord, Sample};
use zerocopy::FromBytes;

pub(crate) fn fuzz(mut bytes: &[u8]) {
    let (mut pipeline, mut now) = (pipeline(), 100 * S);
    while let Some((step, rest)) = bytes.split_first() {
        bytes = rest;
        match step % 8 {
            0..=2 => {
                let record = take(&mut bytes, size_of::<RawRecord>());
                pipeline.ingest(record, now);
            }
            3 => {
                let length = usize::from(take(&mut bytes, 1).first().copied().unwrap_or_default());
                pipeline.ingest(take(&mut bytes, length), now);
            }
            4 => {
                pipeline.begin_pass(now);
                if let Ok(sample) = Sample::read_from_bytes(take(&mut bytes, size_of::<Sample>())) {
                    pipeline.samples(&[sample], now);
                }
                pipeline.end_pass(step & 8 != 0, now);
            }
            5 => {
                now += S << (step >> 4);
                pipeline.tick(now);
            }
            6 => {
                for question in pipeline.questions().backends {
                    pipeline.backend(question.token, Some(question.source), now);
                }
            }
            _ => check(&mut pipeline, now),
        }
    }
    check(&mut pipeline, now);
}

/// So many bytes, or what is left.
fn take<'a>(bytes: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(length.min(bytes.len()));
    *bytes = rest;
    taken
}
