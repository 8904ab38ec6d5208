//! Parsers of text 0.0.4 and OpenMetrics 1.0, as strict as their grammars.

use super::{Labels, Sample};
use anyhow::{Context, Result, bail, ensure};
use std::collections::HashSet;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    OpenMetrics,
}

/// The current family.
#[derive(Default)]
struct Family {
    name: String,
    kind: String,
    has_help: bool,
    has_samples: bool,
}

pub(super) fn parse(body: &str, format: Format) -> Result<Vec<Sample>> {
    let body = match format {
        Format::Text => body,
        Format::OpenMetrics => {
            body.strip_suffix("# EOF\n").context("OpenMetrics must end with `# EOF` and a newline")?
        }
    };
    ensure!(body.is_empty() || body.ends_with('\n'), "the last line does not end");
    let (mut samples, mut families) = (Vec::new(), HashSet::new());
    let mut family = Family::default();
    for (index, line) in body.lines().enumerate() {
        let context = || format!("line {}: {line}", index + 1);
        if let Some(comment) = line.strip_prefix("# ") {
            describe(comment, format, &mut family, &mut families).with_context(context)?;
            continue;
        }
        let sample = sample(line).with_context(context)?;
        belongs(&sample, &family, format).with_context(context)?;
        family.has_samples = true;
        samples.push(sample);
    }
    let mut series: Vec<(&String, &Labels)> = samples.iter().map(|sample| (&sample.name, &sample.labels)).collect();
    series.sort();
    let twice = series.windows(2).find(|pair| pair[0] == pair[1]);
    ensure!(twice.is_none(), "{twice:?} is one series twice");
    Ok(samples)
}

/// `HELP` or `TYPE`: both start a new family or belong to the current one.
fn describe(comment: &str, format: Format, family: &mut Family, families: &mut HashSet<String>) -> Result<()> {
    let mut words = comment.splitn(3, ' ');
    let (keyword, name) = (words.next().unwrap_or_default(), words.next().context("no family named")?);
    let rest = words.next().unwrap_or_default();
    if family.name != name || family.has_samples {
        ensure!(families.insert(name.to_owned()), "the family came before");
        *family = Family { name: name.to_owned(), ..Family::default() };
    }
    match keyword {
        "HELP" => {
            ensure!(!family.has_help, "a second HELP");
            ensure!(!rest.is_empty(), "an empty HELP");
            family.has_help = true;
        }
        "TYPE" => {
            ensure!(family.kind.is_empty(), "a second TYPE");
            let of_no_type = if format == Format::OpenMetrics { "unknown" } else { "untyped" };
            ensure!(["counter", "gauge", "histogram", of_no_type].contains(&rest), "type {rest}");
            family.kind = rest.to_owned();
        }
        // The unit must be a suffix of the name.
        "UNIT" => ensure!(name.ends_with(rest), "unit {rest} is no suffix of {name}"),
        _ => bail!("neither HELP, TYPE nor UNIT"),
    }
    Ok(())
}

fn belongs(sample: &Sample, family: &Family, format: Format) -> Result<()> {
    ensure!(family.has_help && !family.kind.is_empty(), "a sample before HELP and TYPE of its family");
    let suffix = sample.name.strip_prefix(&family.name).with_context(|| format!("not of family {}", family.name))?;
    match (family.kind.as_str(), format) {
        ("counter" | "histogram", Format::OpenMetrics) if suffix == "_created" => {}
        ("counter", Format::OpenMetrics) => ensure!(suffix == "_total", "a counter's sample ends with _total"),
        ("counter", Format::Text) => {
            ensure!(suffix.is_empty() && sample.name.ends_with("_total"), "a counter's name ends with _total");
        }
        ("histogram", _) => {
            ensure!(["_bucket", "_sum", "_count"].contains(&suffix), "a histogram has no {suffix}");
            ensure!((suffix == "_bucket") == sample.labels.contains_key("le"), "le belongs to buckets alone");
        }
        _ => ensure!(suffix.is_empty(), "a {} has no suffix", family.kind),
    }
    confirm!(family.kind != "counter" || sample.value >= 0.0, "a negative counter")
}

pub(super) fn sample(line: &str) -> Result<Sample> {
    let end = line.find(['{', ' ']).context("no value")?;
    let (name, rest) = line.split_at(end);
    ensure!(is_name(name), "{name:?} is no metric name");
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Labels::new(), rest),
    };
    let value = rest.strip_prefix(' ').context("one space stands before the value")?;
    let value = value.parse().with_context(|| format!("value {value:?}"))?;
    Ok(Sample { name: name.to_owned(), labels, value })
}

/// The labels, and the rest of the line.
fn labels(mut rest: &str) -> Result<(Labels, &str)> {
    let mut labels = Labels::new();
    loop {
        let (name, behind) = rest.split_once('=').context("a label has no value")?;
        ensure!(is_name(name) && !name.contains(':'), "{name:?} is no label name");
        let (value, behind) = value(behind.strip_prefix('"').context("a label is name=\"value\"")?)?;
        ensure!(labels.insert(name.to_owned(), value).is_none(), "label {name} twice");
        match behind.split_at_checked(1) {
            Some((",", behind)) => rest = behind,
            Some(("}", behind)) => return Ok((labels, behind)),
            _ => bail!("{behind:?} after a label"),
        }
    }
}

/// A value with its escapes decoded, and the rest after its closing quote. Copies whole pieces, because tests parse
/// megabytes without compiler optimizations.
fn value(mut rest: &str) -> Result<(String, &str)> {
    let mut value = String::new();
    loop {
        let (piece, behind) = rest.split_once('"').context("a label value does not end")?;
        let Some((before, escaped)) = piece.split_once('\\') else {
            value.push_str(piece);
            return Ok((value, behind));
        };
        value.push_str(before);
        let escaped = &rest[rest.len() - behind.len() - 1 - escaped.len()..];
        value.push(match escaped.chars().next() {
            Some('n') => '\n',
            Some(escaped @ ('\\' | '"')) => escaped,
            other => bail!("the escape \\{other:?}"),
        });
        rest = &escaped[1..];
    }
}

fn is_name(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
    name.bytes().all(is_inner) && name.starts_with(|first: char| !first.is_ascii_digit())
}

#[cfg(test)]
mod tests;
