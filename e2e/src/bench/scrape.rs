//! Time to write 10,000 long connections as text, compared with the client library that most exporters use.

use super::followed::Followed;
use super::measured::Measured;
use super::plan::Plan;
use crate::scrape::{Format as Strict, Labels, Sample, Scrape};
use anyhow::{Context, Result, ensure};
use longwire_export::exposition::{Cursor, Format, render};
use longwire_model::series::{CONNECTION_LABELS, FAMILIES, SeriesSet, SeriesSets};
use longwire_pipeline::pipeline::Pipeline;
use prometheus::{Encoder, IntCounterVec, Opts, Registry, TextEncoder};
use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::Instant;

pub(super) const FIGURES: [&str; 1] = ["scrape_speedup"];
const CONNECTIONS: usize = 10_000;
const SLICE: usize = 64 << 10;

pub(super) fn measure(plan: &Plan) -> Result<Vec<Measured>> {
    let followed = Followed::new(CONNECTIONS, SeriesSets::NONE.with(SeriesSet::KmeshConnection))?;
    let ours = text(&followed.pipeline);
    let registry = registry_of(&Scrape::parse(&ours, Strict::Text)?)?;
    ensure!(lines(&ours)? == lines(&encode(&registry)?)?, "both ways must say the same");
    let (mut fast, mut slow) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        let start = Instant::now();
        let count = slices(&followed.pipeline);
        fast.push(start.elapsed().as_secs_f64() * 1e3);
        let start = Instant::now();
        black_box((encode(&registry)?, count));
        slow.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let speedup = Measured::beside(FIGURES[0], &slow, &fast);
    let note = format!(
        "{:.1} MB: {:.2} ms and {:.0} ms",
        ours.len() as f64 / 1e6,
        speedup.reference.unwrap_or_default(),
        speedup.value
    );
    Ok(vec![Measured { value: speedup.ratio.unwrap_or_default(), reference: Some(1.0), ..speedup }.note(note)])
}

/// In slices, as the probe's scrape does; returns their number.
fn slices(pipeline: &Pipeline) -> usize {
    let (mut cursor, mut count) = (Cursor::new(Format::Text), 1);
    loop {
        let mut out = Vec::with_capacity(SLICE + SLICE / 4);
        let more = render(pipeline.store(), &mut cursor, SLICE, &mut out);
        black_box(out);
        if !more {
            return count;
        }
        count += 1;
    }
}

fn text(pipeline: &Pipeline) -> String {
    let (mut cursor, mut out) = (Cursor::new(Format::Text), Vec::new());
    while render(pipeline.store(), &mut cursor, SLICE, &mut out) {}
    String::from_utf8(out).expect("text")
}

fn encode(registry: &Registry) -> Result<String> {
    let mut out = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut out)?;
    Ok(String::from_utf8(out)?)
}

/// The same families, labels and values in the `prometheus` crate.
fn registry_of(scrape: &Scrape) -> Result<Registry> {
    let registry = Registry::new();
    for family in FAMILIES.iter().filter(|family| family.set == SeriesSet::KmeshConnection) {
        let vector = IntCounterVec::new(Opts::new(family.name, family.help), &CONNECTION_LABELS)?;
        let samples = scrape.select(family.name, &[]);
        ensure!(samples.len() == CONNECTIONS, "{} samples of {}", samples.len(), family.name);
        for Sample { labels, value, .. } in samples {
            let values = CONNECTION_LABELS.map(|name| labels.get(name).map_or("", String::as_str));
            vector.with_label_values(&values).inc_by(*value as u64);
        }
        registry.register(Box::new(vector)).context("register")?;
    }
    Ok(registry)
}

/// All samples, in any order of samples and labels.
fn lines(text: &str) -> Result<BTreeSet<(String, Labels, u64)>> {
    let samples = Scrape::parse(text, Strict::Text)?.samples;
    Ok(samples.into_iter().map(|Sample { name, labels, value }| (name, labels, value as u64)).collect())
}
