//! Where each part of an outcome is from, and who wanted to set it too. Read from the draft that made the outcome.

use super::draft::{Draft, Extra, SERIES_SETS, Sourced, value};
use super::settings::{self, Setting};
use super::trail::{Claim, Part};
use super::{Level, Merged, Own};
use crate::source::object::Key;
use crate::source::object::policy::{MetricMatch, Reporter};
use longwire_crds::SERIES_SETS_ANNOTATION;
use longwire_live::effective_telemetry::{
    EffectiveOverride, EffectiveSet, EffectiveSetting, EffectiveTag, EffectiveTelemetryStatus, Loser, MetricSelection,
    ObjectReference, Origin, Provenance,
};
use longwire_model::series::{Metric, Metrics, SeriesSet};
use std::ptr;

/// Entries of one list.
const MAX_ENTRIES: usize = 128;
/// Losers of one part.
const MAX_LOST: usize = 8;

/// Who sets a part.
#[derive(Clone, Copy, Debug)]
pub(super) enum Giver<'a> {
    Object(&'a Key),
    /// By its annotation.
    Namespace,
    /// By one of its own annotations.
    Pod,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Explanation<'a, 'b> {
    pub(super) draft: &'b Draft<'a>,
    pub(super) levels: &'b [Level<'a>],
    pub(super) own: Own<'b>,
    pub(super) merged: &'b Merged,
}

