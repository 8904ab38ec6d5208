//! Values that many entries of a saved state share: workloads, Services, places, pods, edges and telemetries.
//!
//! A state has each of them once, before the first entry that refers to it by its number. Numbers count from 0 within a kind.
//!
//! ```text
//! save     entry --Numbers--> numbers, and values that are new: these are written first
//! restore  values --learn--> Shared --> entries that refer to them
//! ```

mod numbers;
mod restored;
mod saved;

pub(crate) use numbers::{Numbered, Numbers};
pub(crate) use restored::Shared;
pub(crate) use saved::{SavedEdge, SavedPod, SavedTelemetry, SharedCounts, SharedKind, SharedValue};
