use super::Publisher;
use crate::policy::compile::Changes;
use longwire_model::telemetry::NodeSettings;

/// No stream is woken by it, so no probe acknowledges it.
#[test]
fn a_revision_that_changes_nothing_is_not_announced() {
    let (publisher, published) = Publisher::new();
    let revisions = || (published.borrow().revision(), published.borrow().announced());
    let changes =
        |revision| Changes { revision, settings: published.borrow().settings().clone(), ..Changes::default() };
    publisher.publish(changes(1), true);
    assert_eq!(revisions(), (1, 1), "that all is known is news");
    publisher.publish(changes(2), true);
    assert_eq!(revisions(), (2, 1));
    let settings = NodeSettings { series: Some(7), ..published.borrow().settings().clone() };
    publisher.publish(Changes { settings, ..changes(3) }, true);
    assert_eq!(revisions(), (3, 3));
}