impl<'a> Explanation<'a, '_> {
    /// Without what is known beside the merge: objects, annotations, problems.
    pub(super) fn status(&self, tags: &[Extra<'a>]) -> EffectiveTelemetryStatus {
        let mut status = EffectiveTelemetryStatus {
            series_sets: self.series_sets(),
            overrides: self.overrides(),
            tags: self.tags(tags),
            settings: self.settings(),
            left_out: self.draft.conflicts.trail.left_out(),
            ..EffectiveTelemetryStatus::default()
        };
        status.left_out += bound(&mut status.overrides) + bound(&mut status.tags) + bound(&mut status.settings);
        status
    }

    fn series_sets(&self) -> Vec<EffectiveSet> {
        let configured = self.draft.series_sets.as_ref();
        let giver = match (self.own.series_sets, configured) {
            (Some(_), _) => Some(Giver::Pod),
            (None, Some(Sourced { by, .. })) => Some(by.map_or(Giver::Namespace, Giver::Object)),
            (None, None) => None,
        };
        let winner = giver.map(|giver| {
            let is_annotation = !matches!(giver, Giver::Object(_));
            (giver, if is_annotation { annotation(SERIES_SETS_ANNOTATION) } else { SERIES_SETS.to_owned() })
        });
        let selected = self.own.series_sets.or(value(self.draft.series_sets)).unwrap_or_default();
        let set = |set: SeriesSet| {
            let on = self.merged.sets.contains(set);
            let mut entry = EffectiveSet { name: set.name().to_owned(), on, ..EffectiveSet::default() };
            let long = self.draft.long_connections.as_ref().and_then(|setting| setting.by);
            match (set, long) {
                (SeriesSet::KmeshConnection, Some(by)) if selected.contains(set) && !on => {
                    const FIELD: &str = "spec.longConnections.enabled";
                    entry.reason = Some("long connections are disabled".to_owned());
                    entry.provenance = self.of_field(Some((Giver::Object(by), FIELD.to_owned())), FIELD);
                }
                _ => {
                    entry.reason = (selected.contains(set) && !on).then(|| {
                        format!(
                            "another mesh's data plane reports the pod's connections: the pod's annotation \
                             {SERIES_SETS_ANNOTATION} may select it nevertheless"
                        )
                    });
                    entry.provenance = self.of_field(winner.clone(), SERIES_SETS);
                }
            }
            entry
        };
        SeriesSet::NAMED.into_iter().map(set).collect()
    }

    fn overrides(&self) -> Vec<EffectiveOverride> {
        let entry = |(matched, disabled): (MetricMatch, &super::draft::Disabled<'a>)| EffectiveOverride {
            disabled: disabled.disabled,
            metrics: self.selection(matched, |_| true),
            provenance: self.provenance(
                Some((Giver::Object(disabled.by), disabled.field())),
                |claim| matches!(claim.part, Part::Disabled(other) if overlap(other, matched)),
            ),
        };
        self.draft.disabled.iter().map(entry).collect()
    }

    fn tags(&self, extra: &[Extra<'a>]) -> Vec<EffectiveTag> {
        let mut tags = Vec::new();
        for (name, overrides) in &self.draft.changes {
            for (matched, change) in overrides.iter() {
                let expression = change.change.value.as_ref();
                let has_label = |metric: Metric| metric.family().labels().contains(&name.as_str());
                tags.push(EffectiveTag {
                    name: name.as_str().to_owned(),
                    value: expression.map(|expression| expression.text().to_owned()),
                    max_values: None,
                    metrics: self.selection(matched, |metric| expression.is_some() || has_label(metric)),
                    provenance: self.provenance(Some((Giver::Object(change.by), change.field(name))), |claim| {
                        matches!(claim.part, Part::Tag(other, of)
                            if other == *name && of.is_none_or(|of| overlap(of, matched)))
                    }),
                });
            }
        }
        for tag in extra {
            let name = &tag.tag.name;
            let taken = self.draft.changes.get(name).into_iter().flat_map(|overrides| overrides.iter());
            let rest = taken.fold(MetricMatch::of(None, None), |rest, (matched, _)| rest.difference(matched));
            if rest.is_empty() {
                continue;
            }
            tags.push(EffectiveTag {
                name: name.as_str().to_owned(),
                value: Some(tag.tag.value.text().to_owned()),
                max_values: Some(tag.tag.max_values),
                metrics: self.selection(rest, |_| true),
                provenance: self.provenance(
                    Some((Giver::Object(tag.by), tag.field())),
                    |claim| matches!(claim.part, Part::Tag(other, None) if other == name),
                ),
            });
        }
        tags.sort_by(|left, right| left.name.cmp(&right.name));
        tags
    }

    fn settings(&self) -> Vec<EffectiveSetting> {
        let settings = settings::of(self.draft, self.own);
        let of_stats: Vec<&str> =
            settings.iter().filter(|setting| setting.is_of_stats()).map(|one| one.at.as_str()).collect();
        let entry = |Setting { name, value, giver, field, at, cluster_wide }: &Setting<'a>| {
            let is_first = of_stats.first() == Some(&at.as_str());
            let is_claimed = |claim: &Claim<'a>| {
                let other = claim.field.as_str();
                // Lists of another mode lost as a whole.
                let is_replaced = is_first && settings::is_of_stats(other) && !of_stats.contains(&other);
                let level = self.levels.get(claim.depth).is_some_and(|level| level.is_cluster_wide);
                matches!(claim.part, Part::Field)
                    && (other == at || is_replaced)
                    && cluster_wide.is_none_or(|cluster_wide| cluster_wide == level)
            };
            let field = if matches!(giver, Giver::Pod) { annotation(field) } else { at.clone() };
            EffectiveSetting {
                name: name.clone(),
                value: value.clone(),
                provenance: self.provenance(Some((*giver, field)), is_claimed),
            }
        };
        settings.iter().map(entry).collect()
    }

    fn of_field(&self, winner: Option<(Giver<'a>, String)>, field: &str) -> Provenance {
        self.provenance(winner, |claim| matches!(claim.part, Part::Field) && claim.field == field)
    }

    fn provenance(&self, winner: Option<(Giver<'a>, String)>, is_about_it: impl Fn(&Claim<'a>) -> bool) -> Provenance {
        let Some((giver, field)) = winner else { return Provenance::default() };
        let claims = self.draft.conflicts.trail.claims();
        let is_its_own = |claim: &Claim<'_>| match (giver, claim.by) {
            (Giver::Object(by), Some(other)) => ptr::eq(by, other) && claim.field == field,
            (Giver::Namespace, None) => Some(claim.depth) == self.annotated(),
            _ => false,
        };
        let depth = match giver {
            Giver::Object(by) => {
                claims.iter().find(|claim| claim.by.is_some_and(|other| ptr::eq(by, other))).map(|claim| claim.depth)
            }
            Giver::Namespace => self.annotated(),
            Giver::Pod => None,
        };
        // The nearest first.
        let lost = claims.iter().rev().filter(|claim| is_about_it(claim) && !is_its_own(claim));
        let mut lost: Vec<Loser> = lost
            .filter(|claim| !(claim.agrees && Some(claim.depth) == depth))
            .map(|claim| Loser { origin: self.origin_of(claim), why: self.why(giver, depth, claim) })
            .collect();
        let more_lost = lost.split_off(lost.len().min(MAX_LOST)).len() as u64;
        let object = self.reference(giver, depth);
        Provenance { from: Some(Origin { object, field }), lost, more_lost }
    }

    fn why(&self, giver: Giver<'a>, depth: Option<usize>, claim: &Claim<'a>) -> String {
        let winner = match giver {
            Giver::Pod => return "the pod's annotation goes before it".to_owned(),
            Giver::Namespace => "the annotation of the Namespace".to_owned(),
            Giver::Object(by) => self.named(by),
        };
        let is_tag = matches!(claim.part, Part::Tag(_, None));
        let overrides = |by: &Key| claim.by.is_some_and(|loser| loser.kind != by.kind);
        match giver {
            Giver::Object(by) if is_tag && overrides(by) => format!("{winner} overrides it"),
            _ if depth != Some(claim.depth) => format!("{winner} is narrower"),
            _ if claim.by.is_none() => format!("{winner} goes before an annotation of the Namespace"),
            _ => format!("{winner} is older, or first by name"),
        }
    }

    fn origin_of(&self, claim: &Claim<'a>) -> Origin {
        match claim.by {
            Some(by) => Origin { object: self.reference(Giver::Object(by), None), field: claim.field.clone() },
            None => {
                let object = self.reference(Giver::Namespace, Some(claim.depth));
                Origin { object, field: annotation(SERIES_SETS_ANNOTATION) }
            }
        }
    }

    fn reference(&self, giver: Giver<'a>, depth: Option<usize>) -> ObjectReference {
        let of = |kind: &str| ObjectReference { kind: kind.to_owned(), ..ObjectReference::default() };
        match giver {
            Giver::Pod => of("Pod"),
            Giver::Object(by) if self.is_default(by) => of("Defaults"),
            Giver::Object(by) => reference(by),
            Giver::Namespace => {
                let level = depth.and_then(|depth| self.levels.get(depth));
                let namespace = level.and_then(|level| level.namespace).unwrap_or_default();
                ObjectReference { name: Some(namespace.to_owned()), ..of("Namespace") }
            }
        }
    }

    fn named(&self, by: &Key) -> String {
        if self.is_default(by) { "the defaults".to_owned() } else { by.to_string() }
    }

    /// It is no object of the cluster.
    fn is_default(&self, by: &Key) -> bool {
        let mut defaults =
            self.levels.iter().filter(|level| level.namespace.is_none()).flat_map(|level| &level.telemetry);
        defaults.any(|policy| ptr::eq(&raw const policy.key, by))
    }

    /// The level whose annotation decides, if one does.
    fn annotated(&self) -> Option<usize> {
        self.levels.iter().rposition(|level| level.annotated.is_some())
    }

    /// Of the metrics that are on and that it can be about.
    fn selection(&self, matched: MetricMatch, is_about: impl Fn(Metric) -> bool) -> MetricSelection {
        let on: Vec<Metric> = Metrics::from(self.merged.sets).iter().filter(|metric| is_about(*metric)).collect();
        let names = |reporter| -> Vec<String> {
            let chosen = on.iter().filter(|metric| matched.contains(**metric, reporter));
            chosen.map(|metric| metric.family().name.to_owned()).collect()
        };
        let (source, destination) = (names(Reporter::Source), names(Reporter::Destination));
        if source.is_empty() && destination.is_empty() {
            return MetricSelection { none_on: true, ..MetricSelection::default() };
        }
        if source.len() == on.len() && destination.len() == on.len() {
            return MetricSelection::default();
        }
        MetricSelection { source, destination, none_on: false }
    }
}

/// By its name alone.
pub(crate) fn reference(Key { kind, name }: &Key) -> ObjectReference {
    ObjectReference {
        kind: format!("{kind:?}"),
        namespace: Some(name.namespace.clone()).filter(|namespace| !namespace.is_empty()),
        name: Some(name.name.clone()),
    }
}

fn annotation(name: &str) -> String {
    format!("metadata.annotations.{name}")
}

fn overlap(one: MetricMatch, other: MetricMatch) -> bool {
    !one.intersection(other).is_empty()
}

fn bound<T>(entries: &mut Vec<T>) -> u64 {
    entries.split_off(entries.len().min(MAX_ENTRIES)).len() as u64
}
