//! Families as OpenMetrics has them: names of counters without `_total`, and samples such as `_created` among those of their family.

use super::sample;
use super::title::{self, Title};
use crate::family::companion;
use crate::kind::Kind;
use crate::merge::Group;
use crate::name::Names;
use crate::page::Sample;
use longwire_export::exposition::Format;
use std::collections::{HashMap, HashSet};

pub(super) fn write(groups: &[Group<'_>], names: Names, out: &mut Vec<u8>) {
    let by_name: HashMap<&str, usize> =
        groups.iter().enumerate().map(|(at, group)| (&*group.family.name, at)).collect();
    let is_short = short(groups, &by_name);
    let mut companions: HashMap<usize, Vec<&Group<'_>>> = HashMap::new();
    let mut is_companion = vec![false; groups.len()];
    for (at, group) in groups.iter().enumerate() {
        let parent = parent(group, groups, &by_name).filter(|parent| is_short[*parent]);
        if let Some(parent) = parent {
            companions.entry(parent).or_default().push(group);
            is_companion[at] = true;
        }
    }
    for (at, group) in groups.iter().enumerate().filter(|(at, _)| !is_companion[*at]) {
        title::write(&Title::of_open_metrics(&group.family, is_short[at]), group.family.help, Format::OpenMetrics, out);
        let others = companions.remove(&at).unwrap_or_default();
        let all = [group]
            .into_iter()
            .chain(others)
            .flat_map(|Group { family, samples }| samples.iter().map(|(order, sample)| (*order, sample, family.kind)));
        let mut all: Vec<(u32, &Sample<'_>, Kind)> = all.collect();
        // As they came: Prometheus expects `_created` next to what was created.
        all.sort_by_key(|(order, ..)| *order);
        all.into_iter().for_each(|(_, line, kind)| sample::write(line, kind, Format::OpenMetrics, names, out));
    }
}

/// Of each group whether it is called as OpenMetrics wants it. Else another family has that name already, as the gauge
/// `go_memstats_alloc_bytes` has that of a counter, or a counter's samples do not end with `_total`.
fn short(groups: &[Group<'_>], by_name: &HashMap<&str, usize>) -> Vec<bool> {
    let mut taken = HashSet::new();
    let is_short = |group: &Group<'_>| {
        let (name, short) = (&*group.family.name, group.family.short_name());
        let has_ending =
            group.family.kind.ending().is_none_or(|ending| name.len() > ending.len() && name.ends_with(ending));
        has_ending && (name == short || !by_name.contains_key(short) && taken.insert(short.to_owned()))
    };
    groups.iter().map(is_short).collect()
}

/// The group among whose samples OpenMetrics has those of this one.
fn parent(group: &Group<'_>, groups: &[Group<'_>], by_name: &HashMap<&str, usize>) -> Option<usize> {
    if !matches!(group.family.kind, Kind::Gauge | Kind::Untyped) {
        return None;
    }
    let at = |name: &str| by_name.get(name);
    companion(&group.family.name, at, |at| groups[*at].family.kind).copied()
}
