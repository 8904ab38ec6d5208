//! Samples that one core applies a second, and how long a scrape delays them.

use super::followed::{Followed, Kernel, PEERS, peer_of};
use super::measured::Measured;
use super::plan::Plan;
use super::scrape::{SLICE, slices};
use anyhow::Result;
use longwire_export::exposition::Encoder;
use longwire_model::series::SeriesSets;
use longwire_pipeline::pipeline::Pipeline;
use longwire_testkit::beside;
use parking_lot::Mutex;
use prometheus::{IntCounterVec, Opts};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

pub(super) const FIGURES: [&str; 2] = ["ingest_samples_per_second", "ingest_stall_ms"];
const CONNECTIONS: usize = 100_000;
/// Equal to node-probe/src/sampler.rs.
const BATCH: usize = 1_024;

pub(super) fn measure(plan: &Plan) -> Result<Vec<Measured>> {
    let mut followed = Followed::new(CONNECTIONS, SeriesSets::default())?;
    let mut found = Vec::new();
    if plan.wants(FIGURES[0]) {
        found.push(rate(plan, &mut followed)?);
    }
    if plan.wants(FIGURES[1]) {
        found.push(stall(plan, followed)?);
    }
    Ok(found)
}

fn rate(plan: &Plan, followed: &mut Followed) -> Result<Measured> {
    let exporter = Exporter::new()?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=plan.rounds {
        let pass = pass_of_samples(followed);
        let plain = exporter.pass(followed);
        // The first round is a warm-up.
        if round > 0 {
            ours.push(CONNECTIONS as f64 / pass / 1e6);
            theirs.push(CONNECTIONS as f64 / plain / 1e6);
        }
    }
    Ok(Measured::beside(FIGURES[0], &ours, &theirs))
}

/// Seconds.
fn pass_of_samples(followed: &mut Followed) -> f64 {
    let Followed { pipeline, kernel } = followed;
    let (samples, now) = kernel.advance();
    let start = Instant::now();
    pipeline.begin_pass(now);
    for batch in samples.chunks(BATCH) {
        pipeline.samples(batch, now);
    }
    pipeline.end_pass(true, now);
    let elapsed = start.elapsed().as_secs_f64();
    pipeline.publish();
    elapsed
}

/// For comparison: an exporter that keeps its series in the `prometheus` crate.
struct Exporter {
    sent: IntCounterVec,
    received: IntCounterVec,
    names: Vec<[String; 4]>,
}

impl Exporter {
    fn new() -> Result<Self> {
        let labels = ["reporter", "source_workload", "destination_workload", "destination_service"];
        let vector = |name: &str| IntCounterVec::new(Opts::new(name, "Bytes."), &labels);
        let names = (0..PEERS).map(|peer| {
            let server = format!("server-{peer:04}");
            ["source".to_owned(), "client".to_owned(), server.clone(), format!("{server}.shop.svc.cluster.local")]
        });
        Ok(Self {
            sent: vector("sent_bytes_total")?,
            received: vector("received_bytes_total")?,
            names: names.collect(),
        })
    }

    fn pass(&self, followed: &mut Followed) -> f64 {
        let (samples, _) = followed.kernel.advance();
        let start = Instant::now();
        for sample in samples {
            let labels = &self.names[peer_of(sample.id)];
            self.sent.with_label_values(labels).inc_by(1_000);
            self.received.with_label_values(labels).inc_by(sample.counters.received % 1_000);
        }
        start.elapsed().as_secs_f64()
    }
}

fn stall(plan: &Plan, followed: Followed) -> Result<Measured> {
    let Followed { pipeline, mut kernel } = followed;
    let (shared, seconds) = (Mutex::new(pipeline), plan.seconds / 2.0);
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        without.push(longest_wait(&shared, &mut kernel, seconds, false)?);
        with.push(longest_wait(&shared, &mut kernel, seconds, true)?);
    }
    Ok(Measured::over(FIGURES[1], &with, &without))
}

/// Milliseconds.
fn longest_wait(shared: &Mutex<Pipeline>, kernel: &mut Kernel, seconds: f64, scraped: bool) -> Result<f64> {
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let scrapes = |over: &AtomicBool| {
        let mut encoder = Encoder::default();
        while scraped && !over.load(Ordering::Relaxed) {
            scrape(shared, &mut encoder);
        }
        Ok(())
    };
    let passes = || {
        let mut longest = Duration::ZERO;
        while Instant::now() < end {
            longest = longest.max(pass_in_batches(shared, kernel));
        }
        Ok(longest)
    };
    beside(scrapes, passes).map(|((), longest)| longest.as_secs_f64() * 1e3)
}

/// Longest wait of a batch for the lock.
fn pass_in_batches(shared: &Mutex<Pipeline>, kernel: &mut Kernel) -> Duration {
    let (samples, now) = kernel.advance();
    shared.lock().begin_pass(now);
    let mut longest = Duration::ZERO;
    for batch in samples.chunks(BATCH) {
        let asked = Instant::now();
        let mut pipeline = shared.lock();
        longest = longest.max(asked.elapsed());
        pipeline.samples(batch, now);
    }
    let mut pipeline = shared.lock();
    pipeline.end_pass(true, now);
    pipeline.publish();
    longest
}

/// The lock is free between the slices.
fn scrape(shared: &Mutex<Pipeline>, encoder: &mut Encoder) {
    slices(|cursor, out| encoder.render(shared.lock().store(), cursor, SLICE, out));
    black_box(shared.lock().stats());
}
