//! The saved form of a live connection's stage.

use super::{Following, Long, Stage};
use crate::metrics::{Aggregate, Attribution};
use crate::resolve::{PodSlot, Resolution, SavedResolution};
use crate::shared::Numbers;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::pipeline) enum SavedStage<'a> {
    Waiting { key: u64, rtt_us: u32 },
    Following { held: Cow<'a, Attribution>, slot: PodSlot, was_long: bool, resolution: SavedResolution },
    Ignored,
}

impl Stage {
    pub(in crate::pipeline) fn save<'v>(&'v self, numbers: &mut Numbers<'_, 'v>) -> SavedStage<'v> {
        match self {
            Self::Waiting { key, rtt_us } => SavedStage::Waiting { key: *key, rtt_us: *rtt_us },
            Self::Following(following) => SavedStage::Following {
                held: Cow::Borrowed(&following.held),
                slot: following.slot,
                was_long: following.long != Long::No,
                resolution: following.resolution.save(numbers),
            },
            Self::Ignored => SavedStage::Ignored,
        }
    }
}

impl Following {
    pub(in crate::pipeline) fn restore(
        held: Attribution,
        (slot, was_long): (PodSlot, bool),
        resolution: Box<Resolution>,
        aggregate: &Aggregate,
    ) -> Self {
        let long = if was_long { Long::Served } else { Long::No };
        let mut following = Self { held, slot, long, reporter: resolution.edge.reporter, resolution };
        following.look_at_long(aggregate);
        following
    }
}
