use super::{AnnotationSettings, Entries, MAX_ANNOTATION_BYTES, MAX_ENTRIES};
use std::collections::BTreeMap;

fn annotation_settings(annotations: &[(&str, &str)]) -> Option<Box<AnnotationSettings>> {
    let annotations: BTreeMap<_, _> =
        annotations.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    AnnotationSettings::of(Some(&annotations))
}

fn entries(entries: &[&str], left_out: usize) -> Entries {
    Entries { entries: entries.iter().map(|entry| (*entry).to_owned()).collect(), left_out }
}

#[test]
fn annotations_are_comma_lists() {
    let read = annotation_settings(&[
        ("sidecar.istio.io/extraStatTags", " team, zone ,,team"),
        ("sidecar.istio.io/statsInclusionPrefixes", ""),
        ("sidecar.istio.io/statsInclusionRegexps", ".*cx.*"),
        ("sidecar.istio.io/inject", "true"),
    ]);
    let expected = AnnotationSettings {
        extra_tags: entries(&["team", "zone"], 0),
        // Present and empty: it replaces what objects configure.
        prefixes: Some(entries(&[], 0)),
        suffixes: None,
        regexps: Some(entries(&[".*cx.*"], 0)),
        access_log: None,
        unreadable: vec![],
    };
    assert_eq!(read, Some(Box::new(expected)));
    assert_eq!(
        (annotation_settings(&[("sidecar.istio.io/inject", "true")]), AnnotationSettings::of(None)),
        (None, None)
    );
}

#[test]
fn of_a_quarter_of_a_megabyte_little_is_kept() {
    let many: Vec<String> = (0..50_000).map(|number| number.to_string()).collect();
    let long = "x".repeat(200_000);
    let read = annotation_settings(&[
        ("sidecar.istio.io/extraStatTags", many.join(",").as_str()),
        ("sidecar.istio.io/statsInclusionSuffixes", format!("{long},y").as_str()),
    ]);
    let read = read.unwrap();
    assert_eq!((read.extra_tags.entries.len(), read.extra_tags.left_out), (MAX_ENTRIES, 50_000 - MAX_ENTRIES));
    assert_eq!(read.suffixes, Some(entries(&["y"], 1)));
}

#[test]
fn of_an_annotation_eight_kibibytes_are_read() {
    let long: Vec<String> = (0..12).map(|number| format!("{number:02}{}", "x".repeat(998))).collect();
    let read = annotation_settings(&[("sidecar.istio.io/statsInclusionRegexps", long.join(",").as_str())]).unwrap();
    let regexps = read.regexps.unwrap();
    assert_eq!((regexps.entries.len(), regexps.left_out), (8, 4));
}

const CONFIG: &str = "proxy.istio.io/config";

#[test]
fn statistics_settings_of_a_proxy_config_apply_like_the_annotations() {
    let text = "holdApplicationUntilProxyStarts: true\nextraStatTags: [team, zone]\nproxyStatsMatcher:\n  \
                inclusionPrefixes: [cluster.]\n  inclusionSuffixes: [upstream_cx_active]\n  inclusionRegexps: [a, 'b{1,2}']\n";
    let expected = AnnotationSettings {
        extra_tags: entries(&["port", "team", "zone"], 0),
        prefixes: Some(entries(&["cluster."], 0)),
        suffixes: Some(entries(&["upstream_cx_destroy"], 0)),
        regexps: Some(entries(&["a", "b{1,2}"], 0)),
        access_log: None,
        unreadable: vec![],
    };
    let read = annotation_settings(&[
        (CONFIG, text),
        ("sidecar.istio.io/extraStatTags", "port,team"),
        ("sidecar.istio.io/statsInclusionSuffixes", "upstream_cx_destroy"),
    ]);
    assert_eq!(read, Some(Box::new(expected)));
    let json = r#"{"proxyStatsMatcher": {"inclusionPrefixes": []}}"#;
    assert_eq!(annotation_settings(&[(CONFIG, json)]).unwrap().prefixes, Some(entries(&[], 0)));
    for nothing in ["", " \n", "concurrency: 2"] {
        assert_eq!(annotation_settings(&[(CONFIG, nothing)]), None, "{nothing:?}");
    }
}

#[test]
fn a_proxys_configuration_that_cannot_be_read_is_named_and_the_annotations_still_count() {
    let wrong = [
        "extraStatTags: [a",
        "extraStatTags: team",
        "proxyStatsMatcher: {inclusionPrefix: [a]}",
        "- a",
        &format!("extraStatTags: [{}]", "x".repeat(MAX_ANNOTATION_BYTES)),
        "a: &a [*a]",
        &"[".repeat(5_000),
    ];
    for text in wrong {
        let read = annotation_settings(&[(CONFIG, text), ("sidecar.istio.io/extraStatTags", "team")]).unwrap();
        let [error] = &read.unreadable[..] else { panic!("{text} is read") };
        assert!(error.starts_with("annotation proxy.istio.io/config: ") && error.len() < 400, "{error}");
        assert!(error.ends_with("its settings for statistics have no effect"), "{error}");
        assert_eq!(read.extra_tags, entries(&["team"], 0));
    }
    let unknown = annotation_settings(&[(CONFIG, wrong[2])]).unwrap().unreadable;
    assert!(unknown[0].contains("inclusionPrefix"), "{unknown:?}");
}

const ACCESS_LOG: &str = "telemetry.longwire.io/access-log";

#[test]
fn the_access_log_is_on_or_off() {
    for (text, expected) in [("true", true), (" false\n", false)] {
        let expected = AnnotationSettings { access_log: Some(expected), ..AnnotationSettings::default() };
        assert_eq!(annotation_settings(&[(ACCESS_LOG, text)]), Some(Box::new(expected)), "{text}");
    }
}

#[test]
fn any_other_word_leaves_the_access_log_to_the_objects_and_is_named() {
    let long = "x".repeat(200_000);
    for (text, quoted) in [("yes", "yes"), ("True", "True"), ("", ""), (long.as_str(), &long[..64])] {
        let read = annotation_settings(&[(ACCESS_LOG, text), (CONFIG, "- a")]).unwrap();
        assert_eq!((read.access_log, read.unreadable.len()), (None, 2));
        let expected = format!(
            "annotation telemetry.longwire.io/access-log: {quoted:?} is neither true nor false, and has no effect: write \"true\" \
             or \"false\""
        );
        assert_eq!(read.unreadable[1], expected);
    }
}
