use super::{MOST_WORDS, Wishes, Words};
use std::collections::BTreeMap;

fn wishes(annotations: &[(&str, &str)]) -> Option<Box<Wishes>> {
    let annotations: BTreeMap<_, _> =
        annotations.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Wishes::of(Some(&annotations))
}

fn words(words: &[&str], left_out: usize) -> Words {
    Words { words: words.iter().map(|word| (*word).to_owned()).collect(), left_out }
}

#[test]
fn annotations_are_comma_lists() {
    let read = wishes(&[
        ("sidecar.istio.io/extraStatTags", " team, zone ,,team"),
        ("sidecar.istio.io/statsInclusionPrefixes", ""),
        ("sidecar.istio.io/statsInclusionRegexps", ".*cx.*"),
        ("sidecar.istio.io/inject", "true"),
    ]);
    let expected = Wishes {
        extra_tags: words(&["team", "zone"], 0),
        // Said, and nothing: it takes the place of what objects say.
        prefixes: Some(words(&[], 0)),
        suffixes: None,
        regexps: Some(words(&[".*cx.*"], 0)),
    };
    assert_eq!(read, Some(Box::new(expected)));
    assert_eq!((wishes(&[("sidecar.istio.io/inject", "true")]), Wishes::of(None)), (None, None));
}

#[test]
fn of_a_quarter_of_a_megabyte_little_is_kept() {
    let many: Vec<String> = (0..50_000).map(|number| number.to_string()).collect();
    let long = "x".repeat(200_000);
    let read = wishes(&[
        ("sidecar.istio.io/extraStatTags", many.join(",").as_str()),
        ("sidecar.istio.io/statsInclusionSuffixes", format!("{long},y").as_str()),
    ]);
    let read = read.unwrap();
    assert_eq!((read.extra_tags.words.len(), read.extra_tags.left_out), (MOST_WORDS, 50_000 - MOST_WORDS));
    assert_eq!(read.suffixes, Some(words(&["y"], 1)));
}

#[test]
fn of_an_annotation_eight_kibibytes_are_read() {
    let long: Vec<String> = (0..12).map(|number| format!("{number:02}{}", "x".repeat(998))).collect();
    let read = wishes(&[("sidecar.istio.io/statsInclusionRegexps", long.join(",").as_str())]).unwrap();
    let regexps = read.regexps.unwrap();
    assert_eq!((regexps.words.len(), regexps.left_out), (8, 4));
}
