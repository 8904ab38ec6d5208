//! The saved form of a live connection's stage.

use super::{Long, Recording, Stage};
use crate::log::{LogCursor, SavedLog};
use crate::metrics::{SeriesHandles, SeriesStore};
use crate::resolve::{PodSlot, Resolution, SavedResolution};
use crate::shared::Numbers;
use crate::state::Late;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::pipeline) enum SavedStage<'a> {
    Pending {
        key: u64,
        rtt_us: u32,
    },
    Recording {
        held: Cow<'a, SeriesHandles>,
        slot: PodSlot,
        was_long: bool,
        resolution: SavedResolution,
        log: Late<Option<SavedLog>>,
    },
    Ignored,
}

impl Stage {
    pub(in crate::pipeline) fn save<'v>(&'v self, numbers: &mut Numbers<'_, 'v>) -> SavedStage<'v> {
        match self {
            Self::Pending { key, rtt_us } => SavedStage::Pending { key: *key, rtt_us: *rtt_us },
            Self::Recording(recording) => SavedStage::Recording {
                held: Cow::Borrowed(&recording.held),
                slot: recording.slot,
                was_long: recording.long != Long::No,
                resolution: recording.resolution.save(numbers),
                log: Late(recording.log.as_deref().map(LogCursor::save)),
            },
            Self::Ignored => SavedStage::Ignored,
        }
    }
}

impl Recording {
    pub(in crate::pipeline) fn restore(
        held: SeriesHandles,
        (slot, was_long): (PodSlot, bool),
        resolution: Resolution,
        log: Option<Box<LogCursor>>,
        store: &SeriesStore,
    ) -> Self {
        let long = if was_long { Long::Own } else { Long::No };
        let mut recording = Self { held, slot, long, reporter: resolution.reporter(), log, resolution };
        recording.update_long(store);
        recording
    }
}
