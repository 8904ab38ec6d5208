//! What a probe says of itself and its node, whenever it is asked.

use std::time::Duration;

/// Most entries of each list that one probe may send.
pub const MAX_FACTS: usize = 64;
/// Most namespaces of which overflows are said, those with the most of them.
pub const MAX_OVERFLOWED: usize = 16;
/// Most reasons why a probe is not ready.
pub const MAX_UNREADY: usize = 8;
/// Most bytes of a name, and of a sentence.
pub const MAX_FACT_NAME: usize = 64;
pub const MAX_FACT_TEXT: usize = 512;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Release of the kernel, as `uname -r` has it.
    pub kernel: String,
    /// As `uname -m` has it.
    pub architecture: String,
    /// Of the probe's process.
    pub uptime: Duration,
    /// Why the probe is not ready. Empty: it is.
    pub unready: Vec<String>,
    pub budgets: Vec<BudgetUse>,
    /// Those that are not 0.
    pub overflowed: Vec<Overflowed>,
    /// Those that are not 0.
    pub losses: Vec<Lost>,
    pub lag: Lag,
}

/// What a bounded thing has taken now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BudgetUse {
    pub name: String,
    pub used: u64,
    pub limit: u64,
}

/// A line of `longwire_probe_overflowed_total`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overflowed {
    pub kind: String,
    pub namespace: String,
    pub count: u64,
}

/// What a counter of losses says ([`crate::series::LOSSES`]).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    pub metric: String,
    /// Empty: the counter has no reasons.
    pub reason: String,
    pub count: u64,
}

/// How late the probe is. Ages are times until now; `None`: it has not happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// Age of the last pass over live connections.
    pub pass: Option<Duration>,
    /// Between two passes.
    pub interval: Option<Duration>,
    /// Age of the last update of the configuration that was applied.
    pub configuration: Option<Duration>,
    /// The exporter of metrics that is furthest behind.
    pub export: Option<ExportLag>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportLag {
    pub exporter: String,
    /// Since the exporter had delivered everything, or since it began.
    pub age: Duration,
}
