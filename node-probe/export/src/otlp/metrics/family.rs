//! The points of one family, up to a number of bytes.

use super::batch::{Batch, Request};
use super::deltas::{Deltas, Mark};
use super::metric::Metric;
use super::point::{Points, Start, Subject};
use super::values::Values;
use super::{Clock, Origin};
use longwire_model::series::Family;
use longwire_pipeline::metrics::{Reading, SeriesStore, View};
use std::ops::ControlFlow;

/// What a label set without new values counts of a slice: the lock is held while it is looked at.
const LOOK: usize = 64;

/// Position in a family, where the next slice continues.
#[derive(Debug)]
pub(super) struct Progress {
    metric: Metric,
    slot: usize,
    /// Label sets that came later are left for the next export: one that was removed and returned would be in it twice.
    births: u64,
}

/// Where the points go.
#[derive(Debug)]
pub(super) struct To<'a> {
    pub(super) clock: Clock,
    pub(super) view: &'a View,
    pub(super) batch: &'a mut Batch,
    pub(super) origin: &'a Origin,
    pub(super) ready: &'a mut Vec<Request>,
}

impl Progress {
    pub(super) fn new(family: &Family, births: u64, has_deltas: bool) -> Self {
        Self { metric: Metric::of(family, has_deltas), slot: 0, births }
    }
}

/// Adds points until nothing is `left` of the slice, and returns whether points are.
pub(super) fn render(
    family: &Family,
    store: &SeriesStore,
    mut deltas: Option<&mut Deltas>,
    progress: &mut Progress,
    to: &mut To<'_>,
    left: &mut usize,
) -> ControlFlow<()> {
    let mut points = Points::default();
    let Progress { metric, slot: next, births } = progress;
    store.read(family, (*next, *births), |slot, series| {
        *next = slot + 1;
        points.clear();
        let subject = Subject { family, series: &series, clock: to.clock };
        let deltas = deltas.as_deref_mut().filter(|_| metric.is_delta);
        let mark = write(&subject, to.view, deltas, &mut points);
        if points.count != 0 {
            to.ready.extend(to.batch.push((metric, to.origin), (&points.bytes, points.count), mark));
        }
        *left = left.saturating_sub(points.bytes.len().max(LOOK));
        if *left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    to.batch.end(metric);
    ControlFlow::Continue(())
}

/// Returns what the receiver has when it accepts deltas.
fn write(of: &Subject<'_>, view: &View, deltas: Option<&mut Deltas>, points: &mut Points) -> Option<Mark> {
    let reading = of.series.reading();
    if let Reading::Gauge(value) = reading {
        points.write_gauge(of, value);
        return None;
    }
    let values = Values::of(of.family.metric, reading, of.series.unseen(view))?;
    let Some(deltas) = deltas else {
        points.write(of, &values, Start::Birth);
        return None;
    };
    let born = of.first_born(&values);
    let new = deltas.new_of((of.series.id(), of.family.metric), born, values, of.clock)?;
    points.write(of, &new.values, Start::At(new.since));
    Some(new.mark)
}
