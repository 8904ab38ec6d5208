//! Connections that the kernel side has summed up in one entry: they are recorded under one identity.

use super::Pipeline;
use crate::observation::Delta;
use crate::record::{Folded, FoldedKey, FoldedRecord, InvalidRecord, Monotonic};
use crate::resolve::{End, PendingConnection, PendingCounters};

impl Pipeline {
    /// One entry of the kernel's fallback, which grows no more. The caller passes each entry once, because a repeated entry cannot be
    /// recognized. The clients' ports are lost, so conntrack is not queried, and the backend of a Service stays unknown. The times are
    /// lost too, so histograms get nothing.
    pub fn ingest_folded(&mut self, key: &FoldedKey, sums: &Folded, now: Monotonic) {
        match FoldedRecord::of(key, sums) {
            Ok(record) => self.folded(&record, sums, now),
            Err(InvalidRecord::Size { .. }) => self.counts.invalid_size += 1,
            Err(InvalidRecord::Kind(_)) => self.counts.invalid_kind += 1,
            Err(InvalidRecord::Id) => self.counts.invalid_id += 1,
        }
        self.conclude_resolved(now);
    }

    fn folded(&mut self, record: &FoldedRecord, sums: &Folded, now: Monotonic) {
        self.counts.folded += sums.connections;
        if record.untracked {
            self.connections.counts.untracked_closes += sums.connections;
            return;
        }
        if record.adopted {
            self.connections.counts.unadopted_closes += sums.connections;
            return;
        }
        let Some(end) = End::of_folded(record) else {
            self.counts.role_unknown += sums.connections;
            return;
        };
        let delta = match record.failed {
            Some(reason) => Delta { failed: Some((reason, sums.connections)), ..Delta::default() },
            None => Delta {
                sent: sums.sent,
                received: sums.received,
                retransmitted_bytes: sums.retransmitted_bytes,
                retransmits: sums.retransmits,
                lost: sums.lost,
                opened: sums.connections,
                closed: sums.connections,
                closed_by_remote: sums.closed_by_remote,
                ..Delta::default()
            },
        };
        let (key, moment) = (self.resolver.new_key(), self.moment(now));
        let connection = PendingConnection::new(key, end, PendingCounters::Ended(delta), moment).without_backend();
        self.open(connection, now);
    }
}
