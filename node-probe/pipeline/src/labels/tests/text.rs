//! What identifies a label set.

use crate::labels::samples::{edge, flow};
use crate::labels::{ConnectionLabels, Differences, LabelText, ServiceLabels, WorkloadLabels};
use crate::observation::Reporter;
use longwire_model::tag::TagName;

fn differences(labels: &[(&str, Option<&str>)]) -> Differences {
    let label = |(name, value): &(&str, Option<&str>)| (TagName::parse(name).unwrap(), value.map(Into::into));
    Differences::new(labels.iter().map(label).collect())
}

#[test]
fn labels_that_read_the_same_are_the_same_and_no_others() {
    let (plain, replaced) = (differences(&[]), differences(&[("source_app", Some("client-app"))]));
    let (longer, shorter) = (differences(&[("zeta", Some("1"))]), differences(&[("reporter", None)]));
    let other = differences(&[("source_app", Some("client-ap"))]);
    let labels = ServiceLabels(edge(Reporter::Source, "client", "server"));
    let text = LabelText::of(&labels, &plain);
    assert!(text.is_of(&labels, &plain) && text.is_of(&labels, &replaced));
    for differences in [&longer, &shorter, &other] {
        assert!(!text.is_of(&labels, differences), "{differences:?}");
        assert!(!LabelText::of(&labels, differences).is_of(&labels, &plain), "{differences:?}");
    }
    let flow = flow(Reporter::Source, "client", "server", 1);
    assert!(!LabelText::of(&ConnectionLabels::of(&flow), &plain).is_of(&WorkloadLabels::of(&flow), &plain));
}

#[test]
fn labels_are_charged_with_punctuation_and_with_what_is_escaped() {
    let of_tag = |value| {
        let labels = ServiceLabels(edge(Reporter::Source, "client", "server"));
        LabelText::of(&labels, &differences(&[("tag", Some(value))])).encoded()
    };
    assert_eq!(of_tag("xx") - of_tag("x"), 1);
    assert_eq!(of_tag("\"\n\\") - of_tag("x"), 5);
}
