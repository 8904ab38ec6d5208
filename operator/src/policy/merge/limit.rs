//! The maximum number of labels that a pod may have in addition to the standard ones.

use super::ConflictKind;
use super::draft::{Draft, Extra};
use longwire_crds::limits::MAX_TAGS;
use longwire_model::tag::TagName;
use std::collections::{BTreeMap, BTreeSet};

/// Removes tags beyond the limit: broader objects' tags come first, then those first by name. So a namespace cannot
/// displace a tag of the whole cluster.
pub(super) fn enforce<'a>(draft: &mut Draft<'a>, tags: &mut Vec<Extra<'a>>) {
    let limit = draft.extra_tags.as_ref().map_or(MAX_TAGS, |setting| setting.value);
    let over = over(draft, tags, limit);
    if over.is_empty() {
        return;
    }
    let source = match draft.extra_tags.as_ref().and_then(|setting| setting.by) {
        Some(by) => format!("limits.extraTags of {by}"),
        None => "the most that a pod can have".to_owned(),
    };
    let mut lose = |loser: &crate::source::object::Key, field: &dyn std::fmt::Display| {
        let message = format_args!("{field}: left out, over {limit} extra tags, {source}");
        draft.conflicts.add(loser, ConflictKind::OverLimit, message);
    };
    for Extra { tag, at, by, .. } in tags.iter().filter(|extra| over.contains(&extra.tag.name)) {
        lose(by, &format_args!("spec.tags[{at}] {}", tag.name));
    }
    tags.retain(|extra| !over.contains(&extra.tag.name));
    for name in over {
        let Some(overrides) = draft.changes.remove(name) else { continue };
        let losers: BTreeMap<_, _> = overrides.iter().map(|(_, change)| (change.by, change.change.at)).collect();
        for (loser, at) in losers {
            lose(loser, &format_args!("{at}.tagOverrides.{name}"));
        }
    }
}

fn over<'a>(draft: &Draft<'a>, tags: &[Extra<'a>], limit: u32) -> BTreeSet<&'a TagName> {
    let mut depths: BTreeMap<&TagName, usize> = tags.iter().map(|extra| (&extra.tag.name, extra.depth)).collect();
    for (name, overrides) in draft.changes.iter().filter(|(name, _)| !name.is_standard()) {
        let added = overrides.iter().filter(|(_, change)| change.change.value.is_some());
        if let Some(depth) = added.map(|(_, change)| change.depth).min() {
            let known = depths.entry(name).or_insert(depth);
            *known = depth.min(*known);
        }
    }
    let mut ranked: Vec<(usize, &TagName)> = depths.into_iter().map(|(name, depth)| (depth, name)).collect();
    ranked.sort_unstable();
    ranked.into_iter().skip(limit as usize).map(|(_, name)| name).collect()
}
