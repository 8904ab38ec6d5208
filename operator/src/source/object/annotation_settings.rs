//! The settings in a pod's own annotations, entry by entry. The policies decide which of them take effect.

mod proxy_config;
#[cfg(test)]
mod tests;

use longwire_model::limits::MAX_ANNOTATION_BYTES;
use proxy_config::ProxyConfig;
use std::collections::BTreeMap;

/// A comma list of opt-in tags.
pub(crate) const EXTRA_STAT_TAGS: &str = "sidecar.istio.io/extraStatTags";
pub(crate) const STATS_PREFIXES: &str = "sidecar.istio.io/statsInclusionPrefixes";
pub(crate) const STATS_SUFFIXES: &str = "sidecar.istio.io/statsInclusionSuffixes";
pub(crate) const STATS_REGEXPS: &str = "sidecar.istio.io/statsInclusionRegexps";

/// Entries of one annotation; [`MAX_ANNOTATION_BYTES`] in all, because an object may have 256 KiB of them.
pub const MAX_WORDS: usize = 64;
pub(crate) const LONGEST_WORD: usize = 1024;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AnnotationSettings {
    pub(crate) extra_tags: Words,
    /// `None`: without the annotation.
    pub(crate) prefixes: Option<Words>,
    pub(crate) suffixes: Option<Words>,
    pub(crate) regexps: Option<Words>,
    /// Why an annotation cannot be parsed.
    pub(crate) unreadable: Option<String>,
}

/// The parts of a list, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Words {
    pub words: Vec<String>,
    /// How many more there were, or longer ones.
    pub(crate) left_out: usize,
}

impl AnnotationSettings {
    /// `None`: the pod has none of the annotations. As in Istio an annotation takes precedence over the list of
    /// `proxy.istio.io/config`, and the tags of both are combined.
    pub(super) fn of(annotations: Option<&BTreeMap<String, String>>) -> Option<Box<Self>> {
        let annotations = annotations?;
        let (config, unreadable) = match ProxyConfig::of(annotations) {
            Ok(config) => (config, None),
            Err(error) => (ProxyConfig::default(), Some(error)),
        };
        let ProxyConfig { proxy_stats_matcher: stats, extra_stat_tags } = config;
        let listed = |name: &str| annotations.get(name).map(|text| text.split(','));
        let words = |name: &str, configured: Option<Vec<String>>| match (listed(name), configured) {
            (Some(words), _) => Some(Words::of(words)),
            (None, configured) => configured.map(|words| Words::of(words.iter().map(String::as_str))),
        };
        let extra_tags = listed(EXTRA_STAT_TAGS).into_iter().flatten();
        let annotation_settings = Self {
            extra_tags: Words::of(extra_tags.chain(extra_stat_tags.iter().map(String::as_str))),
            prefixes: words(STATS_PREFIXES, stats.inclusion_prefixes),
            suffixes: words(STATS_SUFFIXES, stats.inclusion_suffixes),
            regexps: words(STATS_REGEXPS, stats.inclusion_regexps),
            unreadable,
        };
        (annotation_settings != Self::default()).then(|| Box::new(annotation_settings))
    }
}

impl Words {
    fn of<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let (mut known, mut bytes) = (Self::default(), 0);
        for word in words.map(str::trim).filter(|word| !word.is_empty()) {
            if known.words.iter().any(|known| known == word) {
                continue;
            }
            let fits = bytes + word.len() <= MAX_ANNOTATION_BYTES;
            if known.words.len() < MAX_WORDS && word.len() <= LONGEST_WORD && fits {
                bytes += word.len();
                known.words.push(word.to_owned());
            } else {
                known.left_out += 1;
            }
        }
        known
    }
}
