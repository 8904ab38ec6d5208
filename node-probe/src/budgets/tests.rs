use super::{notice, relief};
use longwire_pipeline::metrics::{BudgetOwner, Crossing, Resource};

fn message(whose: BudgetOwner, overflowed: Option<u64>) -> Option<String> {
    notice(&Crossing { whose, resource: Resource::Series, limit: 7, overflowed })
}

#[test]
fn a_notice_names_the_full_budget_its_size_and_the_remedy() {
    let of_node = message(BudgetOwner::Node, None).unwrap();
    assert!(of_node.starts_with("the node's budget is full, 7 series: "), "{of_node}");
    assert!(of_node.contains("raise budgets.series"), "{of_node}");
    let of_share = message(BudgetOwner::Namespace("shop".into()), None).unwrap();
    assert!(of_share.starts_with("the share of namespace shop is full, 7 series: "), "{of_share}");
    let of_peer = message(BudgetOwner::Peer { namespace: "shop".into(), peer: "evil".into() }, None).unwrap();
    assert!(of_peer.contains("of namespace shop for connections with namespace evil is full, 7 series: "), "{of_peer}");
}

#[test]
fn the_end_of_a_full_budget_is_only_logged() {
    assert_eq!(message(BudgetOwner::Node, Some(3)), None);
    let over = Crossing { whose: BudgetOwner::Node, resource: Resource::Series, limit: 7, overflowed: Some(3) };
    let text = "the node's budget has room again, 7 series: 3 connections and label sets were counted in the overflow series meanwhile";
    assert_eq!(relief(&over, 3), text);
}
