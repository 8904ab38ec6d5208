//! Two workloads and how far apart they are.

use super::names::{self, EdgeNames};
use super::pairs::pairs;
use super::{Differences, LabelSet, OVERFLOW};
use crate::observation::{Edge, Reporter};
use longwire_model::scope::Scope;
use longwire_model::series::LOCALITY_LABELS;
use std::hash::{Hash, Hasher};

/// One set a pair of workloads, scope and reporter: [`LOCALITY_LABELS`].
#[derive(Clone, Debug)]
pub(crate) struct LocalityLabels {
    /// Its service is no label here.
    pub(super) edge: Edge,
    /// `None`: overflow.
    pub(super) scope: Option<Scope>,
}

impl LocalityLabels {
    pub(crate) fn new(edge: Edge, scope: Scope) -> Self {
        Self { edge, scope: Some(scope) }
    }

    fn values(&self) -> [&str; LOCALITY_LABELS.len()] {
        let names = EdgeNames::of(&self.edge);
        let scope = self.scope.map_or(OVERFLOW, Scope::name);
        let (source, destination) = (names.source, names.destination);
        [names.reporter(), source.workload, source.namespace, destination.workload, destination.namespace, scope]
    }
}

impl LabelSet for LocalityLabels {
    fn overflow(reporter: Reporter) -> Self {
        Self { edge: names::overflow(reporter), scope: None }
    }

    fn edge(&self) -> &Edge {
        &self.edge
    }

    fn pairs(&self, differences: &Differences, to: &mut dyn FnMut(&str, &str)) {
        pairs(&LOCALITY_LABELS, self.values().into_iter(), differences, to);
    }
}

impl PartialEq for LocalityLabels {
    fn eq(&self, other: &Self) -> bool {
        self.values() == other.values()
    }
}

impl Eq for LocalityLabels {}

impl Hash for LocalityLabels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.values().hash(state);
    }
}
