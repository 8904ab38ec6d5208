//! The samples of one family, up to a number of bytes.

use super::format::{Format, write_header};
use super::sample::{Line, write_samples};
use super::texts::Texts;
use longwire_model::identity::UnixNanos;
use longwire_model::series::{Family, Kind};
use longwire_pipeline::metrics::{SeriesStore, View};
use std::ops::ControlFlow;

/// The format of a scrape, and the view of its scraper.
#[derive(Debug)]
pub(super) struct Style {
    pub(super) format: Format,
    pub(super) view: View,
    /// Wall clock less CLOCK_MONOTONIC, for samples with the time at which series began.
    pub(super) created: Option<UnixNanos>,
}

/// Position in a family, where the next slice continues.
#[derive(Debug)]
pub(super) struct Progress {
    slot: usize,
    /// Label sets that came later are left for the next scrape: one that was removed and returned would be exposed twice.
    births: u64,
    has_header: bool,
    /// `,le="0.005"} `, and so on to infinity.
    bounds: Vec<Vec<u8>>,
    /// Of its samples, and of those with the time at which they began.
    name: &'static str,
    created: Option<(String, UnixNanos)>,
}

/// Appends samples until there is `enough` in `out`, and returns whether samples are left.
pub(super) fn render(
    family: &Family,
    (store, texts): (&SeriesStore, &mut Texts),
    style: &Style,
    progress: &mut Option<Progress>,
    enough: usize,
    out: &mut Vec<u8>,
) -> ControlFlow<()> {
    let progress = progress.get_or_insert_with(|| Progress::new(family, style, store.births(family)));
    store.read(family, (progress.slot, progress.births), |slot, series| {
        progress.slot = slot + 1;
        if !progress.has_header {
            write_header(out, style.format, family.name, kind_word(family.kind), family.help);
            progress.has_header = true;
        }
        let created = progress.created.as_ref().map(|(name, offset)| (name.as_str(), *offset));
        let line = Line { name: progress.name, labels: texts.of(&series), bounds: &progress.bounds, created };
        write_samples(&line, family.metric, &series, &style.view, out);
        if out.len() >= enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
}

impl Progress {
    fn new(family: &Family, style: &Style, births: u64) -> Self {
        let bounds = match family.kind {
            Kind::Counter | Kind::Gauge => &[],
            Kind::Histogram(bounds) => bounds,
        };
        let finite = bounds.iter().map(|bound| style.format.bound(*bound));
        let bounds = finite.chain(["+Inf".to_owned()]).map(|bound| format!(",le=\"{bound}\"}} ").into_bytes());
        let created = style.created.and_then(|offset| Some((created(family)?, offset)));
        Self { slot: 0, births, has_header: false, bounds: bounds.collect(), name: family.name, created }
    }
}

/// OpenMetrics' name of samples with the time at which a series began. Gauges and families of unknown type have none.
fn created(family: &Family) -> Option<String> {
    let name = match family.kind {
        Kind::Counter => family.name.strip_suffix("_total")?,
        Kind::Histogram(_) => family.name,
        Kind::Gauge => return None,
    };
    Some(format!("{name}_created"))
}

fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram(_) => "histogram",
    }
}
