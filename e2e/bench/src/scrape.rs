//! Time to write 10,000 long connections as text, compared with the client library that most exporters use.

use super::followed::Followed;
use super::measured::Measured;
use super::plan::Plan;
use super::statistics::median;
use anyhow::{Context, Result, ensure};
use longwire_export::exposition::{self, Cursor, Format};
use longwire_model::series::{CONNECTION_LABELS, FAMILIES, SeriesSet, SeriesSets};
use longwire_pipeline::pipeline::Pipeline;
use longwire_testkit::{Format as Strict, Labels, Sample, Scrape};
use nix::sys::resource::{UsageWho, getrusage};
use prometheus::{Encoder, IntCounterVec, Opts, Registry, TextEncoder};
use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::Instant;

pub(super) const FIGURES: [&str; 1] = ["scrape_speedup"];
const CONNECTIONS: usize = 10_000;
/// Equal to node-probe/src/http/scrape.rs.
pub(super) const SLICE: usize = 64 << 10;

pub(super) fn measure(plan: &Plan) -> Result<Vec<Measured>> {
    let followed = Followed::new(CONNECTIONS, SeriesSets::NONE.with(SeriesSet::KmeshConnection))?;
    let mut encoder = exposition::Encoder::default();
    let ours = text(&followed.pipeline, &mut encoder);
    let registry = registry_of(&Scrape::parse(&ours, Strict::Text)?)?;
    ensure!(lines(&ours)? == lines(&encode(&registry)?)?, "both ways must say the same");
    let (mut fast, mut slow, mut copied, mut faults) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        let start = Instant::now();
        slices(|cursor, out| encoder.render(followed.pipeline.store(), cursor, SLICE, out));
        fast.push(start.elapsed().as_secs_f64());
        let (start, before) = (Instant::now(), page_faults()?);
        black_box(encode(&registry)?);
        slow.push(start.elapsed().as_secs_f64());
        faults.push(page_faults()? - before);
        let start = Instant::now();
        copy(&ours);
        copied.push(start.elapsed().as_secs_f64());
    }
    let speedup = Measured::beside(FIGURES[0], &slow, &fast);
    let lines = ours.lines().filter(|line| !line.starts_with('#')).count() as f64;
    let note = format!(
        "{lines} lines, {:.1} MB; ns a line: {:.0} ours, {:.0} the reference, {:.0} a copy of the text; {:.0} page faults of \
         the reference",
        ours.len() as f64 / 1e6,
        median(&fast) / lines * 1e9,
        median(&slow) / lines * 1e9,
        median(&copied) / lines * 1e9,
        median(&faults)
    );
    Ok(vec![Measured { value: speedup.ratio.unwrap_or_default(), reference: Some(1.0), ..speedup }.note(note)])
}

/// What the machine takes to copy the text, in buffers like a scrape's.
fn copy(text: &str) {
    for slice in text.as_bytes().chunks(SLICE) {
        let mut out = Vec::with_capacity(SLICE + SLICE / 4);
        out.extend_from_slice(slice);
        black_box(out);
    }
}

/// Of this process so far, without those that read a disk.
fn page_faults() -> Result<f64> {
    Ok(getrusage(UsageWho::RUSAGE_SELF)?.minor_page_faults() as f64)
}

/// A scrape in slices, as the probe does it.
pub(super) fn slices(mut render: impl FnMut(&mut Cursor, &mut Vec<u8>) -> bool) {
    let mut cursor = Cursor::new(Format::Text);
    loop {
        let mut out = Vec::with_capacity(SLICE + SLICE / 4);
        let more = render(&mut cursor, &mut out);
        black_box(out);
        if !more {
            break;
        }
    }
}

fn text(pipeline: &Pipeline, encoder: &mut exposition::Encoder) -> String {
    let (mut cursor, mut out) = (Cursor::new(Format::Text), Vec::new());
    while encoder.render(pipeline.store(), &mut cursor, SLICE, &mut out) {}
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
