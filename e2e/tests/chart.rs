//! The chart without a cluster: documentation, refusals, rendered objects.

#[path = "chart/admission.rs"]
mod admission;
#[path = "chart/bounds.rs"]
mod bounds;
#[path = "chart/created.rs"]
mod created;
#[path = "chart/documented.rs"]
mod documented;
#[path = "chart/grafana.rs"]
mod grafana;
#[path = "chart/hooks.rs"]
mod hooks;
#[path = "chart/images.rs"]
mod images;
#[path = "chart/names.rs"]
mod names;
#[path = "chart/readers.rs"]
mod readers;
#[path = "chart/refused.rs"]
mod refused;
#[path = "chart/rendered.rs"]
mod rendered;
#[path = "chart/values.rs"]
mod values;
