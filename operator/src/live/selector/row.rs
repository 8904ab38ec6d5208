//! Connections under a selector. All of it but the phase stays as it is while a row is shown.

use super::Selectable;
use crate::live::merge::Phase;
use crate::live::row::{Facts, Side};
use kube::core::{Selector, SelectorExt};
use longwire_model::canonical::Labels;

/// A row as somebody sees it who lists one namespace, or all.
#[derive(Clone, Copy, Debug)]
pub(in crate::live) struct InView<'a> {
    pub(in crate::live) facts: &'a Facts,
    pub(in crate::live) phase: Phase,
    /// The one that is listed. `None`: all are.
    pub(in crate::live) namespace: Option<&'a str>,
}

impl Selectable for InView<'_> {
    fn has(&self, field: &str, value: &str) -> bool {
        let Facts { name, source, destination, service, .. } = self.facts;
        match field {
            "metadata.name" => **name == *value,
            "metadata.namespace" => self.namespace.or_else(|| self.facts.namespaces().next()) == Some(value),
            "phase" | "status.phase" => phase_name(self.phase) == value,
            // Of the request, not of the object.
            "history" => value == "all",
            "source" => is_named(source, value),
            "destination" => is_named(destination, value),
            "service" | "spec.service.name" => service.as_ref().map_or("", |service| service.name.as_str()) == value,
            "port" => has_port(source, value) || has_port(destination, value),
            "pod" | "workload" | "namespace" | "node" => {
                [source, destination].into_iter().any(|side| part(side, field) == value)
            }
            _ => {
                let part_of =
                    |prefix: &str, side: &Side| field.strip_prefix(prefix).map(|name| has_part(side, name, value));
                let of_source = part_of("spec.source.", source);
                of_source.or_else(|| part_of("spec.destination.", destination)).unwrap_or(false)
            }
        }
    }

    /// Of a namespace's list only the labels of its own pods count, as its objects show them.
    fn is_labelled(&self, labels: &Selector) -> bool {
        let Facts { source, destination, .. } = self.facts;
        let pods = [source, destination].into_iter().filter_map(|side| side.pod.as_ref());
        let mut own = pods.filter(|pod| self.namespace.is_none_or(|namespace| pod.namespace() == namespace)).peekable();
        if own.peek().is_none() {
            return labels.matches(&Labels::new());
        }
        own.any(|pod| labels.matches(pod.labels()))
    }
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Open => "Open",
        Phase::Closed => "Closed",
        Phase::Failed => "Failed",
    }
}

/// A pod or a workload, with or without its namespace.
fn is_named(side: &Side, value: &str) -> bool {
    let Some(pod) = &side.pod else { return value.is_empty() };
    let name = match value.split_once('/') {
        Some((namespace, _)) if namespace != pod.namespace() => return false,
        Some((_, name)) => name,
        None => value,
    };
    pod.name() == name || pod.workload() == name
}

fn has_port(side: &Side, value: &str) -> bool {
    side.address.is_some_and(|address| value.parse() == Ok(address.port()))
}

fn has_part(side: &Side, name: &str, value: &str) -> bool {
    match name {
        "port" => side.address.map_or(value.is_empty(), |_| has_port(side, value)),
        "address" => side.address.map_or(value.is_empty(), |address| {
            value.parse().is_ok_and(|wanted: std::net::IpAddr| wanted == address.ip().to_canonical())
        }),
        name => part(side, name) == value,
    }
}

fn part<'a>(side: &'a Side, name: &str) -> &'a str {
    let Some(pod) = &side.pod else { return "" };
    match name {
        "pod" => pod.name(),
        "workload" => pod.workload(),
        "namespace" => pod.namespace(),
        "node" => pod.node().unwrap_or_default(),
        "zone" => pod.zone().unwrap_or_default(),
        _ => "",
    }
}

#[cfg(test)]
mod tests;
