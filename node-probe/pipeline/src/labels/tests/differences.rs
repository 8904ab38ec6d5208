//! Labels that are not as the table has them.

use super::service::customised;
use crate::labels::samples::edge;
use crate::labels::{Differences, ServiceLabels};
use crate::observation::Reporter;
use longwire_model::series::SERVICE_LABELS;
use longwire_model::tag::TagName;

fn text(labels: &[(&str, Option<&str>)]) -> String {
    let label = |(name, value): &(&str, Option<&str>)| (TagName::parse(name).unwrap(), value.map(Into::into));
    let differences = Differences::new(labels.iter().map(label).collect());
    customised(&ServiceLabels(edge(Reporter::Source, "client", "server")), &differences)
}

#[test]
fn what_is_replaced_stays_in_its_place_what_is_removed_is_gone_and_what_is_new_follows() {
    let plain = text(&[]);
    let expected = plain
        .replace("source_app=\"client-app\"", "source_app=\"a\\\"b\"")
        .replace("source_cluster=\"Kubernetes\",", "")
        .replace("{reporter=\"source\",", "{");
    let labels = [
        ("alpha", Some("1")),
        ("reporter", None),
        ("source_app", Some("a\"b")),
        ("source_cluster", None),
        ("unheard_of", None),
        ("zeta", Some("2")),
    ];
    assert_eq!(text(&labels), format!("{expected},alpha=\"1\",zeta=\"2\""));
}

#[test]
fn without_any_label_there_is_the_brace_alone() {
    let mut names = SERVICE_LABELS.map(|name| (name, None));
    names.sort_unstable();
    assert_eq!(text(&names), "{");
}
