//! Which series an object asks for: the annotation `telemetry.longwire.io/series-sets`.

use longwire_model::series::SeriesSets;
use std::collections::BTreeMap;

/// A comma list of series sets, on a Namespace or a Pod.
pub const SERIES_SETS: &str = "telemetry.longwire.io/series-sets";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// `None`: the object leaves it to a broader one. An empty annotation asks for nothing at all.
    pub sets: Option<SeriesSets>,
    /// What of the annotation names no series set.
    pub unknown: Vec<String>,
}

impl Asked {
    pub(super) fn of(annotations: Option<&BTreeMap<String, String>>) -> Self {
        let Some(text) = annotations.and_then(|annotations| annotations.get(SERIES_SETS)) else {
            return Self::default();
        };
        let (mut sets, mut unknown) = (SeriesSets::NONE, Vec::new());
        let names: Vec<&str> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        for name in &names {
            match name.parse() {
                Ok(set) => sets = sets.with(set),
                Err(_) => unknown.push((*name).to_owned()),
            }
        }
        // A lone typing error must not switch everything off.
        let understood = names.is_empty() || unknown.len() < names.len();
        Self { sets: understood.then_some(sets), unknown }
    }
}
