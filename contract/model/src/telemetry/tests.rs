use super::{Group, Tag, TagValue, Telemetry, TelemetryTooLarge};
use crate::expression::Expression;
use crate::limits::MAX_TELEMETRY_BYTES;
use crate::matcher::{Pattern, StatsMatcher, StringMatcher, WholeRegex};
use crate::series::{Metrics, SeriesSets};
use crate::tag::TagName;

fn tag(name: &str, expression: &str) -> Tag {
    let expression = Expression::parse(expression).unwrap();
    Tag { name: TagName::parse(name).unwrap(), value: Some(TagValue { expression, max_values: None }) }
}

fn with_source(groups: Vec<Group>) -> Telemetry {
    Telemetry { source: groups, ..Telemetry::plain(SeriesSets::NONE) }
}

fn group(tags: Vec<Tag>) -> Group {
    Group { metrics: Metrics::NONE, tags }
}

#[test]
fn an_expression_counts_once_for_each_group() {
    let one = with_source(vec![group(vec![tag("zone", "source.zone")])]).bytes();
    let none = with_source(vec![group(vec![])]).bytes();
    let both = with_source(vec![group(vec![tag("zone", "source.zone")]); 2]).bytes();
    assert_eq!(both - one, one - with_source(vec![]).bytes());
    assert!(one - none > Expression::parse("source.zone").unwrap().bytes());
}

#[test]
fn regular_expressions_count_compiled() {
    let plain = with_source(vec![group(vec![tag("a", "source.zone.contains('a') ? 'y' : 'n'")])]).bytes();
    let heavy = with_source(vec![group(vec![tag("a", "source.zone.matches('[a-z]{200}') ? 'y' : 'n'")])]).bytes();
    assert!(heavy - plain > 4096, "{plain} {heavy}");
    let regex = WholeRegex::parse("[a-z]{200}").unwrap();
    let matcher = StringMatcher::new(Pattern::Regex(regex.clone()), false).unwrap();
    assert!(StatsMatcher::Inclusion(vec![matcher]).bytes() > regex.bytes());
}

#[test]
fn a_telemetry_beyond_the_limit_is_refused_with_its_size() {
    let small = Telemetry::plain(SeriesSets::default());
    assert_eq!(small.check_size(), Ok(()));
    let text = format!("'{}'", "x".repeat(500));
    let tags: Vec<Tag> = (0..32).map(|number| tag(&format!("t{number:02}"), &text)).collect();
    let groups = (MAX_TELEMETRY_BYTES / group(tags.clone()).bytes()) + 1;
    let large = with_source(vec![group(tags); groups]);
    let error = large.check_size().unwrap_err();
    assert_eq!(error, TelemetryTooLarge { bytes: large.bytes() });
    assert_eq!(
        error.to_string(),
        format!(
            "{} bytes of labels and statistics are too many for one pod: at most 262144 are allowed",
            large.bytes()
        )
    );
}
