//! Counters of what the probe has lost: of connections, their ends, names and times, and of what it sends.

/// A self-metric that counts losses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    pub metric: &'static str,
    /// Values of its last label that are losses. Empty: all of them, or it has no such label.
    pub reasons: &'static [&'static str],
}

const fn all(metric: &'static str) -> Loss {
    Loss { metric, reasons: &[] }
}

/// Not among them: what a network is like, such as clients outside the cluster; what is done later; and connections of an overflow
/// series, which budgets explain.
pub const LOSSES: &[Loss] = &[
    all("longwire_probe_kernel_losses_total"),
    all("longwire_probe_closes_lost_total"),
    Loss { metric: "longwire_probe_connections_ignored_total", reasons: &["dropped"] },
    all("longwire_probe_connections_untracked_total"),
    all("longwire_probe_connections_without_histograms_total"),
    Loss { metric: "longwire_probe_connections_unresolved_total", reasons: &["unanswered", "forced"] },
    Loss { metric: "longwire_probe_records_skipped_total", reasons: &["invalid_size", "invalid_kind", "invalid_id"] },
    all("longwire_probe_table_evictions_total"),
    all("longwire_probe_access_log_lines_dropped_total"),
    all("longwire_probe_export_rejected_total"),
    all("longwire_probe_export_dropped_log_records_total"),
    all("longwire_probe_export_dropped_lines_total"),
    all("longwire_probe_live_missed_total"),
];

/// Whether this line of a self-metric counts losses. `reason`: the value of its last label, if it has one.
#[must_use]
pub fn is_loss(metric: &str, reason: Option<&str>) -> bool {
    let Some(loss) = LOSSES.iter().find(|loss| loss.metric == metric) else { return false };
    loss.reasons.is_empty() || reason.is_some_and(|reason| loss.reasons.contains(&reason))
}

#[cfg(test)]
mod tests;
