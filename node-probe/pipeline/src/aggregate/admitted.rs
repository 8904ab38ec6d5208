//! Which values of tags are exposed: some tags may have so many and no more.

use crate::labels::{Differences, OVERFLOW, UNKNOWN};
use hashbrown::HashMap;
use longwire_model::tag::TagName;

/// By tag, the values in label sets and how many label sets have them. As bounded as these are.
#[derive(Debug, Default)]
pub(crate) struct Admitted {
    values: HashMap<TagName, HashMap<Box<str>, u32>>,
    /// Values so far that read `overflow` instead.
    pub(super) folded: u64,
}

impl Admitted {
    /// The value, or what stands for it when `most` others are exposed already. The words for what is not known and for what
    /// has been folded need no room.
    pub(crate) fn admit(&mut self, name: &TagName, value: Box<str>, most: Option<u32>) -> Box<str> {
        let Some(most) = most else { return value };
        let known = self.values.get(name);
        let has_room = known.map_or(0, HashMap::len) < most as usize;
        if has_room || needs_no_room(&value) || known.is_some_and(|known| known.contains_key(&value)) {
            return value;
        }
        self.folded += 1;
        OVERFLOW.into()
    }

    /// A label set is there.
    pub(super) fn learn(&mut self, differences: &Differences) {
        for (name, value) in differences.values().filter(|(_, value)| !needs_no_room(value)) {
            *self.values.entry(name.clone()).or_default().entry_ref(value).or_default() += 1;
        }
    }

    /// It is gone, and with the last of a value the value.
    pub(super) fn forget(&mut self, differences: &Differences) {
        for (name, value) in differences.values() {
            let Some(known) = self.values.get_mut(name) else { continue };
            if let Some(sets) = known.get_mut(value) {
                *sets -= 1;
                if *sets == 0 {
                    known.remove(value);
                }
            }
            if known.is_empty() {
                self.values.remove(name);
            }
        }
    }
}

fn needs_no_room(value: &str) -> bool {
    value == OVERFLOW || value == UNKNOWN
}
