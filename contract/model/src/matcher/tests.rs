use super::{InvalidMatcher, Pattern, StatsMatcher, StringMatcher, WholeRegex};
use proptest::prelude::*;
use rstest::rstest;

const NAME: &str = "cluster.outbound|80||web.shop.svc.cluster.local.upstream_cx_total";

fn exact(text: &str) -> Pattern {
    Pattern::Exact(text.to_owned())
}

fn prefix(text: &str) -> Pattern {
    Pattern::Prefix(text.to_owned())
}

fn suffix(text: &str) -> Pattern {
    Pattern::Suffix(text.to_owned())
}

fn contains(text: &str) -> Pattern {
    Pattern::Contains(text.to_owned())
}

fn regex(text: &str) -> Pattern {
    Pattern::Regex(WholeRegex::parse(text).unwrap())
}

fn matches(pattern: Pattern, ignore_case: bool, name: &str) -> bool {
    StringMatcher::new(pattern, ignore_case).unwrap().matches(name)
}

#[rstest]
#[case::exact(exact("a.b"), "a.b", true)]
#[case::exact_is_no_regex(exact("a.b"), "axb", false)]
#[case::exact_in_another_case(exact("a.b"), "A.b", false)]
#[case::exact_of_nothing(exact(""), "", true)]
#[case::prefix(prefix("cluster."), NAME, true)]
#[case::prefix_further_in(prefix("outbound"), NAME, false)]
#[case::prefix_longer_than_the_name(prefix("abc"), "ab", false)]
#[case::suffix(suffix("_total"), NAME, true)]
#[case::suffix_further_in(suffix("upstream"), NAME, false)]
#[case::suffix_longer_than_the_name(suffix("abc"), "bc", false)]
#[case::contains(contains("|80||"), NAME, true)]
#[case::contains_not(contains("|81||"), NAME, false)]
#[case::regex_of_a_part(regex("outbound"), NAME, false)]
#[case::regex_of_the_whole(regex(r".*outbound\|80.*"), NAME, true)]
#[case::regex_of_istio(regex(r"vhost\..*\.route\..*"), "vhost.a.route.b", true)]
#[case::regex_alternatives_are_whole(regex("a|b"), "ab", false)]
#[case::regex_prefers_no_branch(regex("a|ab"), "ab", true)]
#[case::regex_ends_at_the_end(regex("a"), "a\n", false)]
#[case::regex_with_anchors_of_its_own(regex("^a$"), "a", true)]
#[case::regex_in_many_lines(regex("(?m)^a$"), "b\na", false)]
#[case::regex_without_regard_to_case(regex("(?i)a"), "A", true)]
fn a_matcher_has_its_kind_s_idea_of_a_match(#[case] pattern: Pattern, #[case] name: &str, #[case] expected: bool) {
    assert_eq!(matches(pattern, false, name), expected);
}

#[rstest]
#[case::exact(exact("a.B"), "A.b", true)]
#[case::exact_of_another_length(exact("a.B"), "A.bc", false)]
#[case::prefix(prefix("CLUSTER."), NAME, true)]
#[case::prefix_that_ends_within_a_letter(prefix("aÄ"), "aö", false)]
#[case::prefix_longer_than_the_name(prefix("ABC"), "ab", false)]
#[case::suffix(suffix("_TOTAL"), NAME, true)]
#[case::suffix_longer_than_the_name(suffix("ABC"), "bc", false)]
#[case::contains(contains("OutBound"), NAME, true)]
#[case::contains_not(contains("InBound"), NAME, false)]
#[case::contains_longer_than_the_name(contains("ABC"), "ab", false)]
#[case::letters_beyond_ascii_keep_their_case(exact("Ä"), "ä", false)]
fn case_is_ignored_in_ascii(#[case] pattern: Pattern, #[case] name: &str, #[case] expected: bool) {
    assert_eq!(matches(pattern, true, name), expected);
}

