//! What a pod's own annotations ask for, word by word: whether it can be had depends on the policies.

use longwire_model::limits::MAX_ANNOTATION_BYTES;
use std::collections::BTreeMap;

/// A comma list of opt-in tags.
pub const EXTRA_STAT_TAGS: &str = "sidecar.istio.io/extraStatTags";
pub const STATS_PREFIXES: &str = "sidecar.istio.io/statsInclusionPrefixes";
pub const STATS_SUFFIXES: &str = "sidecar.istio.io/statsInclusionSuffixes";
pub const STATS_REGEXPS: &str = "sidecar.istio.io/statsInclusionRegexps";

/// Of one annotation, and [`MAX_ANNOTATION_BYTES`] in all; an object may have 256 KiB of them.
pub const MOST_WORDS: usize = 64;
pub const LONGEST_WORD: usize = 1024;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Wishes {
    pub extra_tags: Words,
    /// `None`: without the annotation.
    pub prefixes: Option<Words>,
    pub suffixes: Option<Words>,
    pub regexps: Option<Words>,
}

/// The parts of a comma list, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Words {
    pub words: Vec<String>,
    /// How many more there were, or longer ones.
    pub left_out: usize,
}

impl Wishes {
    /// `None`: the pod has none of the annotations.
    pub(super) fn of(annotations: Option<&BTreeMap<String, String>>) -> Option<Box<Self>> {
        let words = |name: &str| annotations?.get(name).map(|text| Words::of(text));
        let wishes = Self {
            extra_tags: words(EXTRA_STAT_TAGS).unwrap_or_default(),
            prefixes: words(STATS_PREFIXES),
            suffixes: words(STATS_SUFFIXES),
            regexps: words(STATS_REGEXPS),
        };
        (wishes != Self::default()).then(|| Box::new(wishes))
    }
}

impl Words {
    fn of(text: &str) -> Self {
        let (mut known, mut bytes) = (Self::default(), 0);
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            if known.words.iter().any(|known| known == word) {
                continue;
            }
            let fits = bytes + word.len() <= MAX_ANNOTATION_BYTES;
            if known.words.len() < MOST_WORDS && word.len() <= LONGEST_WORD && fits {
                bytes += word.len();
                known.words.push(word.to_owned());
            } else {
                known.left_out += 1;
            }
        }
        known
    }
}

#[cfg(test)]
mod tests;
