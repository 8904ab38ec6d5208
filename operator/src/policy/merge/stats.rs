//! Which of Envoy's statistics are on, list by list.

use super::conflicts::Conflicts;
use super::trail::Part;
use crate::source::object::Key;
use crate::source::object::policy::{Inclusions, StatsMatcher, StatsMode};
use longwire_model::matcher::{self, Pattern, StringMatcher};
use std::borrow::Cow;

/// Lists that include add up, each from the narrowest that gives it; rejecting and excluding are for the whole.
#[derive(Clone, Debug, Default)]
pub(super) enum StatsDraft<'a> {
    #[default]
    Silent,
    RejectAll(&'a Key),
    Exclusion(&'a [StringMatcher], &'a Key),
    Inclusion(Lists<'a>),
}

/// In the order of [`FIELDS`]; `None`: not set.
#[derive(Clone, Debug, Default)]
pub(super) struct Lists<'a>(pub(super) [Option<List<'a>>; 4]);

#[derive(Clone, Debug)]
pub(super) struct List<'a> {
    pub(super) matchers: Cow<'a, [StringMatcher]>,
    /// `None`: the pod's annotation.
    pub(super) by: Option<&'a Key>,
}

pub(super) const REJECT_ALL: &str = "spec.rejectAll";
pub(super) const EXCLUSION: &str = "spec.exclusionList";
pub(super) const FIELDS: [&str; 4] =
    ["spec.inclusionList", "spec.inclusionPrefixes", "spec.inclusionSuffixes", "spec.inclusionRegexps"];

impl<'a> StatsDraft<'a> {
    /// Of the same level, after older ones.
    pub(super) fn add(&mut self, stats: &'a StatsMatcher, conflicts: &mut Conflicts<'a>) {
        let Ok(spec) = &stats.spec else { return };
        let by = &stats.key;
        for field in fields(&spec.mode) {
            conflicts.trail.note(Some(by), field, Part::Field, self.says(&spec.mode, field));
        }
        match (&mut *self, &spec.mode) {
            (Self::Silent, mode) => *self = Self::of(mode, by),
            (Self::Inclusion(lists), StatsMode::Inclusion(more)) => lists.add(more, by, conflicts),
            (Self::RejectAll(_), StatsMode::RejectAll) => {}
            (Self::Exclusion(held, _), StatsMode::Exclusion(list)) if *held == list.as_slice() => {}
            (held, mode) => {
                let Some(winner) = held.source() else { return };
                fields(mode).into_iter().for_each(|field| conflicts.older(by, field, winner));
            }
        }
    }

    /// A narrower level.
    pub(super) fn cover(&mut self, narrower: Self) {
        match (&mut *self, narrower) {
            (_, Self::Silent) => {}
            (Self::Inclusion(lists), Self::Inclusion(narrower)) => lists.cover(narrower),
            (_, narrower) => *self = narrower,
        }
    }

    /// Rejecting all, and including nothing, are the same.
    pub(super) fn matcher(&self) -> Option<matcher::StatsMatcher> {
        match self {
            Self::Silent | Self::RejectAll(_) => None,
            Self::Exclusion(list, _) => Some(matcher::StatsMatcher::Exclusion(in_order(list.to_vec()))),
            Self::Inclusion(Lists(lists)) => {
                let all: Vec<_> = lists.iter().flatten().flat_map(|list| list.matchers.iter().cloned()).collect();
                (!all.is_empty()).then(|| matcher::StatsMatcher::Inclusion(in_order(all)))
            }
        }
    }

    fn of(mode: &'a StatsMode, by: &'a Key) -> Self {
        match mode {
            StatsMode::RejectAll => Self::RejectAll(by),
            StatsMode::Exclusion(list) => Self::Exclusion(list, by),
            StatsMode::Inclusion(given) => {
                let list = |given: Option<&'a [StringMatcher]>| Some(List { matchers: given?.into(), by: Some(by) });
                Self::Inclusion(Lists(lists(given).map(list)))
            }
        }
    }

    /// Whether it has the same in this field.
    fn says(&self, mode: &StatsMode, field: &str) -> bool {
        match (self, mode) {
            (Self::RejectAll(_), StatsMode::RejectAll) => true,
            (Self::Exclusion(held, _), StatsMode::Exclusion(list)) => *held == list.as_slice(),
            (Self::Inclusion(Lists(held)), StatsMode::Inclusion(given)) => {
                let mut both = FIELDS.into_iter().zip(held).zip(lists(given));
                both.any(|((name, held), given)| {
                    name == field && held.as_ref().map(|held| &*held.matchers) == given && given.is_some()
                })
            }
            _ => false,
        }
    }

    fn source(&self) -> Option<&'a Key> {
        match self {
            Self::Silent => None,
            Self::RejectAll(by) | Self::Exclusion(_, by) => Some(by),
            Self::Inclusion(Lists(lists)) => lists.iter().flatten().find_map(|list| list.by),
        }
    }
}

impl<'a> Lists<'a> {
    fn add(&mut self, more: &'a Inclusions, by: &'a Key, conflicts: &mut Conflicts<'a>) {
        for ((held, matchers), field) in self.0.iter_mut().zip(lists(more)).zip(FIELDS) {
            let Some(matchers) = matchers else { continue };
            match held {
                None => *held = Some(List { matchers: matchers.into(), by: Some(by) }),
                Some(List { matchers: held, by: Some(winner) }) if **held != *matchers => {
                    conflicts.older(by, field, winner);
                }
                Some(_) => {}
            }
        }
    }

    fn cover(&mut self, narrower: Self) {
        for (held, narrower) in self.0.iter_mut().zip(narrower.0) {
            if narrower.is_some() {
                *held = narrower;
            }
        }
    }
}

fn lists(given: &Inclusions) -> [Option<&[StringMatcher]>; 4] {
    let Inclusions { list, prefixes, suffixes, regexps } = given;
    [list.as_deref(), prefixes.as_deref(), suffixes.as_deref(), regexps.as_deref()]
}

fn fields(mode: &StatsMode) -> Vec<&'static str> {
    match mode {
        StatsMode::RejectAll => vec![REJECT_ALL],
        StatsMode::Exclusion(_) => vec![EXCLUSION],
        StatsMode::Inclusion(given) => {
            lists(given).into_iter().zip(FIELDS).filter_map(|(list, field)| list.map(|_| field)).collect()
        }
    }
}

/// So that the same patterns are the same matcher, however they were written.
fn in_order(mut matchers: Vec<StringMatcher>) -> Vec<StringMatcher> {
    let rank = |pattern: &Pattern| match pattern {
        Pattern::Exact(_) => 0,
        Pattern::Prefix(_) => 1,
        Pattern::Suffix(_) => 2,
        Pattern::Contains(_) => 3,
        Pattern::Regex(_) => 4,
    };
    matchers.sort_by_cached_key(|matcher| {
        let pattern = matcher.pattern();
        (rank(pattern), pattern.text().to_owned(), matcher.ignores_case())
    });
    matchers.dedup();
    matchers
}
