//! What another configuration would do to the series of a node: what is asked of a probe, and what it says.
//!
//! ```text
//! operator --EstimateOrder: the pods that would be configured differently--> probe
//! probe --Estimated: series now and then, full budgets, values of labels--> operator
//! ```

use crate::update::Update;

/// Most label names, and values of each, that one probe names.
pub const MAX_LABELS: usize = 32;
pub const MAX_VALUES: usize = 10;
/// Most namespaces, and most full budgets, that one probe names.
pub const MAX_NAMESPACES: usize = 256;
pub const MAX_BUDGETS: usize = 64;
/// Longest value of a label that is passed on, bytes. The rest is cut.
pub const MAX_VALUE_BYTES: usize = 128;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EstimateOrder {
    /// Of the answer.
    pub id: u64,
    /// Series of pods of this namespace alone are counted. `None`: of all.
    pub namespace: Option<String>,
    /// Pods whose configuration would be another one, and the node's settings, if these would.
    pub update: Update,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Estimated {
    pub id: u64,
    pub estimate: NodeEstimate,
}

/// What one probe has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeEstimate {
    /// All live connections were looked at, and all series.
    pub complete: bool,
    /// Live connections that were looked at, and those of them that would record into their series by another configuration.
    pub connections: u64,
    pub relabelled: u64,
    /// By name, those with series now or then.
    pub metrics: Vec<MetricEstimate>,
    pub namespaces: Vec<NamespaceEstimate>,
    /// Those without room for all series.
    pub budgets: Vec<BudgetEstimate>,
    /// Those that the configuration changes or adds.
    pub labels: Vec<LabelEstimate>,
}

/// Series of one metric, as lines of a scrape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricEstimate {
    pub name: String,
    pub today: u64,
    /// Right after the change: none goes at once.
    pub then: u64,
    /// Of these the ones that live connections feed now, and would feed no longer. They go later.
    pub stopped: u64,
    /// Lines of histograms that would come with their first observation.
    pub later: u64,
}

/// Series of the pods of a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceEstimate {
    pub namespace: String,
    pub today: u64,
    pub then: u64,
    pub stopped: u64,
}

/// A budget that would have no room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BudgetEstimate {
    /// `None`: the node's.
    pub namespace: Option<String>,
    /// For its connections with pods of this other namespace.
    pub peer: Option<String>,
    /// `series`, `longConnections` or `bytes`.
    pub resource: String,
    pub limit: u64,
    /// Connections whose series would find no room.
    pub refused: u64,
}

/// Values of a label on the live connections that would have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelEstimate {
    pub name: String,
    /// Connections with this label, and those whose value would be `unknown`, and `overflow`.
    pub connections: u64,
    pub unknown: u64,
    pub overflow: u64,
    /// Different values, those two among them.
    pub values: u64,
    /// There are more values than were counted.
    pub has_more: bool,
    /// The most frequent ones with their connections, the most frequent first.
    pub top: Vec<(String, u64)>,
}
