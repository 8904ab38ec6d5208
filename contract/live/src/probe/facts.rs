//! What a probe says of itself and its node.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the probe answered when it was asked for this object. Counters begin at 0 when the probe starts, unless it continues another
/// probe's.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct ProbeFacts {
    /// Release of the node's kernel, as of `uname -r`.
    pub kernel: String,

    /// Architecture that the probe is built for, such as `x86_64` or `aarch64`.
    pub architecture: String,

    /// How long the probe's process has been running, in seconds.
    pub uptime_seconds: u64,

    /// Why the probe is not ready. Left out if it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unready: Vec<String>,

    /// How much of each bounded resource is in use.
    pub budgets: Vec<BudgetUse>,

    /// Connections that were counted in an overflow series because a budget was full, those budgets with the most first. Left out if there
    /// were none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overflowed: Vec<Overflow>,

    /// What the probe has lost, by counter and reason. Left out if it has lost nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<Loss>,

    /// How late the probe is.
    pub lag: Lag,
}

/// A bounded resource of the probe.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct BudgetUse {
    /// `series`: series of edges, workloads and clusters; `longConnections`: label sets of long connections; `labelSetBytes`: memory of
    /// label sets; `connections`: live connections; `ringBytes`: records that the kernel has written and the probe has not yet released.
    pub name: String,

    /// How much of it is in use now.
    pub used: u64,

    /// How much of it there is.
    pub limit: u64,
}

/// A line of `longwire_probe_overflowed_total`.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct Overflow {
    /// What overflowed; docs/metrics.md lists the kinds.
    pub kind: String,

    /// The namespace whose share was full, or `overflow` for the node's own budgets.
    pub namespace: String,

    /// How many.
    pub count: u64,
}

/// A counter of losses that is not 0.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct Loss {
    /// The probe's metric that counts them; docs/metrics.md explains it.
    pub metric: String,

    /// The value of the metric's last label. Left out if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,

    /// How many.
    pub count: u64,
}

/// How late the probe is. Ages are those at the moment of the answer. What has not happened is left out.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct Lag {
    /// Age of the last pass over live connections, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pass_milliseconds: Option<u64>,

    /// Time between two passes, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pass_interval_milliseconds: Option<u64>,

    /// Age of the last update of the configuration that the probe has applied, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration_seconds: Option<u64>,

    /// Time since the exporter of metrics that is furthest behind had delivered everything, or since it began, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export_seconds: Option<u64>,

    /// That exporter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exporter: Option<String>,
}

impl ProbeFacts {
    /// All losses together.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.losses.iter().fold(0, |all, loss| all.saturating_add(loss.count))
    }

    /// The resource with the greatest part in use.
    #[must_use]
    pub fn fullest(&self) -> Option<&BudgetUse> {
        self.budgets.iter().max_by_key(|budget| budget.percent())
    }
}

impl BudgetUse {
    /// How much is in use, of 100, rounded down. It may be more where a limit was lowered.
    #[must_use]
    pub fn percent(&self) -> u64 {
        match (self.used, self.limit) {
            (0, _) => 0,
            (_, 0) => 100,
            (used, limit) => u64::try_from(u128::from(used) * 100 / u128::from(limit)).unwrap_or(u64::MAX),
        }
    }
}
