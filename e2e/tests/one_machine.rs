//! Everything between a kernel and a scrape, on one machine. Needs root.

mod adopted;
mod adversity;
mod budgets;
mod busy;
mod cut;
mod departed;
mod destroyed;
mod edges;
mod exact;
mod failed;
mod format;
mod harness;
mod host_network;
mod inert;
mod killed;
mod large;
mod lossy;
mod nat;
mod outage;
mod packet_path;
mod privileges;
mod prometheus;
mod recovered;
mod shared;
mod state;
mod upgraded;
