//! The annotation `proxy.istio.io/config`: its fields about statistics. The other fields are for a sidecar.

use crate::source::yaml;
use longwire_model::limits::MAX_ANNOTATION_BYTES;
use serde::Deserialize;
use std::collections::BTreeMap;

pub(super) const PROXY_CONFIG: &str = "proxy.istio.io/config";

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ProxyConfig {
    pub(super) proxy_stats_matcher: ProxyStatsMatcher,
    pub(super) extra_stat_tags: Vec<String>,
}

/// A list that is present and empty replaces the objects' list, as an annotation does.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct ProxyStatsMatcher {
    pub(super) inclusion_prefixes: Option<Vec<String>>,
    pub(super) inclusion_suffixes: Option<Vec<String>>,
    pub(super) inclusion_regexps: Option<Vec<String>>,
}

impl ProxyConfig {
    /// What is wrong names the annotation and what would be right.
    pub(super) fn of(annotations: &BTreeMap<String, String>) -> Result<Self, String> {
        let Some(text) = annotations.get(PROXY_CONFIG).filter(|text| !text.trim().is_empty()) else {
            return Ok(Self::default());
        };
        if text.len() > MAX_ANNOTATION_BYTES {
            let bytes = text.len();
            return Err(format!(
                "annotation {PROXY_CONFIG}: {bytes} bytes, and {MAX_ANNOTATION_BYTES} are the most that are read: its settings \
                 for statistics have no effect"
            ));
        }
        yaml::read(text).map_err(|error| {
            let error = error.to_string();
            let first = error.lines().next().unwrap_or_default();
            format!("annotation {PROXY_CONFIG}: {first}: its settings for statistics have no effect")
        })
    }
}
