//! Attacks, each with a bystander whose counters must stay exact. `make siege` prints their cost. Needs root.

mod clocks;
mod control;
mod descriptors;
mod edits;
mod hostile_clients;
mod impostor;
mod large_policies;
mod nobody;
mod series_flood;
mod slow_readers;
mod syn_flood;
