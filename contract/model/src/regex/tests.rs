use super::caches;
use super::{Extent, Regex};
use crate::limits::MAX_REGEX_BYTES;
use rstest::rstest;
use std::sync::Arc;

fn whole(text: &str) -> Regex {
    Regex::parse(text, Extent::Whole).unwrap()
}

/// Expressions of Envoy's and Istio's users, each far below the limit.
#[rstest]
#[case::istio_default(r"cluster\..*|listener\.0\.0\.0\.0_15006\..*|http\.inbound.*")]
#[case::outlier(r"cluster\.outbound\|80\|\|.*\.svc\.cluster\.local\..*")]
#[case::upstream(r".*(upstream_cx_(total|active|connect_fail|destroy)|upstream_rq_(timeout|retry)).*")]
#[case::tag_specifier(r"^cluster\.((.+?(\..+?\.svc\.cluster\.local)?)\.)")]
#[case::virtual_host(r"vhost\.[a-zA-Z0-9-_.]+\.route\.[a-zA-Z0-9-_.]+\..*")]
#[case::version(r"v[0-9]+(\.[0-9]+){0,2}(-(alpha|beta|rc)[0-9]*)?")]
#[case::words(r"\w+\.\w+")]
fn what_people_write_is_small(#[case] text: &str) {
    let bytes = whole(text).bytes();
    println!("{bytes:>6} bytes: {text}");
    assert!(bytes < MAX_REGEX_BYTES, "{bytes}");
}

#[rstest]
#[case::words_of_a_bounded_length(r"\w{99}")]
#[case::repetitions(r"(a{60}){60}")]
#[case::many_classes(&r"\PL".repeat(300))]
fn what_compiles_to_more_is_refused(#[case] text: &str) {
    let error = Regex::parse(text, Extent::Whole).unwrap_err();
    assert!(error.starts_with("it takes more than 49152 bytes compiled: "), "{error}");
}

#[test]
fn the_same_text_is_compiled_once_for_each_extent() {
    let (first, second) = (whole("same.*"), whole("same.*"));
    assert!(Arc::ptr_eq(&first.0, &second.0));
    let anywhere = Regex::parse("same.*", Extent::Anywhere).unwrap();
    assert!(anywhere.is_match("the same"));
    assert!(!first.is_match("the same"));
}

#[test]
fn nothing_is_compiled_before_the_first_match() {
    let regex = whole("lazily.*");
    assert!(regex.0.engine.get().is_none());
    assert!(regex.is_match("lazily done"));
    assert!(regex.0.engine.get().is_some());
}

#[rstest]
#[case::boundary_in_ascii(r"\bäa\b", "x äa", true)]
#[case::boundary_beyond_ascii(r"\ba\b", "ä a ö", true)]
#[case::no_boundary_beyond_ascii(r"\ba\b", "äa", false)]
#[case::any_character(r"^.$", "ä", true)]
#[case::states_that_multiply(r"(a|b)*a(a|b){12}", &"ab".repeat(250), true)]
fn the_outcome_is_the_same_whichever_engine_finds_it(
    #[case] text: &str,
    #[case] haystack: &str,
    #[case] expected: bool,
) {
    let regex = Regex::parse(text, Extent::Anywhere).unwrap();
    assert_eq!(regex.is_match(haystack), expected);
    let engine = regex.0.engine.get().unwrap().as_ref().unwrap();
    assert_eq!(engine.nfa.is_match(&mut engine.nfa.create_cache(), haystack), expected);
}

#[test]
fn working_memory_is_bounded_however_many_expressions_are_matched() {
    let many: Vec<Regex> = (0..200).map(|number| whole(&format!("{number}-(a|b)*a(a|b){{8}}"))).collect();
    for regex in many.iter().chain(&many) {
        assert!(!regex.is_match("x"));
        assert!(caches::count() <= 64);
    }
    assert!(many[7].is_match(&format!("7-{}", "a".repeat(20))));
}
