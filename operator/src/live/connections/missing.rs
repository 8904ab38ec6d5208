//! What an answer lacks, as kubectl prints it.

use axum::http::HeaderValue;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Nodes that are named.
const NAMED: usize = 5;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::live) struct Missing {
    /// Nodes.
    pub(in crate::live) nodes: usize,
    texts: Vec<String>,
}

impl Missing {
    pub(in crate::live) fn of(
        expected: &BTreeSet<Arc<str>>,
        complete: &BTreeSet<Arc<str>>,
        lacks: Vec<String>,
    ) -> Self {
        let missing: Vec<_> = expected.difference(complete).collect();
        let mut texts = Vec::new();
        if !missing.is_empty() {
            let named: Vec<_> = missing.iter().take(NAMED).map(|node| node.as_ref()).collect();
            let more = missing.len() - named.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let (count, all) = (missing.len(), expected.len());
            texts.push(format!("{count} of {all} nodes did not answer: {}{more}", named.join(", ")));
        }
        texts.extend(lacks);
        Self { nodes: missing.len(), texts }
    }

    pub(in crate::live) fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(String::as_str)
    }

    /// Values of the header `Warning`.
    pub(in crate::live) fn warnings(&self) -> impl Iterator<Item = HeaderValue> {
        // Without authentication a node's name is what a client says.
        let plain = |letter: char| if letter.is_ascii_graphic() && !"\"\\".contains(letter) { letter } else { ' ' };
        let value = move |text: &String| {
            let text: String = text.chars().map(plain).collect();
            HeaderValue::try_from(format!("299 - \"{text}\"")).ok()
        };
        self.texts.iter().filter_map(value)
    }
}
