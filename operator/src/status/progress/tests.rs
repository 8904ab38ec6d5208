use super::{Programmed, Progress, progress};
use crate::policy::state::PolicyState;
use crate::publish::acks::{Acked, Acks};
use crate::source::object::Refusal;
use rstest::rstest;
use std::collections::BTreeSet;

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

/// Nodes with the revisions that their probes run, as `n1=5`.
fn acks(text: &str) -> Acks {
    let acks = Acks::default();
    for (node, revision) in text.split_whitespace().map(|word| word.split_once('=').unwrap()) {
        acks.applied(node, revision.parse().unwrap());
    }
    acks
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
    let Progress { programmed, programmed_nodes, desired_nodes } =
        progress(&state(wanted), &acks(applied).snapshot(), &nodes(ready));
    let text = format!("{} {}: {}", programmed.status(), programmed.reason(), programmed.message());
    assert_eq!((text.as_str(), (programmed_nodes, desired_nodes)), (expected, counts));
}

#[test]
fn a_probe_s_refusal_is_reported_until_it_applies_something() {
    let acks = acks("n1=4 n2=5");
    let now = || progress(&state("n1 n2"), &acks.snapshot(), &nodes("n1 n2")).programmed;
    acks.refused("n1", 5, "no room");
    assert_eq!(now(), Programmed::Rejected("the probe of node n1 could not apply it: no room".to_owned()));
    acks.applied("n1", 6);
    assert_eq!(now(), Programmed::True);
    // What was refused before has been made good by a later revision.
    acks.refused("n1", 5, "late");
    assert_eq!(now(), Programmed::True);
}

#[test]
fn a_refusal_of_an_earlier_revision_does_not_apply_to_this_one() {
    let acks = acks("n1=3");
    acks.refused("n1", 4, "no room");
    let progress = progress(&state("n1"), &acks.snapshot(), &nodes("n1"));
    assert_eq!(progress.programmed, Programmed::Pending("not yet on n1".to_owned()));
}

#[test]
fn what_is_not_accepted_is_nowhere() {
    let refused = PolicyState { accepted: Err(Refusal::invalid("x")), ..state("n1") };
    let progress = progress(&refused, &acks("n1=9").snapshot(), &nodes("n1"));
    assert_eq!((progress.programmed.reason(), progress.desired_nodes), ("NotAccepted", 0));
}

#[test]
fn acks_do_not_go_back_and_are_forgotten_with_their_node() {
    let acks = acks("n1=5 n2=5");
    acks.applied("n1", 3);
    acks.retain(&nodes("n1"));
    let known: Vec<_> = acks.snapshot().into_iter().collect();
    assert_eq!(known, [("n1".to_owned(), Acked { revision: 5, refused: None })]);
}
