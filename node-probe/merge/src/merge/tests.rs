use super::*;

use crate::escape::unescape;
use crate::name;

mod hostile;
mod own;
mod promtool;
mod random;
mod several;

const TEXT: Option<&str> = Some("text/plain; version=0.0.4");
const OPEN_METRICS: Option<&str> = Some("application/openmetrics-text; version=1.0.0");

/// What is dropped, as reason, samples and family.
fn dropped(accepted: &Accepted) -> Vec<(Reason, u64, &str)> {
    accepted.dropped.iter().map(|dropped| (dropped.reason, dropped.samples, dropped.family.as_str())).collect()
}

fn finished(merge: Merge<'_>) -> String {
    String::from_utf8(merge.finish()).unwrap()
}

/// Bodies of text, all taken; the page, and what was taken of each.
fn merged(format: Format, bodies: &[&str]) -> (String, Vec<Accepted>) {
    let mut merge = Merge::new(format, Names::Utf8);
    let accepted = bodies.iter().map(|body| merge.target(TEXT, body.as_bytes(), &Limits::default()).unwrap()).collect();
    (finished(merge), accepted)
}
