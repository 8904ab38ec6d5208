//! What the program does when it is started: it serves, or it does one job of the chart and ends.
//!
//! ```text
//! longwire-operator                options -> run: starts every part, until SIGTERM
//! longwire-operator crds ...       crds: definitions of the three kinds
//! longwire-operator prove ...      self_test: a known transfer, compared with what this node's probe exposes
//! longwire-operator retire ...     uninstall: waits until nothing of Longwire is left in any node's kernel
//! ```

pub mod crds;
pub mod log;
pub mod options;
pub mod run;
pub mod self_test;
pub mod uninstall;
