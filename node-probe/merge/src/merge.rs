//! Puts the families of targets together, and says what it left out.

mod group;
mod identity;
#[cfg(test)]
mod tests;

use crate::family::Family;
use crate::grammar::{ends_as_open_metrics, grammar};
use crate::name::Names;
use crate::page::{Limits, Page, Sample};
use crate::refusal::Refusal;
use crate::time::millis;
use crate::write::write_page;
pub(crate) use group::Group;
use group::{Groups, Place};
use identity::Identities;
use longwire_export::exposition::Format;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

/// Why a sample of a target is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Longwire has a family of this name.
    Own,
    /// Another target has a family of this name with another type.
    Type,
    /// The same series, and the same timestamp or none, stands before it.
    Duplicate,
    /// Its timestamp is before 1970, or so late that the text format cannot say it.
    Time,
    /// Two of its labels have one name once their names are without UTF-8.
    Labels,
}

/// What is left out of a target for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    pub reason: Reason,
    pub samples: u64,
    /// The first one's family.
    pub family: String,
}

/// How much of a target is merged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    pub samples: u64,
    /// One of a reason.
    pub dropped: Vec<Dropped>,
}

/// One page of several bodies, which it borrows until it is written.
#[derive(Debug)]
pub struct Merge<'a> {
    format: Format,
    names: Names,
    own: Vec<&'a str>,
    /// Names that no family and no sample of a target may have.
    own_names: HashSet<Cow<'a, str>>,
    groups: Groups<'a>,
    identities: Identities<'a>,
    /// Samples of all targets so far.
    order: u32,
}

impl<'a> Merge<'a> {
    #[must_use]
    pub fn new(format: Format, names: Names) -> Self {
        Self {
            format,
            names,
            own: Vec::new(),
            own_names: HashSet::new(),
            groups: Groups::default(),
            identities: Identities::default(),
            order: 0,
        }
    }

    /// Longwire's own series, in the format of the page: they are copied as they are, before what targets have. Of targets that
    /// are merged earlier a family of the same name is left out without being counted, unless it is reserved.
    pub fn own(&mut self, body: &'a str) {
        let limits = Limits { bytes: usize::MAX, samples: usize::MAX, families: usize::MAX, labels: usize::MAX };
        // Our own body is not judged, only searched for names.
        let (mut page, _) = Page::read_until_wrong(body.as_bytes(), self.format, self.names, &limits);
        for sample in &page.samples {
            page.families.of_sample(sample.name(self.names), self.format);
        }
        for family in page.families.all() {
            self.reserve_family(family);
        }
        let is_closed = self.format == Format::OpenMetrics && ends_as_open_metrics(body.as_bytes());
        let open = || body.strip_suffix('\n').unwrap_or(body).strip_suffix("# EOF");
        self.own.push(if is_closed { open().unwrap_or(body) } else { body });
    }

    /// The name of a family that a later [`Merge::own`] has, with what its samples end with.
    pub fn reserve(&mut self, family: &'a str) {
        for suffix in ["", "_bucket", "_sum", "_count", "_created"] {
            self.own_names.insert(format!("{family}{suffix}").into());
        }
        if let Some(short) = family.strip_suffix("_total") {
            self.own_names.insert(short.into());
            self.own_names.insert(format!("{short}_created").into());
        }
    }

    fn reserve_family(&mut self, family: &Family<'a>) {
        let short = family.short_name();
        let companions = family.kind.companions().iter().map(|suffix| format!("{short}{suffix}").into());
        self.own_names.extend(companions.chain([short.to_owned().into()]).chain(family.sample_names()));
    }

    /// All of a target, or nothing if a line of it is wrong: then Prometheus would refuse it too.
    pub fn target(&mut self, content_type: Option<&str>, body: &'a [u8], limits: &Limits) -> Result<Accepted, Refusal> {
        let format = grammar(content_type, body)?;
        let Page { mut families, samples } = Page::read(body, format, self.names, limits)?;
        let mut last = ("", false, 0);
        let mut family_of = Vec::with_capacity(samples.len());
        for sample in &samples {
            // Samples of one name stand together as a rule.
            if family_of.is_empty() || (last.0, last.1) != (sample.raw_name(), sample.has_quoted_name) {
                let family = families.of_sample(sample.name(self.names), format);
                let family = family.ok_or(Refusal::Families { most: limits.families })?;
                last = (sample.raw_name(), sample.has_quoted_name, family);
            }
            family_of.push(last.2);
        }
        let mut tally = Tally::default();
        let mut places = vec![None; families.all().len()];
        for (sample, family_at) in samples.into_iter().zip(family_of) {
            let family = &families.all()[family_at];
            let place = *places[family_at].get_or_insert_with(|| self.groups.place(family, &self.own_names));
            match place.and_then(|group| self.admit(group, sample)) {
                Ok(()) => tally.samples += 1,
                Err(reason) => tally.drop(reason, family),
            }
        }
        Ok(tally.accepted())
    }

    fn admit(&mut self, group: Place, sample: Sample<'a>) -> Result<(), Reason> {
        let time = sample.time().map(|time| millis(time, sample.format));
        if self.format == Format::Text && time.is_some_and(|time| !(0..i64::MAX).contains(&time)) {
            return Err(Reason::Time);
        }
        let group = self.groups.at(group);
        self.identities.add(&sample, group.family.kind, self.names, time)?;
        group.samples.push((self.order, sample));
        self.order = self.order.saturating_add(1);
        Ok(())
    }

    /// The page, with `# EOF` in OpenMetrics.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        let Self { format, names, own, own_names, groups, identities: _, order: _ } = self;
        let mut out = Vec::with_capacity(own.iter().map(|body| body.len() + 1).sum::<usize>() + groups.bytes());
        for body in own.iter().filter(|body| !body.is_empty()) {
            out.extend_from_slice(body.as_bytes());
            if !body.ends_with('\n') {
                out.push(b'\n');
            }
        }
        write_page(&groups.into_groups(&own_names), format, names, &mut out);
        out
    }
}

#[derive(Debug, Default)]
struct Tally {
    samples: u64,
    dropped: BTreeMap<Reason, Dropped>,
}

/// Longest name of a family that is passed on, characters: it ends up in a log.
const MOST_SHOWN: usize = 120;

impl Tally {
    fn drop(&mut self, reason: Reason, family: &Family<'_>) {
        let named = || family.name.chars().take(MOST_SHOWN).flat_map(char::escape_debug).collect();
        self.dropped.entry(reason).or_insert_with(|| Dropped { reason, samples: 0, family: named() }).samples += 1;
    }

    fn accepted(self) -> Accepted {
        Accepted { samples: self.samples, dropped: self.dropped.into_values().collect() }
    }
}
