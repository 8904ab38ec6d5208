//! Helm on real nodes: install, test, upgrade, rollback, uninstall.

mod disturbed;
mod leavings;
mod lifecycle;
mod permissions;
mod prometheus_operator;
mod quick_start;
mod refusals;
mod unfit;
mod unobtainable;
