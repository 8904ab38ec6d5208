//! The outcome of objects, from manifests to what probes are sent.

mod access_logs;
mod bounds;
mod cases;
mod cluster;
mod defaults;
mod exporters;
mod lists;
mod outcome;
mod properties;
mod sizes;
mod truth;
mod warnings;
mod wrong_specs;
