//! The values of tags that are exposed. A tag may have a limit of values.

use crate::labels::{Differences, UNKNOWN};
use hashbrown::{HashMap, HashSet};
use longwire_model::series::OVERFLOW;
use longwire_model::tag::TagName;

/// By namespace of the pods that report and by tag, the values in label sets and how many label sets have them: one
/// namespace cannot use up what another one's tag of the same name may have. As bounded as label sets are.
#[derive(Debug, Default)]
pub(crate) struct Admitted {
    namespaces: HashMap<Box<str>, Tags>,
    /// Values so far that were replaced by `overflow`.
    pub(super) overflowed: u64,
}

/// Values that there would be beside the admitted ones.
#[derive(Debug, Default)]
pub(super) struct Learned(HashMap<Box<str>, HashMap<TagName, HashSet<Box<str>>>>);

impl Learned {
    pub(super) fn learn(&mut self, admitted: &Admitted, namespace: &str, differences: &Differences) {
        for (name, value) in differences.values().filter(|(_, value)| !needs_no_room(value)) {
            if !admitted.has(namespace, name, value) {
                let tags = self.0.entry_ref(namespace).or_default();
                tags.entry(name.clone()).or_default().insert(value.into());
            }
        }
    }
}

type Tags = HashMap<TagName, HashMap<Box<str>, u32>>;

impl Admitted {
    /// The value, or `overflow` when `most` others are exposed already. `unknown` and `overflow` need no room.
    pub(crate) fn admit(&mut self, namespace: &str, name: &TagName, value: Box<str>, most: Option<u32>) -> Box<str> {
        let Some(most) = most else { return value };
        let known = self.namespaces.get(namespace).and_then(|tags| tags.get(name));
        let has_room = known.map_or(0, HashMap::len) < most as usize;
        if has_room || needs_no_room(&value) || known.is_some_and(|known| known.contains_key(&value)) {
            return value;
        }
        self.overflowed += 1;
        OVERFLOW.into()
    }

    /// What it would be, beside values that there would be too.
    pub(super) fn would_admit(
        &self,
        learned: &Learned,
        (namespace, name): (&str, &TagName),
        value: Box<str>,
        most: Option<u32>,
    ) -> Box<str> {
        let Some(most) = most else { return value };
        let known = self.namespaces.get(namespace).and_then(|tags| tags.get(name));
        let more = learned.0.get(namespace).and_then(|tags| tags.get(name));
        let has_room = known.map_or(0, HashMap::len) + more.map_or(0, HashSet::len) < most as usize;
        let is_known =
            known.is_some_and(|known| known.contains_key(&value)) || more.is_some_and(|more| more.contains(&value));
        if has_room || needs_no_room(&value) || is_known { value } else { OVERFLOW.into() }
    }

    fn has(&self, namespace: &str, name: &TagName, value: &str) -> bool {
        let tag = self.namespaces.get(namespace).and_then(|tags| tags.get(name));
        tag.is_some_and(|values| values.contains_key(value))
    }

    /// Adds the values of a new label set.
    pub(super) fn learn(&mut self, namespace: &str, differences: &Differences) {
        for (name, value) in differences.values().filter(|(_, value)| !needs_no_room(value)) {
            let tags = self.namespaces.entry_ref(namespace).or_default();
            *tags.entry(name.clone()).or_default().entry_ref(value).or_default() += 1;
        }
    }

    /// Removes the values of a label set that is gone. A value goes with its last label set.
    pub(super) fn forget(&mut self, namespace: &str, differences: &Differences) {
        let Some(tags) = self.namespaces.get_mut(namespace) else { return };
        for (name, value) in differences.values() {
            let Some(known) = tags.get_mut(name) else { continue };
            if let Some(sets) = known.get_mut(value) {
                *sets -= 1;
                if *sets == 0 {
                    known.remove(value);
                }
            }
            if known.is_empty() {
                tags.remove(name);
            }
        }
        if tags.is_empty() {
            self.namespaces.remove(namespace);
        }
    }
}

fn needs_no_room(value: &str) -> bool {
    value == OVERFLOW || value == UNKNOWN
}
