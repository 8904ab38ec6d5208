//! What an answer lacks, as kubectl prints it.

use crate::acks::Acks;
use crate::index::probes::ProbePods;
use axum::http::{HeaderMap, HeaderValue, header};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::watch;

/// Nodes that are named.
const NAMED: usize = 5;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Missing {
    /// Nodes.
    pub(super) nodes: usize,
    texts: Vec<String>,
}

/// Nodes of which there should be something. `pods`: `None`: they are not known.
pub(super) fn expected(acks: &Acks, pods: Option<&watch::Receiver<ProbePods>>) -> BTreeSet<Arc<str>> {
    let probes = acks.probes().into_iter();
    let connected = probes.filter(|(_, probe)| probe.connected).map(|(node, _)| Arc::from(node));
    let pods = pods.map(watch::Receiver::borrow);
    let with_pod: Vec<_> = pods.iter().flat_map(|pods| pods.nodes.values()).cloned().collect();
    connected.chain(with_pod).collect()
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

    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(String::as_str)
    }

    /// Adds the warnings to the headers of a response.
    pub(super) fn warn(&self, headers: &mut HeaderMap) {
        self.warnings().for_each(|warning| {
            headers.append(header::WARNING, warning);
        });
    }

    pub(super) fn warnings(&self) -> impl Iterator<Item = HeaderValue> {
        // Without authentication a node's name is what a client says.
        let plain = |letter: char| if letter.is_ascii_graphic() && !"\"\\".contains(letter) { letter } else { ' ' };
        let value = move |text: &String| {
            let text: String = text.chars().map(plain).collect();
            HeaderValue::try_from(format!("299 - \"{text}\"")).ok()
        };
        self.texts.iter().filter_map(value)
    }
}