#[rstest]
#[case::prefix(prefix(""), false, "an empty prefix matches every name: write what names have in common")]
#[case::suffix(suffix(""), false, "an empty suffix matches every name: write what names have in common")]
#[case::contains(contains(""), true, "an empty contains matches every name: write what names have in common")]
#[case::regex(regex("a.*"), true, "ignore_case has no effect on regex \"a.*\": write (?i) at its beginning instead")]
#[case::long(exact(&"x".repeat(1025)), false, "a pattern of 1025 bytes is too long: at most 1024 are allowed")]
fn a_matcher_that_cannot_be_meant_is_refused(
    #[case] pattern: Pattern,
    #[case] ignore_case: bool,
    #[case] message: &str,
) {
    assert_eq!(StringMatcher::new(pattern, ignore_case).unwrap_err().to_string(), message);
}

#[rstest]
#[case::empty("", "an empty regex matches no name: write one, as in .*")]
#[case::open("a(b", "invalid regex \"a(b\": unclosed group")]
#[case::closed_too_early("a)|(b", "invalid regex \"a)|(b\": unopened group")]
#[case::look_ahead(
    "(?=a)",
    "invalid regex \"(?=a)\": look-around, including look-ahead and look-behind, is not supported"
)]
#[case::back_reference(r"(a)\1", r#"invalid regex "(a)\\1": backreferences are not supported"#)]
#[case::huge(r"\w{99}", r#"invalid regex "\\w{99}": it takes more than 49152 bytes compiled: use fewer repetitions, and [a-z0-9_] instead of \w, which is every letter of Unicode"#)]
#[case::long(&"x".repeat(1025), "a pattern of 1025 bytes is too long: at most 1024 are allowed")]
fn a_regex_that_cannot_be_used_is_refused(#[case] text: &str, #[case] message: &str) {
    assert_eq!(WholeRegex::parse(text).unwrap_err().to_string(), message);
}

#[rstest]
#[case::reject_all(StatsMatcher::RejectAll, [false, false, false])]
#[case::inclusion_of_any(StatsMatcher::Inclusion(vec![one("a"), one("b")]), [true, true, false])]
#[case::exclusion_of_any(StatsMatcher::Exclusion(vec![one("a"), one("b")]), [false, false, true])]
#[case::inclusion_of_nothing(StatsMatcher::Inclusion(vec![]), [false, false, false])]
#[case::exclusion_of_nothing(StatsMatcher::Exclusion(vec![]), [true, true, true])]
fn a_list_includes_or_excludes_what_any_of_it_matches(#[case] matcher: StatsMatcher, #[case] expected: [bool; 3]) {
    assert_eq!(["a", "b", "c"].map(|name| matcher.accepts(name)), expected);
}

fn one(text: &str) -> StringMatcher {
    StringMatcher::new(exact(text), false).unwrap()
}

#[test]
fn matchers_are_equal_by_what_they_say() {
    let matcher = |text, ignore_case| StringMatcher::new(prefix(text), ignore_case).unwrap();
    assert_eq!(matcher("a", true), matcher("a", true));
    assert_ne!(matcher("a", true), matcher("a", false));
    assert_eq!(regex("a.*"), regex("a.*"));
    assert_ne!(regex("a.*"), regex("a.+"));
}

