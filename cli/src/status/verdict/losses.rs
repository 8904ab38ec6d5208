//! What a loss means, and what to do about it.

use longwire_live::probe::Loss;

/// `reason`: of the metric's last label.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meaning {
    metric: &'static str,
    pub(super) lost: &'static str,
    pub(super) remedy: &'static str,
    /// What a bound or a user's limit leaves out: it is a problem while it goes on.
    bounded: &'static [&'static str],
}

/// Of any reason.
const ANY: &[&str] = &[""];

const MEANINGS: &[Meaning] = &[
    Meaning {
        metric: "longwire_probe_kernel_losses_total",
        lost: "connections or their ends, because maps in the kernel were full",
        remedy: "docs/runbooks/LongwireEventsLost.md has the remedy for each reason.",
        bounded: &[],
    },
    Meaning {
        metric: "longwire_probe_closes_lost_total",
        lost: "ends of connections",
        remedy: "Give the probe more CPU: docs/runbooks/LongwireEventsLost.md.",
        bounded: &[],
    },
    Meaning {
        metric: "longwire_probe_connections_ignored_total",
        lost: "connections that waited too long for names",
        remedy: "The operator was away while many new peers appeared: docs/runbooks/LongwireProbeWithoutOperator.md.",
        bounded: &[],
    },
    Meaning {
        metric: "longwire_probe_connections_untracked_total",
        lost: "connections between their open and their close, because the table of connections was full",
        remedy: "Raise --max-connections; docs/sizing.md has what a connection costs.",
        bounded: &[],
    },
    Meaning {
        metric: "longwire_probe_connections_without_histograms_total",
        lost: "times of connections, because the ring buffer was full",
        remedy: "Give the probe more CPU: docs/runbooks/LongwireEventsLost.md.",
        bounded: &[],
    },
    Meaning {
        metric: "longwire_probe_connections_unresolved_total",
        lost: "names of ends of connections, which are reported as unknown",
        remedy: "The operator was away or slow: docs/runbooks/LongwireProbeWithoutOperator.md.",
        bounded: &[],
    },
    Meaning {
        metric: "longwire_probe_records_skipped_total",
        lost: "records that it could not read",
        remedy: "Programs of another build are attached: restart the probe's pod, and report it if it happens again.",
        bounded: &[],
    },
    Meaning {
        metric: "longwire_probe_table_evictions_total",
        lost: "entries of full tables",
        remedy: "The node has more connections or pods than the probe's tables: docs/metrics.md says what each table is for.",
        bounded: ANY,
    },
    Meaning {
        metric: "longwire_probe_access_log_lines_dropped_total",
        lost: "lines of access logs",
        remedy: "Choose fewer lines by a filter, or raise rateLimit of the policy: docs/logs-and-exports.md.",
        bounded: &["pod_rate", "node_rate"],
    },
    Meaning {
        metric: "longwire_probe_export_rejected_total",
        lost: "data points or records of logs that a receiver did not take",
        remedy: "The probe's log has the receiver's answer: docs/runbooks/LongwireExportFailing.md.",
        bounded: &[],
    },
    Meaning {
        metric: "longwire_probe_export_dropped_log_records_total",
        lost: "lines of access logs that an exporter could not deliver",
        remedy: "The receiver is slow, away or refuses them: docs/runbooks/LongwireExportFailing.md.",
        bounded: &[],
    },
    Meaning {
        metric: "longwire_probe_export_dropped_lines_total",
        lost: "lines of statsd",
        remedy: "Shorten tags, or look whether the receiver is away: docs/runbooks/LongwireExportFailing.md.",
        bounded: &[],
    },
    Meaning {
        metric: "longwire_probe_live_missed_total",
        lost: "updates of live views",
        remedy: "Watch fewer namespaces: live views have the newest values, but may lack connections that have ended.",
        bounded: ANY,
    },
];

/// Of a newer probe.
const OTHER: Meaning =
    Meaning { metric: "", lost: "something", remedy: "docs/metrics.md of its release explains it.", bounded: &[] };

impl Meaning {
    pub(super) fn of(metric: &str) -> Self {
        MEANINGS.iter().find(|meaning| meaning.metric == metric).copied().unwrap_or(OTHER)
    }

    /// It is no problem once it is over.
    pub(super) fn is_bounded(self, loss: &Loss) -> bool {
        let reason = loss.reason.as_deref().unwrap_or_default();
        self.bounded == ANY || self.bounded.contains(&reason)
    }
}

#[cfg(test)]
mod tests;
