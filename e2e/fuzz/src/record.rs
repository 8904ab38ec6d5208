//! The kernel's ring, its samples and its fallback, and time: steps of a byte and its arguments.

use crate::node::{S, check, pipeline};
use longwire_pipeline::pipeline::{Folded, FoldedKey, Pipeline};
use longwire_pipeline::record::{Counters, RawRecord, Sample};
use zerocopy::{FromBytes, IntoBytes};

/// Largest counter: larger ones do not occur in a kernel, and a state that has one is not restored unchanged.
const MAX_COUNT: u64 = (1 << 48) - 1;
/// Most checks in between, each of which costs as much as hundreds of records.
const MAX_CHECKS: usize = 4;

pub(crate) fn fuzz(mut bytes: &[u8]) {
    let (mut pipeline, mut now, mut checks) = (pipeline(), 100 * S, 0);
    while let Some((step, rest)) = bytes.split_first() {
        bytes = rest;
        match step % 8 {
            0..=2 => {
                let record = take(&mut bytes, size_of::<RawRecord>());
                ingest(&mut pipeline, record, now);
            }
            3 => {
                let length = u16::read_from_bytes(take(&mut bytes, 2)).unwrap_or_default();
                ingest(&mut pipeline, take(&mut bytes, length.into()), now);
            }
            4 => {
                pipeline.begin_pass(now);
                if let Ok(Sample { id, counters }) = Sample::read_from_bytes(take(&mut bytes, size_of::<Sample>())) {
                    pipeline.samples(&[Sample { id, counters: counted(counters) }], now);
                }
                pipeline.end_pass(step & 8 != 0, now);
            }
            5 => {
                now += S << (step >> 4);
                pipeline.tick(now);
            }
            6 if step & 8 != 0 => {
                let key = FoldedKey::read_from_bytes(take(&mut bytes, size_of::<FoldedKey>()));
                let sums = Folded::read_from_bytes(take(&mut bytes, size_of::<Folded>()));
                if let (Ok(key), Ok(sums)) = (key, sums) {
                    pipeline.ingest_folded(&key, &summed(sums), now);
                }
            }
            6 => {
                for query in pipeline.queries().backends {
                    pipeline.backend(query.token, Some(query.source), now);
                }
            }
            _ if checks < MAX_CHECKS => {
                checks += 1;
                check(&mut pipeline, now);
            }
            _ => {}
        }
    }
    check(&mut pipeline, now);
}

fn ingest(pipeline: &mut Pipeline, bytes: &[u8], now: u64) {
    match RawRecord::read_from_bytes(bytes) {
        Ok(record) => {
            let record = RawRecord { counters: counted(record.counters), ..record };
            pipeline.ingest(record.as_bytes(), now);
        }
        Err(_) => pipeline.ingest(bytes, now),
    }
}

fn counted(counters: Counters) -> Counters {
    let Counters { sent, received, retransmitted_bytes, .. } = counters;
    let [sent, received, retransmitted_bytes] = [sent, received, retransmitted_bytes].map(|figure| figure & MAX_COUNT);
    Counters { sent, received, retransmitted_bytes, ..counters }
}

fn summed(sums: Folded) -> Folded {
    Folded {
        connections: sums.connections & MAX_COUNT,
        closed_by_remote: sums.closed_by_remote & MAX_COUNT,
        sent: sums.sent & MAX_COUNT,
        received: sums.received & MAX_COUNT,
        retransmitted_bytes: sums.retransmitted_bytes & MAX_COUNT,
        retransmits: sums.retransmits & MAX_COUNT,
        lost: sums.lost & MAX_COUNT,
        ..sums
    }
}

/// So many bytes, or all that are left.
fn take<'a>(bytes: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(length.min(bytes.len()));
    *bytes = rest;
    taken
}
