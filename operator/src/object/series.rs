//! Which series an object asks for: the annotation `telemetry.longwire.io/series-sets`.

use longwire_model::series::{InvalidSeriesSet, SeriesSets};
use std::collections::BTreeMap;

/// A comma list of series sets, on a Namespace or a Pod.
pub const SERIES_SETS: &str = "telemetry.longwire.io/series-sets";

/// What names no series set is told of with so many names, and so much of each: an object may have 256 KiB of them.
const MOST_UNKNOWN: usize = 3;
const LONGEST_UNKNOWN: usize = 64;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// `None`: the object leaves it to a broader one. An empty annotation asks for nothing at all.
    pub sets: Option<SeriesSets>,
    /// What of the annotation names no series set, the first few.
    pub unknown: Vec<String>,
    /// How many more there are.
    pub unnamed: usize,
}

impl Asked {
    pub(super) fn of(annotations: Option<&BTreeMap<String, String>>) -> Self {
        let Some(text) = annotations.and_then(|annotations| annotations.get(SERIES_SETS)) else {
            return Self::default();
        };
        let mut asked = Self { sets: Some(SeriesSets::NONE), ..Self::default() };
        let mut known = 0_usize;
        let mut names = text.split(',').map(str::trim).filter(|name| !name.is_empty()).peekable();
        let says_nothing = names.peek().is_none();
        for name in names {
            match name.parse() {
                Ok(set) => {
                    known += 1;
                    asked.sets = asked.sets.map(|sets| sets.with(set));
                }
                Err(_) => asked.note(name),
            }
        }
        // A lone typing error must not switch everything off.
        if known == 0 && !says_nothing {
            asked.sets = None;
        }
        asked
    }

    fn note(&mut self, unknown: &str) {
        let unknown = &unknown[..unknown.floor_char_boundary(LONGEST_UNKNOWN)];
        if self.unknown.iter().any(|known| known == unknown) {
            return;
        }
        if self.unknown.len() < MOST_UNKNOWN {
            self.unknown.push(unknown.to_owned());
        } else {
            self.unnamed += 1;
        }
    }

    /// What people are told of it, and were not told of `former`.
    pub fn complaints(&self, former: Option<&Self>) -> Vec<String> {
        let told = |name: &&String| former.is_none_or(|former| !former.unknown.contains(name));
        let named = self.unknown.iter().filter(told).map(|name| InvalidSeriesSet(name.clone()).to_string());
        let is_new = self.unnamed > 0 && former.is_none_or(|former| former.unnamed != self.unnamed);
        let more = is_new.then(|| format!("{} more of its entries name no series set", self.unnamed));
        named.chain(more).map(|text| format!("annotation {SERIES_SETS}: {text}")).collect()
    }
}
