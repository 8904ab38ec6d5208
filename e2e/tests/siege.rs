//! Attacks, each with a bystander whose counters must stay exact. `make siege` prints what they cost. Needs root.

#[path = "siege/clocks.rs"]
mod clocks;
#[path = "siege/impostor.rs"]
mod impostor;
#[path = "siege/nobody.rs"]
mod nobody;
#[path = "siege/syn_flood.rs"]
mod syn_flood;
#[path = "siege/series_flood.rs"]
mod series_flood;
