//! Values of labels that would be other ones: how many there are, and which are the most frequent.

use crate::labels::UNKNOWN;
use crate::observation::Reporter;
use crate::pipeline::series::groups;
use crate::resolve::Local;
use hashbrown::HashMap;
use longwire_model::estimate::{LabelEstimate, MAX_LABELS, MAX_VALUE_BYTES, MAX_VALUES};
use longwire_model::series::OVERFLOW;
use longwire_model::tag::TagName;
use longwire_model::telemetry::{Group, Telemetry};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Most different values of a label that are counted.
const MAX_COUNTED: usize = 4_096;

#[derive(Debug, Default)]
pub(super) struct LabelValues {
    labels: BTreeMap<TagName, Values>,
    /// Names of tags that are other ones then.
    changed: HashMap<PodEnd, Box<[TagName]>>,
}

/// The tenancy of a pod's slot, and the end at which it reports.
type PodEnd = ((u16, u16), Reporter);

#[derive(Debug, Default)]
struct Values {
    connections: u64,
    counts: HashMap<Box<str>, u64>,
    has_more: bool,
}

impl LabelValues {
    /// Tags of the pod that are other ones then. `today`: what is configured for it now.
    pub(super) fn changed(&mut self, then: &Local, today: Option<&Telemetry>, reporter: Reporter) -> Vec<TagName> {
        let pod = (then.slot.tenancy(), reporter);
        let names = self.changed.entry(pod).or_insert_with(|| {
            let today = today.map_or(&[][..], |today| groups(today, reporter));
            let mut names: Vec<TagName> = Vec::new();
            for Group { tags, metrics: _ } in groups(&then.telemetry, reporter) {
                let changed = tags.iter().filter(|tag| !today.iter().any(|group| group.tags.contains(tag)));
                names.extend(changed.map(|tag| tag.name.clone()));
            }
            names.sort_unstable();
            names.dedup();
            names.into()
        });
        names.to_vec()
    }

    /// A connection would have this value.
    pub(super) fn note(&mut self, name: &TagName, value: &str) {
        if self.labels.len() >= MAX_LABELS && !self.labels.contains_key(name) {
            return;
        }
        let values = self.labels.entry(name.clone()).or_default();
        values.connections += 1;
        let value = &value[..value.floor_char_boundary(MAX_VALUE_BYTES)];
        let is_counted = values.counts.len() < MAX_COUNTED
            || [UNKNOWN, OVERFLOW].contains(&value)
            || values.counts.contains_key(value);
        if is_counted {
            *values.counts.entry_ref(value).or_default() += 1;
        } else {
            values.has_more = true;
        }
    }

    pub(super) fn found(self) -> Vec<LabelEstimate> {
        let label = |(name, Values { connections, counts, has_more }): (TagName, Values)| {
            let of = |value: &str| counts.get(value).copied().unwrap_or_default();
            let (unknown, overflow, values) = (of(UNKNOWN), of(OVERFLOW), counts.len() as u64);
            let mut top: Vec<(String, u64)> = counts.into_iter().map(|(value, count)| (value.into(), count)).collect();
            top.sort_unstable_by(|one, next| (Reverse(one.1), &one.0).cmp(&(Reverse(next.1), &next.0)));
            top.truncate(MAX_VALUES);
            LabelEstimate { name: name.as_str().to_owned(), connections, unknown, overflow, values, has_more, top }
        };
        self.labels.into_iter().map(label).collect()
    }
}
