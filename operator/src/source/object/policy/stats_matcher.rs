//! StatsMatcher, checked.

use super::refusal::{Refusal, at_most};
use super::selector::Selector;
use super::{Policy, policy};
use crate::source::object::{InvalidObject, Kind};
use longwire_crds::limits::MAX_PATTERNS;
use longwire_crds::stats_matcher as crd;
use longwire_model::matcher::{InvalidMatcher, Pattern, StringMatcher, WholeRegex};

/// Patterns that a warning names, and bytes of each.
const MAX_IDLE: usize = 3;
const MAX_IDLE_BYTES: usize = 100;

pub type StatsMatcher = Policy<StatsSpec>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatsSpec {
    pub(crate) selector: Option<Selector>,
    pub(crate) mode: StatsMode,
    /// Patterns that match no statistic, whatever Services there are: the field of each and its text, a few at most.
    pub(crate) idle: Vec<String>,
}

/// Which statistics there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StatsMode {
    RejectAll,
    Exclusion(Vec<StringMatcher>),
    Inclusion(Inclusions),
}

/// Statistics that any of the lists includes. `None`: there is no list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inclusions {
    pub list: Option<Vec<StringMatcher>>,
    pub prefixes: Option<Vec<StringMatcher>>,
    pub(crate) suffixes: Option<Vec<StringMatcher>>,
    pub regexps: Option<Vec<StringMatcher>>,
}

impl Inclusions {
    /// Each with its field.
    #[must_use]
    pub(crate) fn lists(&self) -> [(&'static str, Option<&Vec<StringMatcher>>); 4] {
        let Self { list, prefixes, suffixes, regexps } = self;
        [
            ("spec.inclusionList.patterns", list.as_ref()),
            ("spec.inclusionPrefixes", prefixes.as_ref()),
            ("spec.inclusionSuffixes", suffixes.as_ref()),
            ("spec.inclusionRegexps", regexps.as_ref()),
        ]
    }
}

/// Of one kind, from its text.
pub(crate) type ToPattern = fn(&str) -> Result<Pattern, InvalidMatcher>;

pub(crate) fn prefix(text: &str) -> Result<Pattern, InvalidMatcher> {
    Ok(Pattern::Prefix(text.to_owned()))
}

pub(crate) fn suffix(text: &str) -> Result<Pattern, InvalidMatcher> {
    Ok(Pattern::Suffix(text.to_owned()))
}

pub(crate) fn regex(text: &str) -> Result<Pattern, InvalidMatcher> {
    WholeRegex::parse(text).map(Pattern::Regex)
}

impl TryFrom<longwire_crds::StatsMatcher> for StatsMatcher {
    type Error = InvalidObject;

