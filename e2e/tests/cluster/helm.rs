//! Helm on real nodes: install, test, upgrade, rollback, uninstall.

#[path = "helm/disturbed.rs"]
mod disturbed;
#[path = "helm/leavings.rs"]
mod leavings;
#[path = "helm/lifecycle.rs"]
mod lifecycle;
#[path = "helm/permissions.rs"]
mod permissions;
#[path = "helm/prometheus_operator.rs"]
mod prometheus_operator;
#[path = "helm/quick_start.rs"]
mod quick_start;
#[path = "helm/refusals.rs"]
mod refusals;
#[path = "helm/unfit.rs"]
mod unfit;
#[path = "helm/unobtainable.rs"]
mod unobtainable;
