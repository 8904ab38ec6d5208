//! Headers and attributes as users write them: `name=value`.

use longwire_model::exporter::{InvalidPair, MAX_PAIR_KEY_BYTES, MAX_PAIR_VALUE_BYTES, MAX_PAIRS, Pair};
use percent_encoding::percent_decode_str;
use std::fmt;

/// Headers of each request. What they say may be secret, so only their names are shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Headers(pub(super) Vec<Pair>);

/// Why one pair is wrong. No text repeats a value, nor a name that may be a piece of one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PairProblem {
    #[error("has no =: write name=value")]
    NoValue,
    #[error("has no name of a header before its =: 1 to {MAX_PAIR_KEY_BYTES} letters, digits and dashes")]
    HeaderName,
    #[error("has no name of an attribute before its =: 1 to {MAX_PAIR_KEY_BYTES} printable characters")]
    AttributeName,
    #[error("sets {0}, which the protocol itself sets: leave it out")]
    Reserved(String),
    #[error("has a value of {0} that is too long or has control characters: at most {MAX_PAIR_VALUE_BYTES} bytes")]
    Value(String),
    #[error("has a % that two hexadecimal digits of UTF-8 do not follow: write %25 for %")]
    Escape,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidPairs {
    #[error("entry {0} {1}")]
    Entry(usize, PairProblem),
    #[error("has more than {MAX_PAIRS} entries: leave some out")]
    TooMany,
}

/// As `OTEL_EXPORTER_OTLP_HEADERS` has them: with commas between, and values with escapes.
pub(super) fn listed_headers(text: &str) -> Result<Vec<Pair>, InvalidPairs> {
    listed(text, |name, value| Pair::header(name.trim(), &decoded(value.trim())?).map_err(PairProblem::from))
}

/// As `OTEL_RESOURCE_ATTRIBUTES` has them: names too have escapes.
pub(super) fn listed_attributes(text: &str) -> Result<Vec<Pair>, InvalidPairs> {
    listed(text, |name, value| {
        Pair::attribute(&decoded(name.trim())?, &decoded(value.trim())?).map_err(PairProblem::from)
    })
}

/// As a file has it: as it is.
pub(super) fn header_line(line: &str) -> Result<Pair, PairProblem> {
    let (name, value) = line.split_once('=').ok_or(PairProblem::NoValue)?;
    Ok(Pair::header(name.trim(), value.trim())?)
}

/// Each name once; those of `first` win.
pub(super) fn merged(second: impl IntoIterator<Item = Pair>, first: &[Pair]) -> Vec<Pair> {
    let mut merged: Vec<Pair> = Vec::new();
    for pair in second.into_iter().chain(first.iter().cloned()) {
        match merged.iter_mut().find(|known| known.key == pair.key) {
            Some(known) => *known = pair,
            None => merged.push(pair),
        }
    }
    merged
}

fn listed(
    text: &str,
    mut pair: impl FnMut(&str, &str) -> Result<Pair, PairProblem>,
) -> Result<Vec<Pair>, InvalidPairs> {
    let mut pairs = Vec::new();
    let entries = text.split(',').enumerate().filter(|(_, entry)| !entry.trim().is_empty());
    for (place, entry) in entries {
        let parsed = entry.split_once('=').ok_or(PairProblem::NoValue).and_then(|(name, value)| pair(name, value));
        pairs.push(parsed.map_err(|problem| InvalidPairs::Entry(place + 1, problem))?);
        if pairs.len() > MAX_PAIRS {
            return Err(InvalidPairs::TooMany);
        }
    }
    Ok(merged(pairs, &[]))
}

fn decoded(text: &str) -> Result<String, PairProblem> {
    let is_escape =
        |rest: &str| rest.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    if !text.split('%').skip(1).all(is_escape) {
        return Err(PairProblem::Escape);
    }
    percent_decode_str(text).decode_utf8().map(String::from).map_err(|_| PairProblem::Escape)
}

impl From<InvalidPair> for PairProblem {
    fn from(invalid: InvalidPair) -> Self {
        match invalid {
            // A header that is written with a colon has its value where the name should be.
            InvalidPair::Header(_) => Self::HeaderName,
            InvalidPair::Attribute(_) => Self::AttributeName,
            InvalidPair::Reserved(name) => Self::Reserved(name),
            InvalidPair::Value(name) => Self::Value(name),
        }
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|pair| &pair.key)).finish()
    }
}
