//! The chart without a cluster: documentation, refusals, rendered objects.

mod admission;
mod bounds;
mod documented;
mod exporters;
mod exporters_refused;
mod grafana;
mod hooks;
mod images;
mod live;
mod names;
mod readers;
mod refused;
mod rendered;
