//! Lines of access logs that one core renders a second.

use super::followed::Followed;
use super::measured::Measured;
use super::plan::Plan;
use anyhow::{Result, ensure};
use longwire_export::access_log::LineWriter;
use longwire_model::access_log::{AccessLog, LogEvent, LogEvents};
use longwire_model::series::SeriesSets;
use longwire_model::telemetry::{NodeSettings, Telemetry};
use longwire_model::update::Update;
use longwire_pipeline::log::LogRecord;
use serde_json::{Map, Value};
use std::hint::black_box;
use std::time::{Duration, Instant};

pub(super) const FIGURES: [&str; 1] = ["log_lines_per_second"];
/// All of their lines fit into the journal.
const CONNECTIONS: usize = 10_000;
/// Lines a second: more than there are.
const MAX_RATE: u32 = 100_000;

pub(super) fn measure(plan: &Plan) -> Result<Vec<Measured>> {
    let records = records()?;
    let mut writer = LineWriter::default();
    let mut text = Vec::new();
    records.iter().for_each(|record| writer.write(record, &mut text));
    let maps: Vec<Map<String, Value>> =
        text.split_inclusive(|byte| *byte == b'\n').map(serde_json::from_slice).collect::<Result<_, _>>()?;
    ensure!(maps.len() == CONNECTIONS, "{} lines", maps.len());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=plan.rounds {
        let start = Instant::now();
        text.clear();
        records.iter().for_each(|record| writer.write(record, &mut text));
        black_box(&text);
        let fast = start.elapsed().as_secs_f64();
        let start = Instant::now();
        text.clear();
        for map in &maps {
            serde_json::to_writer(&mut text, map)?;
            text.push(b'\n');
        }
        black_box(&text);
        let slow = start.elapsed().as_secs_f64();
        // The first round is a warm-up.
        if round > 0 {
            ours.push(CONNECTIONS as f64 / fast / 1e6);
            theirs.push(CONNECTIONS as f64 / slow / 1e6);
        }
    }
    let bytes = text.len() as f64 / CONNECTIONS as f64;
    Ok(vec![Measured::beside(FIGURES[0], &ours, &theirs).note(format!("{bytes:.0} bytes a line"))])
}

/// A periodic line of each connection.
fn records() -> Result<Vec<LogRecord>> {
    let events = LogEvents::NONE.with(LogEvent::Periodic);
    let log = AccessLog { events, interval: Duration::from_secs(1), ..AccessLog::default() };
    let telemetry = Telemetry { access_log: Some(log), ..Telemetry::plain(SeriesSets::default()) };
    let mut followed = Followed::configured(CONNECTIONS, telemetry)?;
    let settings = NodeSettings { access_log_rate: Some(MAX_RATE), ..NodeSettings::default() };
    followed.pipeline.apply(&Update { settings: Some(settings), ..Update::default() }, 0);
    drop(followed.pipeline.journal_mut().take(usize::MAX));
    followed.pass();
    let records = followed.pipeline.journal_mut().take(usize::MAX);
    ensure!(records.len() == CONNECTIONS, "{} lines of {CONNECTIONS} connections", records.len());
    Ok(records)
}