#[test]
fn a_matcher_comes_back_from_its_text_and_is_checked_on_the_way() {
    let matcher = StatsMatcher::Inclusion(vec![
        StringMatcher::new(regex("a.*"), false).unwrap(),
        StringMatcher::new(suffix("b"), true).unwrap(),
    ]);
    let text = concat!(
        r#"{"inclusion":[{"pattern":{"regex":"a.*"},"ignore_case":false},"#,
        r#"{"pattern":{"suffix":"b"},"ignore_case":true}]}"#
    );
    assert_eq!(serde_json::to_string(&matcher).unwrap(), text);
    assert_eq!(serde_json::from_str::<StatsMatcher>(text).unwrap(), matcher);
    let error = serde_json::from_str::<StringMatcher>(r#"{"pattern":{"prefix":""},"ignore_case":false}"#).unwrap_err();
    assert_eq!(error.to_string(), InvalidMatcher::Empty("prefix").to_string());
}

proptest! {
    #[test]
    fn a_regex_of_an_escaped_literal_is_exact(text in "[a-c.|(]{1,4}", name in "[a-c.|(]{0,4}") {
        prop_assert_eq!(matches(regex(&regex_syntax::escape(&text)), false, &name), matches(exact(&text), false, &name));
    }

    #[test]
    fn open_ended_regexes_are_prefix_suffix_and_contains(text in "[a-c.|(]{1,3}", name in "[a-c.|(]{0,6}") {
        let literal = regex_syntax::escape(&text);
        let same = |pattern: String, plain| matches(regex(&pattern), false, &name) == matches(plain, false, &name);
        prop_assert!(same(literal.clone() + ".*", prefix(&text)));
        prop_assert!(same(".*".to_owned() + &literal, suffix(&text)));
        prop_assert!(same(".*".to_owned() + &literal + ".*", contains(&text)));
    }

    #[test]
    fn ignoring_case_is_comparing_in_lower_case(text in "[aAbBäÄ]{1,3}", name in "[aAbBäÄ]{0,6}") {
        let (low_text, low_name) = (text.to_ascii_lowercase(), name.to_ascii_lowercase());
        for kind in [Pattern::Exact, Pattern::Prefix, Pattern::Suffix, Pattern::Contains] {
            prop_assert_eq!(matches(kind(text.clone()), true, &name), matches(kind(low_text.clone()), false, &low_name));
        }
    }

    #[test]
    fn no_regex_makes_the_parser_panic(text in ".{0,40}") {
        let _ = WholeRegex::parse(&text);
    }
}

#[rstest]
#[case::every_count(Pattern::Suffix(".upstream_cx_total".to_owned()), true)]
#[case::a_part_of_a_suffix(Pattern::Suffix("upstream_cx_active".to_owned()), true)]
#[case::of_one_service(Pattern::Contains("payment".to_owned()), true)]
#[case::a_whole_name(Pattern::Exact("cluster.outbound|80||web.shop.svc.cluster.local.upstream_cx_total".to_owned()), true)]
#[case::passthrough(Pattern::Prefix("cluster.PassthroughCluster".to_owned()), true)]
#[case::of_requests(Pattern::Suffix("upstream_rq_total".to_owned()), false)]
#[case::of_listeners(Pattern::Prefix("listener.".to_owned()), false)]
#[case::by_prometheus_name(Pattern::Prefix("envoy_cluster_upstream_cx_total".to_owned()), false)]
#[case::inbound(Pattern::Prefix("cluster.inbound|".to_owned()), false)]
#[case::another_case(Pattern::Prefix("Cluster.".to_owned()), false)]
#[case::one_of_the_server(Pattern::Exact("server.watchdog_miss".to_owned()), true)]
#[case::those_of_the_server(Pattern::Prefix("server.".to_owned()), true)]
#[case::another_of_the_server(Pattern::Exact("server.uptime".to_owned()), false)]
#[case::a_name_without_a_statistic(Pattern::Exact("cluster.outbound|80||web.shop.svc.cluster.local".to_owned()), false)]
fn a_pattern_that_matches_no_statistic_is_found_out(#[case] pattern: Pattern, #[case] can_match: bool) {
    assert_eq!(StringMatcher::new(pattern, false).unwrap().can_match_a_statistic(), can_match);
}

#[rstest]
#[case(r"cluster\.outbound\|443\|.*\.upstream_cx_connect_fail", true)]
#[case(r".*\.upstream_cx_destroy(_local|_remote)?", true)]
#[case(r"^cluster\..*\btotal$", true)]
#[case(r"(?i)CLUSTER\..*", true)]
#[case(r"upstream_cx_total", false)]
#[case(r"cluster\.outbound\|[a-z]+\|.*", false)]
#[case(r".*\.upstream_rq_.*", false)]
fn an_expression_that_matches_no_statistic_is_found_out(#[case] text: &str, #[case] can_match: bool) {
    let pattern = Pattern::Regex(WholeRegex::parse(text).unwrap());
    assert_eq!(StringMatcher::new(pattern, false).unwrap().can_match_a_statistic(), can_match);
}

#[test]
fn where_case_does_not_matter_it_does_not_matter_here() {
    let pattern = Pattern::Prefix("Cluster.".to_owned());
    assert!(StringMatcher::new(pattern, true).unwrap().can_match_a_statistic());
}
