//! What an export of OTLP costs beside a scrape of the same series.

use super::followed::Followed;
use super::measured::Measured;
use super::plan::Plan;
use super::scrape::{SLICE, slices};
use super::statistics::median;
use anyhow::{Result, ensure};
use longwire_export::exposition;
use longwire_export::otlp::Origin;
use longwire_export::otlp::metrics::{Encoder, Export, Request, Temporality};
use longwire_model::series::{SeriesSet, SeriesSets};
use longwire_pipeline::metrics::SeriesStore;
use std::hint::black_box;
use std::time::Instant;

pub(super) const FIGURES: [&str; 1] = ["otlp_export_ratio"];
/// Each has four series.
const CONNECTIONS: usize = 10_000;
/// Equal to node-probe/src/exporters/otlp_metrics.rs.
const MAX_REQUEST: usize = 2 << 20;

pub(super) fn measure(plan: &Plan) -> Result<Vec<Measured>> {
    let followed = Followed::new(CONNECTIONS, SeriesSets::NONE.with(SeriesSet::KmeshConnection))?;
    let store = followed.pipeline.store();
    let origin = Origin::new([("service.name", "longwire-probe"), ("k8s.node.name", "n1")]);
    let (mut encoder, mut text) = (Encoder::new(origin, Temporality::Cumulative), exposition::Encoder::default());
    let (mut export, mut scrape, mut size) = (Vec::new(), Vec::new(), (0, 0, 0));
    for round in 0..=plan.rounds {
        let start = Instant::now();
        let requests = requests(&mut encoder, store);
        let exported = start.elapsed().as_secs_f64();
        let points = requests.iter().map(Request::points).sum();
        let bytes = requests.iter().map(|request| request.bytes().len()).sum();
        let start = Instant::now();
        let mut scraped = 0;
        slices(|cursor, out| {
            let more = text.render(store, cursor, SLICE, out);
            scraped += out.len();
            more
        });
        // The first round is a warm-up.
        if round > 0 {
            export.push(exported);
            scrape.push(start.elapsed().as_secs_f64());
        }
        size = (points, bytes, scraped);
        black_box(requests);
    }
    let (points, bytes, scraped) = size;
    ensure!(points == 4 * CONNECTIONS, "{points} points of {CONNECTIONS} connections");
    let ratio = Measured::beside(FIGURES[0], &export, &scrape);
    let note = format!(
        "{points} points: {:.1} ms and {:.1} MB; as text {:.1} ms and {:.1} MB",
        median(&export) * 1e3,
        bytes as f64 / 1e6,
        median(&scrape) * 1e3,
        scraped as f64 / 1e6,
    );
    Ok(vec![Measured { value: ratio.ratio.unwrap_or_default(), reference: Some(1.0), ..ratio }.note(note)])
}

fn requests(encoder: &mut Encoder, store: &SeriesStore) -> Vec<Request> {
    let (mut export, mut ready) = (Export::new(1, 0, MAX_REQUEST), Vec::new());
    while encoder.render(store, &mut export, SLICE, &mut ready) {}
    ready
}
