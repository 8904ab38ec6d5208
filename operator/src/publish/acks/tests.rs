use super::Acks;

#[test]
fn a_refusal_is_handed_out_once_even_when_it_was_made_good_since() {
    let acks = Acks::default();
    acks.refused("n1", 5, "no BTF");
    acks.refused("n2", 5, "no room");
    acks.applied("n2", 6);
    let taken = acks.take_refusals();
    assert_eq!((taken["n1"].as_str(), taken["n2"].as_str(), taken.len()), ("no BTF", "no room", 2));
    assert!(acks.take_refusals().is_empty());
    assert_eq!(acks.snapshot()["n1"].refused, Some((5, "no BTF".to_owned())));
}
