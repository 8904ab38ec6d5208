//! The state of the whole pipeline, a part after the other. What a part names comes before it.

use super::Pipeline;
use super::stage::Stage;
use crate::state::{Item, STATE_VERSION, SaveCursor, SavedHead, SavedStage, Writer};

/// Writes the entry at a position of the part, or the first one after it, and returns where to go on; `None`: there was
/// none.
type Part = fn(&Pipeline, u64, &mut Writer<'_>) -> Option<u64>;

const PARTS: [Part; 15] = [
    head,
    scrapes,
    |pipeline, at, to| pipeline.enrich.save_slots(at, to),
    |pipeline, at, to| pipeline.enrich.save_tenants(at, to),
    |pipeline, at, to| pipeline.enrich.save_cgroups(at, to),
    |pipeline, at, to| pipeline.enrich.save_identities(at, to),
    |pipeline, at, to| pipeline.aggregate.save_services(at, to),
    |pipeline, at, to| pipeline.aggregate.save_workloads(at, to),
    |pipeline, at, to| pipeline.aggregate.save_connections(at, to),
    |pipeline, at, to| pipeline.aggregate.save_clusters(at, to),
    connection,
    |pipeline, at, to| pipeline.connections.save_closed(at, to),
    |pipeline, at, to| pipeline.enrich.save_pairs(at, to),
    case,
    end,
];

impl Pipeline {
    /// Appends about `bytes` bytes more of the state and says whether there is more. The pipeline must not change between
    /// the first call with a cursor and the last: the parts name each other.
    pub fn save(&self, cursor: &mut SaveCursor, bytes: usize, out: &mut Vec<u8>) -> bool {
        let enough = out.len().saturating_add(bytes);
        while let Some(part) = PARTS.get(cursor.part) {
            let mut writer = Writer { names: &mut cursor.names, out };
            match part(self, cursor.at, &mut writer) {
                Some(next) => cursor.at = next,
                None => (cursor.part, cursor.at) = (cursor.part + 1, 0),
            }
            if out.len() >= enough {
                break;
            }
        }
        cursor.part < PARTS.len()
    }
}

fn head(pipeline: &Pipeline, at: u64, to: &mut Writer<'_>) -> Option<u64> {
    if at > 0 {
        return None;
    }
    to.write(&Item::Head(SavedHead {
        version: STATE_VERSION,
        wall_clock_offset: pipeline.options.wall_clock_offset,
        configured: pipeline.enrich.configured(),
        settings: pipeline.settings.into(),
        last_key: pipeline.pending.last_key(),
    }));
    Some(1)
}

fn scrapes(pipeline: &Pipeline, at: u64, to: &mut Writer<'_>) -> Option<u64> {
    if at > 0 {
        return None;
    }
    to.write(&Item::Scrapes(pipeline.aggregate.save_scrapes()));
    Some(1)
}

fn connection(pipeline: &Pipeline, at: u64, to: &mut Writer<'_>) -> Option<u64> {
    let entry = pipeline.connections.at(at)?;
    let stage = match &entry.stage {
        Stage::Waiting { key, rtt_us } => SavedStage::Waiting { key: *key, rtt_us: *rtt_us },
        Stage::Following(following) => following.save(to),
        Stage::Ignored => SavedStage::Ignored,
    };
    to.write(&Item::Connection(entry.save(stage)));
    Some(at + 1)
}

fn case(pipeline: &Pipeline, at: u64, to: &mut Writer<'_>) -> Option<u64> {
    let case = pipeline.pending.since(at)?;
    let saved = case.inquiry.save(case.subject, to);
    to.write(&Item::Case(saved));
    Some(case.inquiry.key + 1)
}

fn end(_: &Pipeline, _: u64, to: &mut Writer<'_>) -> Option<u64> {
    to.end();
    None
}
