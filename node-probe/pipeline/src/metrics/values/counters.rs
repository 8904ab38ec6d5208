//! The counters of one label set.

use super::rows::Row;
use super::{are_sums, masked};
use crate::observation::{Delta, Reporter};
use crate::record::FailReason;
use longwire_model::series::{Metrics, Quantity};
use serde::{Deserialize, Serialize};

/// In the order of the rows of their kind.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(transparent, bound(serialize = "[u64; N]: Serialize", deserialize = "[u64; N]: Deserialize<'de>"))]
pub(super) struct Counters<const N: usize>([u64; N]);

impl<const N: usize> Default for Counters<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> Counters<N> {
    /// `metrics`: those that take part. The rows are constants, so the compiler leaves neither a loop nor a choice of quantities.
    #[inline(always)]
    pub(super) fn add(&mut self, rows: &[Row; N], reporter: Reporter, metrics: Metrics, delta: &Delta) {
        for (sum, row) in self.0.iter_mut().zip(rows) {
            *sum += masked(metrics, row.metric, counted(row.quantity, reporter, delta));
        }
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> u64 {
        self.0[at]
    }

    pub(super) fn clear(&mut self, at: usize) {
        self.0[at] = 0;
    }

    pub(super) fn swap(&mut self, one: usize, other: usize) {
        self.0.swap(one, other);
    }

    pub(super) fn are_plausible(&self) -> bool {
        are_sums(&self.0)
    }
}

/// What a delta adds to a counter of this quantity. Of what failed, only an attempt that the application gave up is ended by the client
/// in Envoy's eyes.
#[inline(always)]
pub(super) fn counted(quantity: Quantity, reporter: Reporter, delta: &Delta) -> u64 {
    let failed = || delta.failed.map_or(0, |(_, count)| count);
    let aborted = || delta.failed.filter(|(reason, _)| *reason == FailReason::Aborted).map_or(0, |(_, count)| count);
    let closed_by_remote = || delta.closed_by_remote.min(delta.closed);
    match (quantity, reporter) {
        (Quantity::Sent, _)
        | (Quantity::FromClient, Reporter::Source)
        | (Quantity::FromServer, Reporter::Destination) => delta.sent,
        (Quantity::Received, _)
        | (Quantity::FromClient, Reporter::Destination)
        | (Quantity::FromServer, Reporter::Source) => delta.received,
        (Quantity::Opened, _) => delta.opened,
        (Quantity::Closed, _) => delta.closed,
        (Quantity::RetransmittedBytes, _) => delta.retransmitted_bytes,
        (Quantity::Retransmits, _) => delta.retransmits,
        (Quantity::Lost, _) => delta.lost,
        (Quantity::Attempts, _) => delta.opened + failed(),
        (Quantity::Failures, _) => failed(),
        (Quantity::Ends, _) => delta.closed + failed(),
        (Quantity::EndsByClient, _) => delta.closed - closed_by_remote() + aborted(),
        (Quantity::EndsByServer, _) => closed_by_remote() + failed() - aborted(),
        // Gauges and histograms, and what has lines of its own.
        (
            Quantity::FailuresByReason
            | Quantity::BytesByDirection
            | Quantity::Active
            | Quantity::Rtt
            | Quantity::Handshake
            | Quantity::Duration,
            _,
        ) => 0,
    }
}
