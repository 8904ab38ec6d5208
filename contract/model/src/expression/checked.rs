//! A checked expression of any type. Clones share it, and it is compared by its text.

use super::parse::{Scope, Tree};
use super::tree::Node;
use super::{Attribute, InvalidExpression, MAX_BYTES, parse};
use crate::intern::Interner;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

pub(super) struct Checked<V>(Arc<Parsed<V>>);

pub(super) struct Parsed<V> {
    text: Box<str>,
    tree: Tree<V>,
}

impl<V> Checked<V> {
    pub(super) fn parse(
        text: &str,
        known: &Interner<Parsed<V>>,
        scope: Scope,
        typed: fn(Node) -> Result<V, InvalidExpression>,
    ) -> Result<Self, InvalidExpression> {
        if text.len() > MAX_BYTES {
            return Err(InvalidExpression::TooLong(text.len()));
        }
        let parsed =
            known.get_or_make(text, || Ok(Parsed { text: text.into(), tree: parse::parse(text, scope, typed)? }));
        parsed.map(Self)
    }

    pub(super) fn text(&self) -> &str {
        &self.0.text
    }

    pub(super) fn value(&self) -> &V {
        &self.0.tree.value
    }

    pub(super) fn labels(&self) -> impl Iterator<Item = &str> {
        self.0.tree.labels.iter().map(|name| &**name)
    }

    pub(super) fn attributes(&self) -> &[Attribute] {
        &self.0.tree.attributes
    }

    pub(super) fn bytes(&self) -> usize {
        self.unused_bytes() + self.0.tree.regex_bytes
    }

    pub(super) fn unused_bytes(&self) -> usize {
        size_of::<Parsed<V>>() + self.text().len() + self.0.tree.bytes
    }
}

impl<V> Clone for Checked<V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V> PartialEq for Checked<V> {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl<V> Eq for Checked<V> {}

impl<V> Hash for Checked<V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text().hash(state);
    }
}

impl<V> PartialOrd for Checked<V> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<V> Ord for Checked<V> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text().cmp(other.text())
    }
}
