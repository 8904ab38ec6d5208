//! Differences of a label set from the table: labels that are replaced, left out and added.

use crate::state::Flaw;
use longwire_model::tag::TagName;
use serde::{Deserialize, Serialize};

/// By name, sorted, no name twice. Empty for most label sets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Differences(Box<[(TagName, Option<Box<str>>)]>);

/// A label beside its text.
const LABEL: usize = size_of::<(TagName, Option<Box<str>>)>() + 16;

impl Differences {
    /// `None`: the label is left out. Values are not empty.
    pub(crate) fn new(labels: Vec<(TagName, Option<Box<str>>)>) -> Self {
        Self(labels.into_boxed_slice())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names with their values.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&TagName, &str)> {
        self.0.iter().filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }

    /// The same, but these labels are as in the table.
    pub(crate) fn without(&self, names: &[&str]) -> Self {
        Self(self.0.iter().filter(|(name, _)| !names.contains(&name.as_str())).cloned().collect())
    }

    /// Bytes that they take, with the allocator's share.
    pub(crate) fn bytes(&self) -> usize {
        let of =
            |(name, value): &(TagName, Option<Box<str>>)| name.as_str().len() + value.as_deref().map_or(0, str::len);
        self.0.iter().map(|label| of(label) + LABEL).sum()
    }

    /// `None`: as in the table; `Some(None)`: left out.
    pub(crate) fn of(&self, name: &str) -> Option<Option<&str>> {
        let at = self.0.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
        Some(self.0[at].1.as_deref())
    }

    /// Whether saved differences can have been made by [`Differences::new`].
    pub(crate) fn checked(self) -> Result<Self, Flaw> {
        let is_sorted = self.0.is_sorted_by(|(one, _), (next, _)| one.as_str() < next.as_str());
        let are_named = self.values().all(|(_, value)| !value.is_empty());
        if is_sorted && are_named { Ok(self) } else { Err(Flaw::Implausible("label")) }
    }
}
