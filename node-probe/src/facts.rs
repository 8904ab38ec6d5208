//! What the probe says of itself when the operator asks: read from what `/metrics` reads, so that both say the same.

use crate::kernel::monotonic;
use crate::self_metrics;
use crate::shared::Shared;
use longwire_model::live::{BudgetUse, Facts, Lag, MAX_FACTS, MAX_UNREADY};
use std::env::consts::ARCH;
use std::fs;

const RELEASE: &str = "/proc/sys/kernel/osrelease";

pub(crate) fn facts(shared: &Shared) -> Facts {
    let now = monotonic();
    let (overflowed, mut losses) = self_metrics::lost(shared);
    losses.truncate(MAX_FACTS);
    let mut unready = shared.unready();
    unready.truncate(MAX_UNREADY);
    Facts {
        // Without /proc there is no probe.
        kernel: fs::read_to_string(RELEASE).unwrap_or_default().trim_end().to_owned(),
        architecture: ARCH.to_owned(),
        uptime: shared.lag.uptime(now),
        unready,
        budgets: budgets(shared),
        overflowed,
        losses,
        lag: Lag { export: shared.exports.lag(now), ..shared.lag.read(now) },
    }
}

fn budgets(shared: &Shared) -> Vec<BudgetUse> {
    let (stats, store) = {
        let pipeline = shared.pipeline();
        (pipeline.stats(), pipeline.store().stats())
    };
    let of = |name: &str, used: u64, limit: u64| BudgetUse { name: name.to_owned(), used, limit };
    let mut budgets = vec![
        of("series", store.charged as u64, store.most_charged as u64),
        of("longConnections", store.long_connections as u64, store.most_long_connections as u64),
        of("labelSetBytes", store.bytes as u64, store.most_bytes as u64),
        of("connections", stats.connections, stats.most_connections),
    ];
    budgets.extend(shared.lag.ring_use());
    budgets
}
