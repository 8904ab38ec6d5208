//! The chart, without a cluster: what is documented, what is refused, what is rendered.

#[path = "chart/documented.rs"]
mod documented;
#[path = "chart/grafana.rs"]
mod grafana;
#[path = "chart/images.rs"]
mod images;
#[path = "chart/refused.rs"]
mod refused;
#[path = "chart/rendered.rs"]
mod rendered;
#[path = "chart/values.rs"]
mod values;
