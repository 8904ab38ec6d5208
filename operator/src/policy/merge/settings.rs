//! What a draft has beside series sets, overrides and tags, as people read it.

use super::Own;
use super::draft::{Draft, Part, Sourced};
use super::provenance::Giver;
use super::stats::{EXCLUSION, FIELDS, List, Lists, REJECT_ALL, StatsDraft};
use crate::source::object::{Key, STATS_PREFIXES, STATS_REGEXPS, STATS_SUFFIXES};
use longwire_crds::ACCESS_LOG_ANNOTATION;
use longwire_model::exporter::Target;
use longwire_model::matcher::StringMatcher;

/// Bytes of one value.
const MAX_VALUE: usize = 1_024;
/// Whose annotations stand in for the lists of [`FIELDS`].
const ANNOTATIONS: [&str; 4] = ["", STATS_PREFIXES, STATS_SUFFIXES, STATS_REGEXPS];

#[derive(Debug)]
pub(super) struct Setting<'a> {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) giver: Giver<'a>,
    /// The object's field, or the annotation.
    pub(super) field: &'static str,
    /// The field in which objects have it.
    pub(super) at: String,
    /// `Some`: only objects for the whole cluster set it, or only others.
    pub(super) cluster_wide: Option<bool>,
}

/// Whether a StatsMatcher has this field.
pub(super) fn is_of_stats(field: &str) -> bool {
    field == REJECT_ALL || field == EXCLUSION || FIELDS.contains(&field)
}

impl<'a> Setting<'a> {
    pub(super) fn of(field: &'static str, value: String, by: Option<&'a Key>) -> Option<Self> {
        Some(Self { giver: Giver::Object(by?), field, ..Self::by_pod(field, value, "") })
    }

    fn by_pod(at: &'static str, value: String, annotation: &'static str) -> Self {
        let name = at.strip_prefix("spec.").unwrap_or(at).to_owned();
        Self { name, value: cut(value), giver: Giver::Pod, field: annotation, at: at.to_owned(), cluster_wide: None }
    }

    pub(super) fn of_levels(self, cluster_wide: bool) -> Self {
        Self { cluster_wide: Some(cluster_wide), ..self }
    }

    pub(super) fn is_of_stats(&self) -> bool {
        is_of_stats(&self.at)
    }
}

pub(super) fn of<'a>(draft: &Draft<'a>, own: Own<'_>) -> Vec<Setting<'a>> {
    let mut settings = Vec::new();
    settings.extend(part("spec.longConnections.enabled", draft.long_connections, |on| on.to_string()));
    settings.extend(part("spec.longConnections.threshold", draft.threshold, |time| format!("{time:?}")));
    settings.extend(stats(&draft.stats));
    let logs = draft.access_log.settings();
    match own.access_log {
        None => settings.extend(logs),
        Some(enabled) => {
            const ENABLED: &str = "spec.accessLogs.enabled";
            settings.push(Setting::by_pod(ENABLED, enabled.to_string(), ACCESS_LOG_ANNOTATION));
            settings.extend(logs.into_iter().filter(|setting| setting.at != ENABLED));
        }
    }
    settings.extend(part("spec.reportingInterval", draft.reporting_interval, |time| format!("{time:?}")));
    settings.extend(part("spec.budgets.series", draft.series, |count| count.to_string()));
    let budget = draft.long_connections_budget;
    settings.extend(part("spec.budgets.longConnections", budget, |count| count.to_string()));
    settings.extend(part("spec.limits.extraTags", draft.extra_tags, |count| count.to_string()));
    let limit = draft.series_per_namespace;
    settings.extend(part("spec.limits.seriesPerNamespace", limit, |count| count.to_string()));
    for (name, Sourced { value: exporter, by }) in &draft.exporters {
        let kind = match &exporter.target {
            Target::Otlp(_) => "otlp",
            Target::Statsd(_) => "statsd",
            Target::File(_) => "file",
        };
        let setting = Setting::of("spec.exporters", kind.to_owned(), *by);
        settings.extend(setting.map(|setting| Setting {
            name: format!("exporters.{name}"),
            at: format!("spec.exporters.{name}"),
            ..setting
        }));
    }
    settings
}

pub(super) fn part<'a, T>(field: &'static str, part: Part<'a, T>, text: impl Fn(T) -> String) -> Option<Setting<'a>> {
    let Sourced { value, by } = part?;
    Setting::of(field, text(value), by)
}

fn stats<'a>(draft: &StatsDraft<'a>) -> Vec<Setting<'a>> {
    let settings: Vec<_> = match draft {
        StatsDraft::Silent => Vec::new(),
        StatsDraft::RejectAll(by) => Setting::of(REJECT_ALL, "true".to_owned(), Some(*by)).into_iter().collect(),
        StatsDraft::Exclusion(list, by) => Setting::of(EXCLUSION, patterns(list), Some(*by)).into_iter().collect(),
        StatsDraft::Inclusion(Lists(lists)) => {
            let one = |((field, annotation), list): ((&'static str, &'static str), &Option<List<'a>>)| {
                let List { matchers, by } = list.as_ref()?;
                let text = patterns(matchers);
                if by.is_none() {
                    Some(Setting::by_pod(field, text, annotation))
                } else {
                    Setting::of(field, text, *by)
                }
            };
            FIELDS.into_iter().zip(ANNOTATIONS).zip(lists).filter_map(one).collect()
        }
    };
    let named = |setting: Setting<'a>| Setting { name: format!("statsMatcher.{}", setting.name), ..setting };
    settings.into_iter().map(named).collect()
}

fn patterns(matchers: &[StringMatcher]) -> String {
    let texts: Vec<&str> = matchers.iter().map(|matcher| matcher.pattern().text()).collect();
    texts.join(", ")
}

pub(crate) fn cut(mut text: String) -> String {
    if text.len() > MAX_VALUE {
        text.truncate(text.floor_char_boundary(MAX_VALUE));
        text.push_str("...");
    }
    text
}
