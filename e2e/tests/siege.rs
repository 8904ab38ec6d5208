//! Attacks, each with a bystander whose counters must stay exact. `make siege` prints their cost. Needs root.

#[path = "siege/clocks.rs"]
mod clocks;
#[path = "siege/control.rs"]
mod control;
#[path = "siege/descriptors.rs"]
mod descriptors;
#[path = "siege/edits.rs"]
mod edits;
#[path = "siege/hostile_clients.rs"]
mod hostile_clients;
#[path = "siege/impostor.rs"]
mod impostor;
#[path = "siege/large_policies.rs"]
mod large_policies;
#[path = "siege/many_lines.rs"]
mod many_lines;
#[path = "siege/nobody.rs"]
mod nobody;
#[path = "siege/series_flood.rs"]
mod series_flood;
#[path = "siege/slow_readers.rs"]
mod slow_readers;
#[path = "siege/syn_flood.rs"]
mod syn_flood;
