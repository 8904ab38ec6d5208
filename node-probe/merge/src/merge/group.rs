//! Families of all targets.

use super::Reason;
use crate::family::Family;
use crate::kind::Kind;
use crate::page::Sample;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// A family, and its samples with their place in the order of all.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    pub(crate) family: Family<'a>,
    pub(crate) samples: Vec<(u32, Sample<'a>)>,
}

/// Where a group is among all.
pub(super) type Place = usize;

#[derive(Debug, Default)]
pub(super) struct Groups<'a> {
    all: Vec<Group<'a>>,
    /// The group of each name that samples of it may have.
    owners: HashMap<Cow<'a, str>, usize>,
}

impl<'a> Groups<'a> {
    pub(super) fn at(&mut self, place: Place) -> &mut Group<'a> {
        &mut self.all[place]
    }

    pub(super) fn place(&mut self, family: &Family<'a>, own: &HashSet<Cow<'a, str>>) -> Result<Place, Reason> {
        if is_own(family, own) {
            return Err(Reason::Own);
        }
        let mut owners = family.sample_names().filter_map(|name| self.owners.get(&name).copied());
        let Some(owner) = owners.next() else {
            self.all.push(Group { family: family.clone(), samples: Vec::new() });
            return Ok(self.own_names(family, self.all.len() - 1));
        };
        if owners.any(|other| other != owner) {
            return Err(Reason::Type);
        }
        let known = &mut self.all[owner].family;
        if known.name != family.name {
            // `a_count` without a type belongs to the histogram `a` of another target.
            return if family.kind == Kind::Untyped { Ok(owner) } else { Err(Reason::Type) };
        }
        known.kind = known.kind.joined(family.kind).ok_or(Reason::Type)?;
        known.help = known.help.or(family.help);
        known.unit = known.unit.or(family.unit);
        Ok(self.own_names(family, owner))
    }

    fn own_names(&mut self, family: &Family<'a>, place: Place) -> Place {
        for name in family.sample_names() {
            self.owners.entry(name).or_insert(place);
        }
        place
    }

    /// About as many as its samples take.
    pub(super) fn bytes(&self) -> usize {
        let samples = self.all.iter().flat_map(|group| &group.samples);
        samples.map(|(_, sample)| sample.line.len() + 1).sum()
    }

    /// Those that are not ours.
    pub(super) fn into_groups(self, own: &HashSet<Cow<'a, str>>) -> Vec<Group<'a>> {
        let mut all = self.all;
        all.retain(|group| !group.samples.is_empty() && !is_own(&group.family, own));
        all
    }
}

fn is_own(family: &Family<'_>, own: &HashSet<Cow<'_, str>>) -> bool {
    own.contains(family.short_name()) || family.sample_names().any(|name| own.contains(&name))
}
