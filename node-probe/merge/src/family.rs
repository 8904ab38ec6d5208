//! Families of one body, named as their samples are in the text format: a counter's name ends with `_total`, an info's with `_info`.
//!
//! Samples that OpenMetrics has in a family and the text format has not, such as `_created`, are families of their own here.

use crate::kind::Kind;
use crate::name;
use crate::name::Names;
use longwire_export::exposition::Format;
use std::borrow::Cow;
use std::collections::HashMap;

/// What a line of metadata says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fact<'a> {
    Help(&'a str),
    Kind(Kind),
    Unit(&'a str),
}

/// Lines of metadata that stand together and have one name.
#[derive(Debug)]
pub(crate) struct Declaration<'a> {
    name: &'a str,
    is_quoted: bool,
    help: Option<&'a str>,
    kind: Option<Kind>,
    unit: Option<&'a str>,
}

impl<'a> Declaration<'a> {
    pub(crate) fn new(name: &'a str, is_quoted: bool) -> Self {
        Self { name, is_quoted, help: None, kind: None, unit: None }
    }

    /// A gauge and a counter may have one name in OpenMetrics: a second line of the same keyword begins the second.
    pub(crate) fn takes(&self, name: &str, fact: &Fact<'_>) -> bool {
        let is_new = match fact {
            Fact::Help(_) => self.help.is_none(),
            Fact::Kind(_) => self.kind.is_none(),
            Fact::Unit(_) => self.unit.is_none(),
        };
        is_new && self.name == name
    }

    pub(crate) fn take(&mut self, fact: Fact<'a>) {
        match fact {
            Fact::Help(help) => self.help = Some(help),
            Fact::Kind(kind) => self.kind = Some(kind),
            Fact::Unit(unit) => self.unit = Some(unit).filter(|unit| !unit.is_empty()),
        }
    }
}

/// A text as it is written in a format.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Help<'a> {
    pub(crate) text: &'a str,
    pub(crate) format: Format,
}

#[derive(Clone, Debug)]
pub(crate) struct Family<'a> {
    /// Of its samples, without suffixes.
    pub(crate) name: Cow<'a, str>,
    pub(crate) kind: Kind,
    pub(crate) help: Option<Help<'a>>,
    pub(crate) unit: Option<&'a str>,
}

impl<'a> Family<'a> {
    /// All names that its samples may have. Nobody else's samples may.
    pub(crate) fn sample_names(&self) -> impl Iterator<Item = Cow<'a, str>> {
        let suffixed = self.kind.suffixes().iter().map(|suffix| Cow::Owned(format!("{}{suffix}", self.name)));
        [self.name.clone()].into_iter().chain(suffixed)
    }

    /// The family's name in OpenMetrics, if nothing else has it.
    pub(crate) fn short_name(&self) -> &str {
        let short = self.kind.ending().and_then(|ending| self.name.strip_suffix(ending));
        short.filter(|short| !short.is_empty()).unwrap_or(&self.name)
    }
}

#[derive(Debug)]
pub(crate) struct Families<'a> {
    names: Names,
    most: usize,
    all: Vec<Family<'a>>,
    by_name: HashMap<Cow<'a, str>, usize>,
}

impl<'a> Families<'a> {
    pub(crate) fn new(names: Names, most: usize) -> Self {
        Self { names, most, all: Vec::new(), by_name: HashMap::new() }
    }

    pub(crate) fn all(&self) -> &[Family<'a>] {
        &self.all
    }

    /// False: there are too many. What is said first of a family stays.
    pub(crate) fn declare(&mut self, declaration: &Declaration<'a>, format: Format) -> bool {
        let Declaration { name, is_quoted, help, kind, unit } = *declaration;
        let mut name = name::metric(name, is_quoted, self.names);
        let kind = kind.unwrap_or(Kind::Untyped);
        // Many leave the ending in the family's name.
        if let (Format::OpenMetrics, Some(ending)) = (format, kind.ending())
            && !name.ends_with(ending)
        {
            name.to_mut().push_str(ending);
        }
        let help = help.map(|text| Help { text, format });
        if let Some(known) = self.by_name.get(&name).and_then(|at| self.all.get_mut(*at)) {
            if known.kind == Kind::Untyped {
                known.kind = kind;
            }
            known.help = known.help.or(help);
            known.unit = known.unit.or(unit);
            return true;
        }
        self.push(Family { name, kind, help, unit }).is_some()
    }

    /// Where the family of a sample is among all. `None`: there are too many.
    pub(crate) fn of_sample(&mut self, name: Cow<'a, str>, format: Format) -> Option<usize> {
        if let Some(at) = self.by_suffix(&name).or_else(|| self.by_name.get(&name).copied()) {
            return Some(at);
        }
        let family = match (format, self.ended(&name), self.companion_of(&name)) {
            (Format::OpenMetrics, Some(family), _) => Family { name, ..family.clone() },
            (Format::OpenMetrics, None, Some(family)) => {
                Family { name, kind: Kind::Gauge, help: family.help, unit: None }
            }
            _ => Family { name, kind: Kind::Untyped, help: None, unit: None },
        };
        self.push(family)
    }

    /// A family that is declared with the ending of its samples, which have it twice then.
    fn ended(&self, name: &str) -> Option<&Family<'a>> {
        let mut endings = ["_total", "_info"].into_iter();
        let ended = |ending| self.all.get(*self.by_name.get(name.strip_suffix(ending)?)?);
        endings.find_map(|ending| ended(ending).filter(|family| family.kind.ending() == Some(ending)))
    }

    /// A family whose samples have the suffix.
    fn by_suffix(&self, name: &str) -> Option<usize> {
        let (at, suffix) = suffix_of(name).and_then(|suffix| {
            let at = self.by_name.get(name.strip_suffix(suffix)?)?;
            Some((*at, suffix))
        })?;
        self.all.get(at)?.kind.suffixes().contains(&suffix).then_some(at)
    }

    /// The family in which OpenMetrics has such samples.
    fn companion_of(&self, name: &str) -> Option<&Family<'a>> {
        companion(name, |name| self.by_name.get(name).and_then(|at| self.all.get(*at)), |family| family.kind)
    }

    fn push(&mut self, family: Family<'a>) -> Option<usize> {
        if self.all.len() >= self.most {
            return None;
        }
        self.by_name.insert(family.name.clone(), self.all.len());
        self.all.push(family);
        Some(self.all.len() - 1)
    }
}

fn suffix_of(name: &str) -> Option<&'static str> {
    ["_bucket", "_sum", "_count"].into_iter().find(|suffix| name.ends_with(suffix))
}

/// The family in which OpenMetrics has the samples of this name, though the text format has not.
pub(crate) fn companion<'f, T>(
    name: &str,
    find: impl Fn(&str) -> Option<&'f T>,
    kind: impl Fn(&T) -> Kind,
) -> Option<&'f T> {
    let suffix = ["_created", "_gcount", "_gsum"].into_iter().find(|suffix| name.ends_with(suffix))?;
    let base = name.strip_suffix(suffix)?;
    let is_in = |found: &&'f T| kind(found).companions().contains(&suffix);
    find(base)
        .filter(is_in)
        .or_else(|| find(&format!("{base}_total")).filter(is_in).filter(|found| kind(found) == Kind::Counter))
}
