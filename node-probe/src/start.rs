//! Starts the probe: anew, or from a predecessor's state.
//!
//! A state is used only if the kernel side confirms it: the pinned maps carry the id of the state that belongs to them,
//! and lose it when a save fails. So nothing is counted twice, and no counter is taken back.

#[cfg(test)]
mod tests;

use crate::kernel::{Kernel, KernelError, Left, Pins, Setup, monotonic};
use crate::state::{Saved, StateFile};
use longwire_pipeline::pipeline::{Dropped, Options, Pipeline, Restored};
use std::path::Path;

/// All parts that count, at their start.
pub(crate) struct Started {
    pub(crate) kernel: Kernel,
    pub(crate) pipeline: Pipeline,
    pub(crate) losses: Losses,
}

/// What was lost of a predecessor's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Losses {
    /// States of which nothing could be used, so that counters begin at 0.
    pub(crate) states: u64,
    pub(crate) connections: u64,
    /// Bytes of records that were not read.
    pub(crate) record_bytes: u64,
    /// Items of the state that could not be used.
    pub(crate) dropped: Dropped,
}

impl Losses {
    /// Values by kind, for the self-metrics.
    pub(crate) fn by_kind(&self) -> [(&'static str, u64); 6] {
        let Self { states, connections, record_bytes, dropped } = *self;
        [
            ("states", states),
            ("connections", connections + dropped.connections),
            ("record_bytes", record_bytes),
            ("label_sets", dropped.label_sets),
            ("pending_connections", dropped.pending),
            ("state_items", dropped.others),
        ]
    }
}

/// What to do with a predecessor's state and maps.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    /// State and maps belong together, and this build can read both.
    Whole,
    /// They belong together, but the maps are of another build or size: only the series are used.
    Series,
    Unusable(&'static str),
}

pub(crate) fn start(
    options: Options,
    setup: Setup,
    pins: Option<&Pins>,
    file: Option<&StateFile>,
    boot: &str,
) -> Result<Started, KernelError> {
    let (Some(pins), Some(file)) = (pins, file) else { return anew(options, setup, pins, 0) };
    let loaded = file.load().inspect_err(
        |error| tracing::warn!(file = %file.path().display(), %error, "the saved state cannot be used; counters start at 0"),
    );
    let states = u64::from(loaded.is_err());
    let saved = loaded.unwrap_or_default();
    let left = pins.left(setup.connections);
    match (found(saved.as_ref(), left, boot), saved) {
        (Found::Whole, Some(saved)) => go_on(options, setup, pins, &saved, file.path()),
        (Found::Series, Some(saved)) => {
            let produced = left.map_or(0, |left| left.produced);
            inherit(options, setup, pins, &saved, produced, file.path())
        }
        (Found::Unusable(reason), _) => {
            if states == 0 {
                tracing::warn!(reason, "counters start at 0");
            }
            anew(options, setup, Some(pins), 1)
        }
        _ => anew(options, setup, Some(pins), states),
    }
}

fn found(saved: Option<&Saved>, left: Option<Left>, boot: &str) -> Found {
    match (saved, left) {
        (None, None) => Found::Nothing,
        (None, Some(_)) => Found::Unusable("there are pins of an earlier probe, but no saved state for them"),
        (Some(saved), _) if saved.header.boot != boot => {
            Found::Unusable("the saved state is from before the machine was started")
        }
        (Some(_), None) => Found::Unusable("there is a saved state, but its pins are gone"),
        (Some(saved), Some(left)) if saved.header.instance != left.instance => {
            Found::Unusable("the saved state does not match the pins: a later one could not be saved")
        }
        (Some(_), Some(left)) if left.is_ours => Found::Whole,
        (Some(_), Some(_)) => Found::Series,
    }
}

fn anew(options: Options, setup: Setup, pins: Option<&Pins>, states: u64) -> Result<Started, KernelError> {
    let kernel = Kernel::start(pins, setup)?;
    Ok(Started { kernel, pipeline: Pipeline::new(options), losses: Losses { states, ..Losses::default() } })
}

fn go_on(options: Options, setup: Setup, pins: &Pins, saved: &Saved, path: &Path) -> Result<Started, KernelError> {
    let Some(restored) = restore(&options, saved, path) else { return anew(options, setup, Some(pins), 1) };
    let Restored { pipeline, dropped } = restored;
    if dropped.must_adopt {
        let produced = pins.left(setup.connections).map_or(0, |left| left.produced);
        return adopt(Restored { pipeline, dropped }, setup, pins, saved, produced);
    }
    let Some(kernel) = Kernel::resume(pins, setup, saved.header.position)? else {
        tracing::warn!("the saved state is ahead of the pinned ring buffer; counters start at 0");
        return anew(options, setup, Some(pins), 1);
    };
    tracing::info!(connections = pipeline.stats().connections, "continuing where the last probe stopped");
    Ok(Started { kernel, pipeline, losses: Losses { dropped, ..Losses::default() } })
}

/// Keeps the counters and adopts live connections like older ones. What moved since the last save is lost.
fn inherit(
    options: Options,
    setup: Setup,
    pins: &Pins,
    saved: &Saved,
    produced: u64,
    path: &Path,
) -> Result<Started, KernelError> {
    let Some(restored) = restore(&options, saved, path) else { return anew(options, setup, Some(pins), 1) };
    tracing::warn!("the last probe was of another build or size");
    adopt(restored, setup, pins, saved, produced)
}

fn adopt(restored: Restored, setup: Setup, pins: &Pins, saved: &Saved, produced: u64) -> Result<Started, KernelError> {
    let Restored { mut pipeline, dropped } = restored;
    let losses = Losses {
        states: 0,
        connections: pipeline.abandon(monotonic()),
        record_bytes: produced.saturating_sub(saved.header.position.ring),
        dropped,
    };
    tracing::warn!(
        losses.connections,
        losses.record_bytes,
        "live connections are adopted again, unread records are lost"
    );
    Ok(Started { kernel: Kernel::start(Some(pins), setup)?, pipeline, losses })
}

/// Logs which items cannot be used, in one line.
fn restore(options: &Options, saved: &Saved, path: &Path) -> Option<Restored> {
    let refused = |error: &_| tracing::warn!(file = %path.display(), %error, "the saved state cannot be used; counters start at 0");
    let restored = Pipeline::restore(options.clone(), &saved.pipeline, monotonic()).inspect_err(refused).ok()?;
    let Dropped { label_sets, connections, pending, others, first, must_adopt: _ } = restored.dropped;
    if let Some(first) = first {
        tracing::warn!(
            file = %path.display(), label_sets, connections, pending_connections = pending, state_items = others, %first,
            "some items of the saved state cannot be used and are left out: the counters of these label sets start at 0, \
             these connections are not reported any more; all other counters continue"
        );
    }
    Some(restored)
}
