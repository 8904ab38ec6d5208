use super::{NOTICE, REFUSED, event};
use k8s_openapi::jiff::Timestamp;

#[test]
fn an_event_on_the_node_has_the_text_of_the_probe() {
    let at = |second| Timestamp::from_second(second).unwrap();
    let (one, two) = (event("n1", REFUSED, "no BTF", "a", at(1)), event("n1", REFUSED, "no BTF", "b", at(2)));
    assert_eq!(one.metadata.name, two.metadata.name);
    assert_ne!(one.metadata.name, event("n1", REFUSED, "old kernel", "a", at(1)).metadata.name);
    assert_eq!(one.note.as_deref(), Some("the Longwire probe of this node: no BTF"));
    assert_eq!(one.reason.as_deref(), Some("ProbeRefused"));
    assert_eq!(event("n1", NOTICE, "full", "a", at(1)).reason.as_deref(), Some("ProbeBudgetFull"));
    let node = one.regarding.unwrap();
    assert_eq!((node.kind.as_deref(), node.name.as_deref(), node.namespace), (Some("Node"), Some("n1"), None));
}
