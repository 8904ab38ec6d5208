//! Who wanted to set which part, kept only for whoever asks where a pod's settings come from.

use crate::source::object::Key;
use crate::source::object::policy::MetricMatch;
use longwire_model::tag::TagName;
use std::fmt::Display;

/// Of one pod. A namespace has no room for many objects that set more.
const MAX_CLAIMS: usize = 4_096;

/// A field that an object or annotation sets.
#[derive(Clone, Debug)]
pub(super) struct Claim<'a> {
    /// `None`: the annotation of the level's namespace.
    pub(super) by: Option<&'a Key>,
    /// Of its level.
    pub(super) depth: usize,
    pub(super) field: String,
    pub(super) part: Part<'a>,
    /// It says nothing else than what goes before it in its level.
    pub(super) agrees: bool,
}

/// What a claim is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'a> {
    /// The field, which is the same in all objects.
    Field,
    Disabled(MetricMatch),
    /// `None`: an extra tag, which is for every metric.
    Tag(&'a TagName, Option<MetricMatch>),
}

#[derive(Debug, Default)]
pub(super) struct Trail<'a> {
    /// `None`: nobody asks.
    claims: Option<Vec<Claim<'a>>>,
    depth: usize,
    left_out: u64,
}

impl<'a> Trail<'a> {
    pub(super) fn kept() -> Self {
        Self { claims: Some(Vec::new()), ..Self::default() }
    }

    /// For a level, if this one is kept.
    pub(super) fn of_level(&self, depth: usize) -> Self {
        Self { claims: self.claims.as_ref().map(|_| Vec::new()), depth, left_out: 0 }
    }

    pub(super) fn note(&mut self, by: Option<&'a Key>, field: impl Display, part: Part<'a>, agrees: bool) {
        let Some(claims) = &mut self.claims else { return };
        if claims.len() < MAX_CLAIMS {
            claims.push(Claim { by, depth: self.depth, field: field.to_string(), part, agrees });
        } else {
            self.left_out += 1;
        }
    }

    pub(super) fn absorb(&mut self, level: Self) {
        let Self { claims, depth: _, left_out } = level;
        self.left_out += left_out;
        if let (Some(kept), Some(mut claims)) = (&mut self.claims, claims) {
            self.left_out += claims.split_off(claims.len().min(MAX_CLAIMS - kept.len())).len() as u64;
            kept.append(&mut claims);
        }
    }

    pub(super) fn claims(&self) -> &[Claim<'a>] {
        self.claims.as_deref().unwrap_or_default()
    }

    /// Claims that were not kept.
    pub(super) fn left_out(&self) -> u64 {
        self.left_out
    }
}
