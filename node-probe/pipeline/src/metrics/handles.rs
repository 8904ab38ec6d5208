//! What a connection holds on to. A handle is good from the call that gave it until its `release`.

use longwire_model::series::{Metrics, SeriesSet};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Metrics by the labels they carry: those of an edge, of a workload and a pod, of a long connection, of a cluster.
pub(crate) const SERVICE: Metrics = Metrics::of(SeriesSet::Istio).union(Metrics::of(SeriesSet::Longwire));
pub(crate) const WORKLOAD: Metrics = Metrics::of(SeriesSet::KmeshWorkload);
pub(crate) const CONNECTION: Metrics = Metrics::of(SeriesSet::KmeshConnection);
pub(crate) const ENVOY: Metrics = Metrics::of(SeriesSet::Envoy);

/// A label set's slot, and which metrics of it the connection feeds. These tell of what kind the label set is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    pub(crate) at: u32,
    pub(crate) metrics: Metrics,
}

/// The kinds of label sets, each in slots of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Service,
    Workload,
    Connection,
    Envoy,
}

const NOTHING: Feed = Feed { at: 0, metrics: Metrics::NONE };

/// What one connection feeds. Nearly all feed one or two label sets, which cost no allocation: of an edge, and of a long
/// connection.
#[derive(Clone, Debug)]
pub struct Attribution {
    first: [Feed; 2],
    #[expect(
        clippy::box_collection,
        reason = "a hundred thousand connections hold one, and hardly any has a third feed"
    )]
    more: Option<Box<Vec<Feed>>>,
}

impl Feed {
    /// The hot path asks: an edge's metrics stand first, and are looked for first.
    #[inline]
    pub(crate) fn kind(self) -> Kind {
        let is_of = |metrics: Metrics| !self.metrics.intersection(metrics).is_empty();
        if is_of(SERVICE) {
            Kind::Service
        } else if is_of(CONNECTION) {
            Kind::Connection
        } else if is_of(WORKLOAD) {
            Kind::Workload
        } else {
            Kind::Envoy
        }
    }

    /// All its metrics are of one kind.
    pub(super) fn is_valid(self) -> bool {
        let of_kind = match self.kind() {
            Kind::Service => SERVICE,
            Kind::Workload => WORKLOAD,
            Kind::Connection => CONNECTION,
            Kind::Envoy => ENVOY,
        };
        !self.metrics.is_empty() && self.metrics.difference(of_kind).is_empty()
    }
}

impl Default for Attribution {
    fn default() -> Self {
        Self { first: [NOTHING; 2], more: None }
    }
}

impl Attribution {
    pub fn feeds(&self) -> impl Iterator<Item = Feed> {
        let first = self.first.iter().filter(|feed| !feed.metrics.is_empty());
        first.chain(self.more.iter().flat_map(|more| more.iter())).copied()
    }

    /// The same for the hot path.
    #[inline]
    pub(super) fn each(&self, mut to: impl FnMut(Feed)) {
        for feed in self.first {
            // They are filled from the first on.
            if feed.metrics.is_empty() {
                return;
            }
            to(feed);
        }
        if let Some(more) = &self.more {
            more.iter().copied().for_each(to);
        }
    }

    /// What is fed of these metrics.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.feeds().map(|feed| feed.metrics).fold(Metrics::NONE, Metrics::union)
    }

    /// Takes a feed in and says whether its label set was fed before: then one reference is enough.
    pub(super) fn push(&mut self, feed: Feed) -> bool {
        let Self { first, more } = self;
        let known = first.iter_mut().chain(more.iter_mut().flat_map(|more| more.iter_mut()));
        for known in known {
            if !known.metrics.is_empty() && known.at == feed.at && known.kind() == feed.kind() {
                known.metrics = known.metrics.union(feed.metrics);
                return true;
            }
        }
        match first.iter_mut().find(|free| free.metrics.is_empty()) {
            Some(free) => *free = feed,
            None => more.get_or_insert_default().push(feed),
        }
        false
    }

    /// Without what it feeds of these metrics, and that alone.
    pub(crate) fn split(&self, metrics: Metrics) -> (Self, Self) {
        let is_of = |feed: &Feed| !feed.metrics.intersection(metrics).is_empty();
        (self.feeds().filter(|feed| !is_of(feed)).collect(), self.feeds().filter(is_of).collect())
    }

    /// Takes over what another holds; they have no label set in common.
    pub(crate) fn extend(&mut self, other: &Self) {
        for feed in other.feeds() {
            self.push(feed);
        }
    }
}

impl FromIterator<Feed> for Attribution {
    fn from_iter<I: IntoIterator<Item = Feed>>(feeds: I) -> Self {
        let mut held = Self::default();
        for feed in feeds {
            held.push(feed);
        }
        held
    }
}

/// As a list of feeds.
impl Serialize for Attribution {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.feeds().count()))?;
        for feed in self.feeds() {
            list.serialize_element(&feed)?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for Attribution {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from_iter)
    }
}
