use super::progress;
use crate::acks::{Acks, NodeAcks};
use crate::policy::state::PolicyState;
use crate::source::object::Refusal;
use longwire_crds::status::NodeCount;
use rstest::rstest;
use std::collections::BTreeSet;
use std::sync::Arc;

fn nodes(names: &str) -> BTreeSet<String> {
    names.split_whitespace().map(str::to_owned).collect()
}

/// Of revision 5.
fn state(nodes_with_a_pod: &str) -> PolicyState {
    PolicyState {
        uid: "u".to_owned(),
        generation: 1,
        accepted: Ok(()),
        warnings: Vec::new(),
        conflicted: None,
        workloads_selected: 1,
        nodes: nodes(nodes_with_a_pod),
        revision: 5,
    }
}

/// Nodes with the revisions that their probes run, as `n1=5`, and their streams.
fn acks(text: &str) -> (Arc<Acks>, Vec<NodeAcks>) {
    let acks = Arc::<Acks>::default();
    let stream = |(node, revision): (&str, &str)| {
        let stream = acks.open(node).unwrap();
        stream.applied(revision.parse().unwrap());
        stream
    };
    let streams = text.split_whitespace().map(|word| stream(word.split_once('=').unwrap())).collect();
    (acks, streams)
}

/// The condition Programmed in words, and the nodes that run it and that should.
fn programmed(state: &PolicyState, acks: &Acks, ready: &str) -> (String, (u32, u32)) {
    let (condition, NodeCount { programmed, desired }) = progress(state, &acks.snapshot(), &nodes(ready));
    (format!("{} {}: {}", condition.status, condition.reason, condition.message), (programmed, desired))
}

#[rstest]
#[case::everywhere("n1 n2", "n1=5 n2=6", "n1 n2", "True Programmed: every node with a ready probe and a selected pod has applied it", (2, 2))]
#[case::nowhere_wanted("", "n1=5", "n1", "True NoTargets: no node has a ready probe and a selected pod", (0, 0))]
#[case::no_ready_probe_where_it_is_wanted("n2", "n1=5", "n1", "True NoTargets: no node has a ready probe and a selected pod", (0, 0))]
#[case::one_lags("n1 n2", "n1=5 n2=4", "n1 n2", "False Pending: not yet on n2", (1, 2))]
#[case::one_has_not_said_anything_yet("n1 n2", "n1=5", "n1 n2", "Unknown Pending: not yet on n2", (1, 2))]
#[case::one_lags_and_one_is_silent("n1 n2", "n1=4", "n1 n2", "False Pending: not yet on n1, n2", (0, 2))]
#[case::many_lag("a b c d e", "a=1 b=1 c=1 d=1 e=1", "a b c d e", "False Pending: not yet on a, b, c and 2 more", (0, 5))]
fn programmed_is_true_only_when_it_is_so(
    #[case] wanted: &str,
    #[case] applied: &str,
    #[case] ready: &str,
    #[case] expected: &str,
    #[case] counts: (u32, u32),
) {
    assert_eq!(programmed(&state(wanted), &acks(applied).0, ready), (expected.to_owned(), counts));
}

#[test]
fn a_probe_s_refusal_is_reported_until_it_applies_something() {
    let (acks, streams) = acks("n1=4 n2=5");
    let now = || programmed(&state("n1 n2"), &acks, "n1 n2").0;
    streams[0].refused(5, "no room");
    assert_eq!(now(), "False Rejected: the probe of node n1 could not apply it: no room");
    streams[0].applied(6);
    assert_eq!(now(), "True Programmed: every node with a ready probe and a selected pod has applied it");
    // What was refused before has been made good by a later revision.
    streams[0].refused(5, "late");
    assert_eq!(now(), "True Programmed: every node with a ready probe and a selected pod has applied it");
}

#[test]
fn a_refusal_of_an_earlier_revision_does_not_apply_to_this_one() {
    let (acks, streams) = acks("n1=3");
    streams[0].refused(4, "no room");
    assert_eq!(programmed(&state("n1"), &acks, "n1").0, "False Pending: not yet on n1");
}

#[test]
fn what_is_not_accepted_is_nowhere() {
    let refused = PolicyState { accepted: Err(Refusal::invalid("x")), ..state("n1") };
    let expected = "False NotAccepted: an object that is not accepted has no effect";
    assert_eq!(programmed(&refused, &acks("n1=9").0, "n1"), (expected.to_owned(), (0, 0)));
}
