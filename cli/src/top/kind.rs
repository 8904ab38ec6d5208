//! What a line is, and what it has of a connection. Pure.

use super::store::Known;
use clap::ValueEnum;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Edges,
    Connections,
    Pods,
    Services,
    Namespaces,
}

/// The ends, source first, that a line looks at a connection from.
pub(super) type Ends = [bool; 2];

const SOURCE: Ends = [true, false];
const DESTINATION: Ends = [false, true];
const BOTH: Ends = [true, true];

/// A connection's part of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// Of the line.
    pub(super) names: Vec<&'a str>,
    /// What they send is sent, and what they receive is received.
    pub(super) sides: Ends,
    /// Whose retransmits and round-trip times count.
    pub(super) kernels: Ends,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [Self::Pods, Self::Connections, Self::Edges, Self::Services, Self::Namespaces];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Edges => "edges",
            Self::Connections => "connections",
            Self::Pods => "pods",
            Self::Services => "services",
            Self::Namespaces => "namespaces",
        }
    }

    /// Titles of a line's names.
    pub(super) const fn titles(self) -> &'static [&'static str] {
        match self {
            Self::Edges => &["SOURCE", "DESTINATION"],
            Self::Connections => &["SOURCE", "DESTINATION", "SERVICE"],
            Self::Pods => &["POD"],
            Self::Services => &["SERVICE"],
            Self::Namespaces => &["NAMESPACE"],
        }
    }

    /// The one after it, or before.
    pub(super) fn next(self, step: usize) -> Self {
        let at = Self::ALL.iter().position(|kind| *kind == self).unwrap_or_default();
        Self::ALL[(at + step) % Self::ALL.len()]
    }

    /// The lines that a connection is in. `namespace`: the one that is read, if it is not all. Of other pods only a part is known, so
    /// they have no line.
    pub(super) fn parts<'a>(self, known: &'a Known, namespace: Option<&str>) -> Vec<Part<'a>> {
        let [source, destination] = &known.ends;
        let ends = [(source, SOURCE), (destination, DESTINATION)];
        match self {
            Self::Edges => {
                vec![Part { names: vec![&source.workload, &destination.workload], sides: SOURCE, kernels: BOTH }]
            }
            Self::Connections => {
                let names = vec![&*source.socket, &*destination.socket, known.service.as_deref().unwrap_or("-")];
                vec![Part { names, sides: SOURCE, kernels: BOTH }]
            }
            Self::Pods => {
                let own = ends
                    .into_iter()
                    .filter(|(end, _)| namespace.is_none_or(|namespace| end.namespace.as_deref() == Some(namespace)));
                own.filter_map(|(end, side)| {
                    Some(Part { names: vec![end.pod.as_deref()?], sides: side, kernels: side })
                })
                .collect()
            }
            Self::Services => {
                let service = known.service.as_deref().into_iter();
                service.map(|name| Part { names: vec![name], sides: DESTINATION, kernels: BOTH }).collect()
            }
            Self::Namespaces => match (source.namespace.as_deref(), destination.namespace.as_deref()) {
                (Some(one), Some(other)) if one == other => {
                    vec![Part { names: vec![one], sides: BOTH, kernels: BOTH }]
                }
                _ => ends
                    .into_iter()
                    .filter_map(|(end, side)| {
                        Some(Part { names: vec![end.namespace.as_deref()?], sides: side, kernels: side })
                    })
                    .collect(),
            },
        }
    }
}
