//! What objects come to, from manifests to what probes are told.

mod cases;
mod cluster;
mod defaults;
mod outcome;
mod properties;
mod sizes;
mod truth;
mod warnings;
mod wrong_specs;
