//! The settings in a pod's own annotations, entry by entry. The policies decide which of them take effect.

mod proxy_config;
#[cfg(test)]
mod tests;

use longwire_crds::ACCESS_LOG_ANNOTATION as ACCESS_LOG;
use longwire_model::limits::MAX_ANNOTATION_BYTES;
use proxy_config::ProxyConfig;
use std::collections::BTreeMap;

/// A comma list of opt-in tags.
pub(crate) const EXTRA_STAT_TAGS: &str = "sidecar.istio.io/extraStatTags";
pub(crate) const STATS_PREFIXES: &str = "sidecar.istio.io/statsInclusionPrefixes";
pub(crate) const STATS_SUFFIXES: &str = "sidecar.istio.io/statsInclusionSuffixes";
pub(crate) const STATS_REGEXPS: &str = "sidecar.istio.io/statsInclusionRegexps";

/// Entries of one annotation; [`MAX_ANNOTATION_BYTES`] in all, because an object may have 256 KiB of them.
pub const MAX_ENTRIES: usize = 64;
pub(crate) const MAX_ENTRY_BYTES: usize = 1024;
/// Of a value that cannot be read.
const MAX_QUOTED_BYTES: usize = 64;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AnnotationSettings {
    pub(crate) extra_tags: Entries,
    /// `None`: without the annotation.
    pub(crate) prefixes: Option<Entries>,
    pub(crate) suffixes: Option<Entries>,
    pub(crate) regexps: Option<Entries>,
    /// `None`: the objects decide.
    pub(crate) access_log: Option<bool>,
    /// Why annotations cannot be parsed.
    pub(crate) unreadable: Vec<String>,
}

/// The parts of a list, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Entries {
    pub entries: Vec<String>,
    /// How many more there were, or longer ones.
    pub(crate) left_out: usize,
}

impl AnnotationSettings {
    /// `None`: the pod has none of the annotations. As in Istio an annotation takes precedence over the list of
    /// `proxy.istio.io/config`, and the tags of both are combined.
    pub(super) fn of(annotations: Option<&BTreeMap<String, String>>) -> Option<Box<Self>> {
        let annotations = annotations?;
        let mut unreadable = Vec::new();
        let mut noted = |error| unreadable.push(error);
        let config = ProxyConfig::of(annotations).map_err(&mut noted).unwrap_or_default();
        let access_log = annotations.get(ACCESS_LOG).and_then(|text| access_log(text).map_err(&mut noted).ok());
        let ProxyConfig { proxy_stats_matcher: stats, extra_stat_tags } = config;
        let listed = |name: &str| annotations.get(name).map(|text| text.split(','));
        let entries = |name: &str, configured: Option<Vec<String>>| match (listed(name), configured) {
            (Some(entries), _) => Some(Entries::of(entries)),
            (None, configured) => configured.map(|entries| Entries::of(entries.iter().map(String::as_str))),
        };
        let extra_tags = listed(EXTRA_STAT_TAGS).into_iter().flatten();
        let annotation_settings = Self {
            extra_tags: Entries::of(extra_tags.chain(extra_stat_tags.iter().map(String::as_str))),
            prefixes: entries(STATS_PREFIXES, stats.inclusion_prefixes),
            suffixes: entries(STATS_SUFFIXES, stats.inclusion_suffixes),
            regexps: entries(STATS_REGEXPS, stats.inclusion_regexps),
            access_log,
            unreadable,
        };
        (annotation_settings != Self::default()).then(|| Box::new(annotation_settings))
    }
}

fn access_log(text: &str) -> Result<bool, String> {
    text.trim().parse().map_err(|_| {
        let quoted = &text[..text.floor_char_boundary(MAX_QUOTED_BYTES)];
        format!("annotation {ACCESS_LOG}: {quoted:?} is neither true nor false, and has no effect: write \"true\" or \"false\"")
    })
}

impl Entries {
    fn of<'a>(entries: impl Iterator<Item = &'a str>) -> Self {
        let (mut known, mut bytes) = (Self::default(), 0);
        for entry in entries.map(str::trim).filter(|entry| !entry.is_empty()) {
            if known.entries.iter().any(|known| known == entry) {
                continue;
            }
            let fits = bytes + entry.len() <= MAX_ANNOTATION_BYTES;
            if known.entries.len() < MAX_ENTRIES && entry.len() <= MAX_ENTRY_BYTES && fits {
                bytes += entry.len();
                known.entries.push(entry.to_owned());
            } else {
                known.left_out += 1;
            }
        }
        known
    }
}
