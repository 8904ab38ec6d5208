//! Edges under a selector. All of it stays as it is while an edge is shown.

use super::facts::{EdgeFacts, Workload};
use crate::live::selector::Selectable;
use kube::core::{Selector, SelectorExt};
use longwire_model::canonical::Labels;

/// An edge as somebody sees it who lists one namespace, or all.
#[derive(Clone, Copy, Debug)]
pub(in crate::live) struct EdgeInView<'a> {
    pub(in crate::live) facts: &'a EdgeFacts,
    /// The one that is listed. `None`: all are.
    pub(in crate::live) namespace: Option<&'a str>,
}

impl Selectable for EdgeInView<'_> {
    fn has(&self, field: &str, value: &str) -> bool {
        let EdgeFacts { name, source, destination, service } = self.facts;
        let service = service.as_deref();
        match field {
            "metadata.name" => **name == *value,
            "metadata.namespace" => self.namespace.or_else(|| self.facts.namespaces().next()) == Some(value),
            "source" => is_named(source, value),
            "destination" => is_named(destination, value),
            "workload" => [source, destination].into_iter().any(|end| end.name().unwrap_or_default() == value),
            "namespace" => [source, destination].into_iter().any(|end| end.namespace().unwrap_or_default() == value),
            "service" | "spec.service.name" => service.map_or("", |service| service.name.as_str()) == value,
            "spec.service.namespace" => service.map_or("", |service| service.namespace.as_str()) == value,
            "spec.source.workload" => source.name().unwrap_or_default() == value,
            "spec.source.namespace" => source.namespace().unwrap_or_default() == value,
            "spec.destination.workload" => destination.name().unwrap_or_default() == value,
            "spec.destination.namespace" => destination.namespace().unwrap_or_default() == value,
            _ => false,
        }
    }

    /// Of a namespace's list only the labels of its own workloads count, as its objects show them.
    fn is_labelled(&self, labels: &Selector) -> bool {
        let EdgeFacts { source, destination, .. } = self.facts;
        let own = |end: &&Workload| {
            end.namespace().is_some_and(|namespace| self.namespace.is_none_or(|listed| listed == namespace))
        };
        let mut own = [source, destination].into_iter().filter(own).peekable();
        if own.peek().is_none() {
            return labels.matches(&Labels::new());
        }
        own.any(|end| {
            let known: Labels = end.labels().map(|(name, value)| (name.clone(), value.clone())).collect();
            labels.matches(&known)
        })
    }
}

/// With or without its namespace.
fn is_named(end: &Workload, value: &str) -> bool {
    let name = match value.split_once('/') {
        Some((namespace, _)) if end.namespace() != Some(namespace) => return false,
        Some((_, name)) => name,
        None => value,
    };
    end.name().unwrap_or_default() == name
}

#[cfg(test)]
mod tests;
