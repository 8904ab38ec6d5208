//! The result of one measurement.

use super::statistics::{median, spread};

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measured {
    /// Name in the table `figures`.
    pub(super) name: &'static str,
    pub(super) value: f64,
    /// In the same unit. `None`: there is no reference.
    pub(super) reference: Option<f64>,
    pub(super) ratio: Option<f64>,
    /// Interquartile range of the ratio over the rounds, or else of the value, relative to the median.
    pub(super) spread: Option<f64>,
    /// Further observations, for the terminal only.
    pub(super) note: String,
}

impl Measured {
    /// A value beside its reference, round by round.
    pub(super) fn beside(name: &'static str, values: &[f64], references: &[f64]) -> Self {
        let ratios: Vec<f64> = values.iter().zip(references).map(|(value, reference)| value / reference).collect();
        let (ratio, spread) = (Some(median(&ratios)), Some(spread(&ratios)));
        Self { reference: Some(median(references)), ratio, spread, ..Self::alone(name, median(values)) }
    }

    /// A value that is itself a ratio to a measurement of the same round.
    pub(super) fn ratio(name: &'static str, values: &[f64], references: &[f64]) -> Self {
        let beside = Self::beside(name, values, references);
        Self { value: beside.ratio.unwrap_or(1.0), reference: Some(1.0), ..beside }
    }

    /// With a reference near zero, for which a ratio would mean nothing.
    pub(super) fn over(name: &'static str, values: &[f64], references: &[f64]) -> Self {
        Self { ratio: None, spread: Some(spread(values)), ..Self::beside(name, values, references) }
    }

    /// A single measurement beside one of the reference.
    pub(super) fn once(name: &'static str, value: f64, reference: f64) -> Self {
        Self { reference: Some(reference), ratio: Some(value / reference), ..Self::alone(name, value) }
    }

    pub(super) fn alone(name: &'static str, value: f64) -> Self {
        Self { name, value, reference: None, ratio: None, spread: None, note: String::new() }
    }

    pub(super) fn note(mut self, note: String) -> Self {
        self.note = note;
        self
    }
}
