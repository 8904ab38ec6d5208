//! Everything between a kernel and a scrape, on one machine. Needs root.

mod adopted;
mod adversity;
mod budgets;
mod busy;
mod cut;
mod departed;
mod edges;
mod exact;
mod failed;
mod format;
mod harness;
mod host_network;
mod large;
mod lossy;
mod nat;
mod packet_path;
mod privileges;
mod prometheus;
mod shared;