    fn try_from(object: longwire_crds::StatsMatcher) -> Result<Self, InvalidObject> {
        policy(Kind::StatsMatcher, object.metadata, read_spec(object.spec))
    }
}

fn read_spec(spec: crd::StatsMatcherSpec) -> Result<StatsSpec, Refusal> {
    let crd::StatsMatcherSpec {
        selector,
        reject_all,
        inclusion_list,
        exclusion_list,
        inclusion_prefixes,
        inclusion_suffixes,
        inclusion_regexps,
    } = spec;
    let selector = Selector::read(selector)?;
    let given = [reject_all.is_some(), inclusion_list.is_some(), exclusion_list.is_some()];
    if given.into_iter().filter(|given| *given).count() > 1 {
        return Err(Refusal::invalid("spec: at most one of rejectAll, inclusionList and exclusionList may be given"));
    }
    let listed = [&inclusion_prefixes, &inclusion_suffixes, &inclusion_regexps].into_iter().any(Option::is_some);
    if listed && (reject_all.is_some() || exclusion_list.is_some()) {
        return Err(Refusal::invalid(
            "spec: inclusionPrefixes, inclusionSuffixes and inclusionRegexps must not be given beside rejectAll or \
             exclusionList",
        ));
    }
    let mode = match (reject_all, exclusion_list) {
        (Some(true), _) => StatsMode::RejectAll,
        (Some(false), _) => {
            return Err(Refusal::invalid("spec.rejectAll: must be true; leave rejectAll out to reject nothing"));
        }
        (None, Some(list)) => StatsMode::Exclusion(patterns("spec.exclusionList.patterns", list)?),
        (None, None) if inclusion_list.is_none() && !listed => {
            return Err(Refusal::invalid(
                "spec: must have one of rejectAll, inclusionList, exclusionList, inclusionPrefixes, inclusionSuffixes \
                 and inclusionRegexps",
            ));
        }
        (None, None) => StatsMode::Inclusion(Inclusions {
            list: inclusion_list.map(|list| patterns("spec.inclusionList.patterns", list)).transpose()?,
            prefixes: texts("spec.inclusionPrefixes", inclusion_prefixes, prefix)?,
            suffixes: texts("spec.inclusionSuffixes", inclusion_suffixes, suffix)?,
            regexps: texts("spec.inclusionRegexps", inclusion_regexps, regex)?,
        }),
    };
    let idle = idle(&mode);
    Ok(StatsSpec { selector, mode, idle })
}

fn idle(mode: &StatsMode) -> Vec<String> {
    let lists = match mode {
        StatsMode::RejectAll => Vec::new(),
        StatsMode::Exclusion(list) => vec![("spec.exclusionList.patterns", list)],
        StatsMode::Inclusion(given) => {
            given.lists().into_iter().flat_map(|(field, list)| Some((field, list?))).collect()
        }
    };
    let patterns = lists.into_iter().flat_map(|(field, list)| list.iter().enumerate().map(move |it| (field, it)));
    let idle = patterns.filter(|(_, (_, matcher))| !matcher.can_match_a_statistic());
    let text = |(field, (at, matcher)): (&str, (usize, &StringMatcher))| {
        let pattern = matcher.pattern().text();
        let pattern = &pattern[..pattern.floor_char_boundary(MAX_IDLE_BYTES)];
        format!("{field}[{at}]: {pattern:?}")
    };
    idle.map(text).take(MAX_IDLE).collect()
}

fn texts(
    field: &str,
    texts: Option<Vec<String>>,
    to_pattern: ToPattern,
) -> Result<Option<Vec<StringMatcher>>, Refusal> {
    let Some(texts) = texts else { return Ok(None) };
    some_but_not_many(field, texts.len())?;
    let matcher = |(at, text): (usize, &String)| {
        let matcher = to_pattern(text).and_then(|pattern| StringMatcher::new(pattern, false));
        matcher.map_err(Refusal::at(format!("{field}[{at}]")))
    };
    texts.iter().enumerate().map(matcher).collect::<Result<_, _>>().map(Some)
}

fn patterns(field: &str, list: crd::PatternList) -> Result<Vec<StringMatcher>, Refusal> {
    some_but_not_many(field, list.patterns.len())?;
    let matcher = |(at, matcher)| read_matcher(&format!("{field}[{at}]"), matcher);
    list.patterns.into_iter().enumerate().map(matcher).collect()
}

fn read_matcher(field: &str, matcher: crd::StringMatcher) -> Result<StringMatcher, Refusal> {
    let crd::StringMatcher { exact, prefix, suffix, contains, safe_regex, ignore_case } = matcher;
    let regex = safe_regex.map(|safe| WholeRegex::parse(&safe.regex));
    let regex = regex.transpose().map_err(Refusal::at(format!("{field}.safeRegex.regex")))?;
    let kinds = [
        exact.map(Pattern::Exact),
        prefix.map(Pattern::Prefix),
        suffix.map(Pattern::Suffix),
        contains.map(Pattern::Contains),
        regex.map(Pattern::Regex),
    ];
    let mut given = kinds.into_iter().flatten();
    let (Some(pattern), None) = (given.next(), given.next()) else {
        return Err(Refusal::invalid(format!(
            "{field}: exactly one of exact, prefix, suffix, contains and safeRegex must be given"
        )));
    };
    let ignore_case = ignore_case.unwrap_or(false);
    if ignore_case && matches!(pattern, Pattern::Regex(_)) {
        return Err(Refusal::invalid(format!(
            "{field}.ignoreCase: must not be given beside safeRegex; write (?i) into the expression"
        )));
    }
    StringMatcher::new(pattern, ignore_case).map_err(Refusal::at(field))
}

fn some_but_not_many(field: &str, found: usize) -> Result<(), Refusal> {
    if found == 0 {
        return Err(Refusal::invalid(format!("{field}: is empty: leave it out")));
    }
    at_most(field, "patterns", found, MAX_PATTERNS)
}
