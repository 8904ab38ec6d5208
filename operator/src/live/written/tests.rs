use super::write;
use crate::live::fake::facts;
use crate::live::merge::{Directions, Kernel, Merged, Phase, Why};
use crate::live::object::connection;
use crate::live::row::{Facts, RowState};
use longwire_model::connection::{CloseReason, Reporter};
use serde_json::Value;
use std::sync::Arc;

const NOW: u64 = 1_790_000_000_000_000_000;

fn state(source: Option<&str>, destination: Option<&str>) -> RowState {
    let facts = Facts { start: NOW - 5, ..Facts::clone(&facts(3, source, destination)) };
    RowState {
        facts: Arc::new(facts),
        merged: Merged::default(),
        created: 5,
        phase_changed: 5,
        revision: 7,
        is_gone: false,
    }
}

fn check(state: &RowState, namespace: &str) {
    let mut out = Vec::new();
    write(state, namespace, NOW, &mut out);
    let written: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(written, serde_json::to_value(connection(state, namespace, NOW)).unwrap());
}

fn kept(state: &RowState) -> [bool; 2] {
    [0, 1].map(|number| state.facts.texts.0[number].get().is_some())
}

#[test]
fn what_is_written_is_the_object_at_every_change() {
    for ends in
        [(Some("web"), Some("vault")), (Some("web"), Some("cart")), (None, Some("vault")), (Some("vault"), None)]
    {
        let mut state = state(ends.0, ends.1);
        let namespaces: Vec<String> = state.facts.namespaces().map(str::to_owned).collect();
        // What nobody has, and what has no labels.
        for namespace in namespaces.iter().map(String::as_str).chain(["elsewhere", ""]) {
            state.merged = Merged::default();
            check(&state, namespace);
            state.revision += 1;
            let kernel = Kernel {
                bytes: Directions::default(),
                rtt_us: Some(u32::MAX),
                min_rtt_us: None,
                retransmits: i64::MAX as u64,
                retransmitted_bytes: 9,
                lost: 1,
                is_stale: true,
            };
            state.merged = Merged {
                phase: Phase::Closed,
                why: Some(Why::Closed(CloseReason::Reset)),
                closed_by: Some(Reporter::Destination),
                end: Some(NOW),
                observed: NOW,
                bytes: Directions { from_source: i64::MAX as u64, from_destination: 1 },
                kernels: [Some(kernel); 2],
                ..state.merged
            };
            check(&state, namespace);
        }
        assert_eq!(kept(&state), [true, namespaces.len() == 2], "{ends:?}");
    }
}

#[test]
fn a_copy_that_may_be_changed_has_no_text_of_the_former_one() {
    let mut state = state(Some("web"), Some("cart"));
    check(&state, "shop");
    let before = Arc::clone(&state.facts);
    Arc::make_mut(&mut state.facts).requested_address = "10.0.0.9:1".parse().unwrap();
    assert_eq!(kept(&state), [false, false]);
    check(&state, "shop");
    // It is no difference between two rows.
    assert_eq!(*before, Facts::clone(&before));
}
