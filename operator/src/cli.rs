//! The program's subcommands: without one it serves, with one it runs one of the chart's jobs and exits.
//!
//! ```text
//! longwire-operator                       options -> run: starts every part, until SIGTERM
//! longwire-operator crds ...              crds: definitions of the three kinds
//! longwire-operator self-test ...         self_test: compares a transfer of known size with this node's probe's metrics
//! longwire-operator wait-for-cleanup ...  uninstall: waits until no node's kernel has programs or maps of Longwire
//! ```

pub mod crds;
pub mod log;
pub mod options;
pub mod run;
pub mod self_test;
pub mod uninstall;
