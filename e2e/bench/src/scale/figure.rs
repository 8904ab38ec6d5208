//! A measured value and its limit.

/// The limit of a value, which the run checks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Bound {
    AtMost(f64),
    Exactly(f64),
    /// Without a limit, for information.
    None,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) value: f64,
    pub(super) bound: Bound,
    /// One sentence or two for the page.
    pub(super) how: &'static str,
    /// For the terminal.
    pub(super) note: String,
}

impl Figure {
    pub(super) fn new(name: &'static str, unit: &'static str, value: f64, bound: Bound, how: &'static str) -> Self {
        Self { name, unit, value, bound, how, note: String::new() }
    }

    pub(super) fn with(self, note: String) -> Self {
        Self { note, ..self }
    }

    pub(super) fn is_within(&self) -> bool {
        match self.bound {
            Bound::AtMost(most) => self.value <= most,
            Bound::Exactly(value) => (self.value - value).abs() < f64::EPSILON,
            Bound::None => true,
        }
    }
}
