//! Handles of series. A handle is valid from the call that returned it until its `release`.

use longwire_model::series::{LabelKind, Metrics};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Metrics by the labels they carry: those of an edge, of two workloads and their distance, of a workload and a pod, of a long connection, of a cluster.
pub(crate) const SERVICE: Metrics = Metrics::labelled(LabelKind::Service);
pub(crate) const LOCALITY: Metrics = Metrics::labelled(LabelKind::Locality);
pub(crate) const WORKLOAD: Metrics = Metrics::labelled(LabelKind::Workload);
pub(crate) const CONNECTION: Metrics = Metrics::labelled(LabelKind::Connection);
pub(crate) const ENVOY: Metrics = Metrics::labelled(LabelKind::Cluster);

/// A label set's slot, and the metrics of it that the connection records into. The metrics determine the kind of the label set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesHandle {
    pub(crate) at: u32,
    pub(crate) metrics: Metrics,
}

/// The metrics of each kind of label sets.
const OF_KINDS: [Metrics; LabelKind::ALL.len()] = {
    let (mut metrics, mut at) = ([Metrics::NONE; LabelKind::ALL.len()], 0);
    while at < metrics.len() {
        metrics[at] = Metrics::labelled(LabelKind::ALL[at]);
        at += 1;
    }
    metrics
};

const NOTHING: SeriesHandle = SeriesHandle { at: 0, metrics: Metrics::NONE };

/// The series that one connection records into. Nearly all connections record into two or three label sets, which need no
/// allocation: of an edge, of its workloads, and of a long connection.
#[derive(Clone, Debug)]
pub struct SeriesHandles {
    first: [SeriesHandle; 3],
    #[expect(
        clippy::box_collection,
        reason = "a hundred thousand connections hold one, and hardly any has a fourth handle"
    )]
    more: Option<Box<Vec<SeriesHandle>>>,
}

impl SeriesHandle {
    /// On the hot path: an edge's metrics are the most frequent, and tested first. The last kind is the one that is left.
    #[inline]
    pub(crate) fn kind(self) -> LabelKind {
        let [others @ .., last] = LabelKind::ALL;
        let is_of = |kind: &LabelKind| !self.metrics.intersection(OF_KINDS[*kind as usize]).is_empty();
        others.into_iter().find(is_of).unwrap_or(last)
    }

    /// All its metrics are of one kind.
    pub(super) fn is_valid(self) -> bool {
        !self.metrics.is_empty() && self.metrics.difference(OF_KINDS[self.kind() as usize]).is_empty()
    }
}

impl Default for SeriesHandles {
    fn default() -> Self {
        Self { first: [NOTHING; 3], more: None }
    }
}

impl SeriesHandles {
    pub fn handles(&self) -> impl Iterator<Item = SeriesHandle> {
        let first = self.first.iter().filter(|handle| !handle.metrics.is_empty());
        first.chain(self.more.iter().flat_map(|more| more.iter())).copied()
    }

    /// The same for the hot path.
    #[inline]
    pub(super) fn each(&self, mut to: impl FnMut(SeriesHandle)) {
        for handle in self.first {
            // They are filled from the first on.
            if handle.metrics.is_empty() {
                return;
            }
            to(handle);
        }
        if let Some(more) = &self.more {
            more.iter().copied().for_each(to);
        }
    }

    /// The metrics of all handles.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.handles().map(|handle| handle.metrics).fold(Metrics::NONE, Metrics::union)
    }

    /// Adds a handle. Returns whether there was one of its label set already: then one reference is enough.
    pub(super) fn push(&mut self, handle: SeriesHandle) -> bool {
        let Self { first, more } = self;
        let known = first.iter_mut().chain(more.iter_mut().flat_map(|more| more.iter_mut()));
        for known in known {
            if !known.metrics.is_empty() && known.at == handle.at && known.kind() == handle.kind() {
                known.metrics = known.metrics.union(handle.metrics);
                return true;
            }
        }
        match first.iter_mut().find(|free| free.metrics.is_empty()) {
            Some(free) => *free = handle,
            None => more.get_or_insert_default().push(handle),
        }
        false
    }

    /// The handles without these metrics, and those with them.
    pub(crate) fn split(&self, metrics: Metrics) -> (Self, Self) {
        let is_of = |handle: &SeriesHandle| !handle.metrics.intersection(metrics).is_empty();
        (self.handles().filter(|handle| !is_of(handle)).collect(), self.handles().filter(is_of).collect())
    }

    /// Takes over what another holds; they have no label set in common.
    pub(crate) fn extend(&mut self, other: &Self) {
        for handle in other.handles() {
            self.push(handle);
        }
    }
}

impl FromIterator<SeriesHandle> for SeriesHandles {
    fn from_iter<I: IntoIterator<Item = SeriesHandle>>(handles: I) -> Self {
        let mut held = Self::default();
        for handle in handles {
            held.push(handle);
        }
        held
    }
}

/// As a list of handles.
impl Serialize for SeriesHandles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.handles().count()))?;
        for handle in self.handles() {
            list.serialize_element(&handle)?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for SeriesHandles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from_iter)
    }
}
