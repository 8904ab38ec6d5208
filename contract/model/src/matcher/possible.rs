//! Whether a pattern can match the name of any statistic, whatever Services exist.
//!
//! Two expressions match a common text if both automata reach their ends by the same bytes.

use super::{Pattern, StringMatcher};
use crate::limits::MAX_REGEX_BYTES;
use crate::series::{FAMILIES, SERVER_STATISTICS, SeriesSet};
use regex_automata::nfa::thompson::{self, NFA, State, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_syntax::escape;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Most pairs of states that are visited. A pattern that needs more counts as one that can match.
const MAX_PAIRS: usize = 100_000;
const ANYTHING: &str = "(?s:.)*";

static STATISTICS: LazyLock<Option<NFA>> = LazyLock::new(|| {
    let names = FAMILIES.iter().filter(|family| family.set == SeriesSet::Envoy);
    let names: Vec<&str> = names.filter_map(|family| family.name.strip_prefix("envoy_cluster_")).collect();
    let clusters = format!(
        r"cluster\.(?:outbound\|[0-9]+\|\|[a-zA-Z0-9.-]+|PassthroughCluster|overflow)\.(?:{})",
        names.join("|")
    );
    let of_server = SERVER_STATISTICS.map(|row| escape(row.statistic));
    automaton(&format!("{clusters}|{}", of_server.join("|")))
});

impl StringMatcher {
    /// `true` also if it is not known.
    #[must_use]
    pub fn can_match_a_statistic(&self) -> bool {
        let case = if self.ignore_case { "(?i)" } else { "" };
        let literal = |text: &str| format!("(?:{case}{})", escape(text));
        let pattern = match &*self.pattern {
            Pattern::Exact(text) => literal(text),
            Pattern::Prefix(text) => format!("{}{ANYTHING}", literal(text)),
            Pattern::Suffix(text) => format!("{ANYTHING}{}", literal(text)),
            Pattern::Contains(text) => format!("{ANYTHING}{}{ANYTHING}", literal(text)),
            Pattern::Regex(regex) => regex.text().to_owned(),
        };
        match (&*STATISTICS, automaton(&pattern)) {
            (Some(statistics), Some(pattern)) => have_a_text_in_common(statistics, &pattern),
            _ => true,
        }
    }
}

fn automaton(pattern: &str) -> Option<NFA> {
    let syntax = regex_syntax::parse(pattern).ok()?;
    let config = thompson::Config::new().nfa_size_limit(Some(MAX_REGEX_BYTES)).which_captures(WhichCaptures::None);
    thompson::Compiler::new().configure(config).build_from_hir(&syntax).ok()
}

/// Both match the whole text. Look-around of a state, as `\b`, counts as satisfied.
fn have_a_text_in_common(one: &NFA, other: &NFA) -> bool {
    let mut waiting = vec![(one.start_anchored(), other.start_anchored())];
    let mut known: HashSet<(StateID, StateID)> = waiting.iter().copied().collect();
    while let Some((left, right)) = waiting.pop() {
        let next: Vec<_> = match (step(one.state(left)), step(other.state(right))) {
            (Step::End, Step::End) => return true,
            (Step::Free(next), _) => next.into_iter().map(|next| (next, right)).collect(),
            (_, Step::Free(next)) => next.into_iter().map(|next| (left, next)).collect(),
            (Step::Bytes(left), Step::Bytes(right)) => {
                let overlap = |one: &Range, other: &Range| one.from.max(other.from) <= one.to.min(other.to);
                let pairs = left.iter().flat_map(|left| right.iter().map(move |right| (left, right)));
                pairs
                    .filter(|(left, right)| overlap(left, right))
                    .map(|(left, right)| (left.next, right.next))
                    .collect()
            }
            (Step::End, Step::Bytes(_)) | (Step::Bytes(_), Step::End) => Vec::new(),
        };
        waiting.extend(next.into_iter().filter(|pair| known.insert(*pair)));
        if known.len() > MAX_PAIRS {
            return true;
        }
    }
    false
}

/// A transition from a state.
enum Step {
    End,
    /// Without a byte.
    Free(Vec<StateID>),
    Bytes(Vec<Range>),
}

struct Range {
    from: u8,
    to: u8,
    next: StateID,
}

fn step(state: &State) -> Step {
    let range = |from, to, next| Range { from, to, next };
    match state {
        State::ByteRange { trans } => Step::Bytes(vec![range(trans.start, trans.end, trans.next)]),
        State::Sparse(sparse) => {
            Step::Bytes(sparse.transitions.iter().map(|trans| range(trans.start, trans.end, trans.next)).collect())
        }
        State::Dense(dense) => {
            let by_byte = (0..=u8::MAX).zip(dense.transitions.iter()).filter(|(_, next)| **next != StateID::ZERO);
            Step::Bytes(by_byte.map(|(byte, next)| range(byte, byte, *next)).collect())
        }
        State::Look { next, .. } | State::Capture { next, .. } => Step::Free(vec![*next]),
        State::Union { alternates } => Step::Free(alternates.to_vec()),
        State::BinaryUnion { alt1, alt2 } => Step::Free(vec![*alt1, *alt2]),
        State::Fail => Step::Bytes(Vec::new()),
        State::Match { .. } => Step::End,
    }
}
