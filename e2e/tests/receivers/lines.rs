//! Values by name and labels, from whatever page, file or API.

use anyhow::{Context, Result, ensure};
use longwire_model::series::{FAMILIES, Kind};
use longwire_testkit::{Labels, Sample, Scrape};
use std::collections::BTreeMap;

/// A line of the exposition without its value.
pub(crate) type Line = (String, Labels);
pub(crate) type Lines = BTreeMap<Line, f64>;

/// Differences in an error.
const SHOWN: usize = 10;

/// The line of a sample: without labels that say nothing, and with bounds of buckets as one program writes them.
pub(crate) fn line(Sample { name, labels, .. }: &Sample) -> Result<Line> {
    let mut labels: Labels = labels.iter().filter(|(_, value)| !value.is_empty()).map(owned).collect();
    if let Some(bound) = labels.get_mut("le") {
        *bound = bound.parse::<f64>().with_context(|| format!("le={bound:?}"))?.to_string();
    }
    Ok((name.clone(), labels))
}

fn owned((name, value): (&String, &String)) -> (String, String) {
    (name.clone(), value.clone())
}

/// What is exported, of samples of any kind: all but what the probe says of itself.
pub(crate) fn exported<'a>(samples: impl IntoIterator<Item = &'a Sample>) -> Result<Lines> {
    let samples = samples.into_iter().filter(|sample| kind(&sample.name).is_some());
    samples.map(|sample| Ok((line(sample)?, sample.value))).collect()
}

/// The same of a probe's page.
pub(crate) fn page(scrape: &Scrape) -> Result<Lines> {
    let lines = exported(&scrape.samples)?;
    ensure!(!lines.is_empty(), "the page has no series of connections");
    Ok(lines)
}

/// What a name stands for in the table of series. `None`: it is not there.
pub(crate) fn kind(name: &str) -> Option<Kind> {
    let of_histogram = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
    let found = FAMILIES.iter().find(|family| match family.kind {
        Kind::Histogram(_) => of_histogram == Some(family.name),
        Kind::Counter | Kind::Gauge => family.name == name,
    });
    found.map(|family| family.kind)
}

/// Counters and what histograms are made of.
pub(crate) fn counted(lines: &Lines) -> Lines {
    let counts = |line: &Line| kind(&line.0).is_some_and(|kind| kind != Kind::Gauge);
    lines.iter().filter(|(line, _)| counts(line)).map(|(line, value)| (line.clone(), *value)).collect()
}

/// Those that a receiver of increases can know: not 0.
pub(crate) fn beyond_zero(lines: &Lines) -> Lines {
    lines.iter().filter(|(_, value)| **value != 0.0).map(|(line, value)| (line.clone(), *value)).collect()
}

/// Both have the same lines with the same values, to the last bit.
pub(crate) fn expect_equal(got: &Lines, due: &Lines) -> Result<()> {
    expect_close(got, due, |_| 0.0)
}

/// The same, but a line's value may be off by so much.
pub(crate) fn expect_close(got: &Lines, due: &Lines, tolerance: impl Fn(&Line) -> f64) -> Result<()> {
    let mut differences = Vec::new();
    for (line, due) in due {
        match got.get(line) {
            Some(value) if (value - due).abs() <= tolerance(line) => {}
            Some(value) => differences.push(format!("{value} instead of {due}: {line:?}")),
            None => differences.push(format!("missing, should be {due}: {line:?}")),
        }
    }
    let surplus = got.iter().filter(|(line, _)| !due.contains_key(*line));
    differences.extend(surplus.map(|(line, value)| format!("unexpected {value}: {line:?}")));
    let shown = &differences[..differences.len().min(SHOWN)];
    ensure!(differences.is_empty(), "{} of {} lines differ:\n{}", differences.len(), due.len(), shown.join("\n"));
    Ok(())
}
