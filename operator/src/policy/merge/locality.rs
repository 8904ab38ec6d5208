//! The labels of `spec.locality`: zone and region of both ends, under ztunnel's names.

use longwire_model::expression::Expression;
use longwire_model::tag::TagName;
use longwire_model::telemetry::{Tag, TagValue};
use std::sync::LazyLock;

/// Label and expression.
const LABELS: [(&str, &str); 4] = [
    ("destination_region", "destination.region"),
    ("destination_zone", "destination.zone"),
    ("source_region", "source.region"),
    ("source_zone", "source.zone"),
];

static TAGS: LazyLock<Vec<Tag>> = LazyLock::new(|| LABELS.into_iter().filter_map(tag).collect());

/// Clones share their names.
pub(super) fn tags() -> &'static [Tag] {
    &TAGS
}

pub(in crate::policy) fn names() -> impl Iterator<Item = &'static str> {
    LABELS.into_iter().map(|(name, _)| name)
}

/// As many values as the cluster has zones, so that there is no bound of its own.
fn tag((name, expression): (&str, &str)) -> Option<Tag> {
    let value = TagValue { expression: Expression::parse(expression).ok()?, max_values: None };
    Some(Tag { name: TagName::parse(name).ok()?, value: Some(value) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_has_an_expression() {
        let names: Vec<&str> = tags().iter().map(|tag| tag.name.as_str()).collect();
        assert_eq!(names, LABELS.map(|(name, _)| name));
    }
}
