//! The demo, and the pictures of dashboards. The tests are in `tests`.

pub mod demo;
pub mod pictures;
