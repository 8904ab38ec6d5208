//! The saved form of labels.

use super::envoy::{Cluster, EnvoyLabels, Route};
use super::{ConnectionLabels, Course, LabelSet, LocalityLabels, ServiceLabels, Target, WorkloadLabels};
use crate::shared::{Numbers, Shared};
use crate::state::Flaw;
use longwire_model::identity::UnixNanos;
use longwire_model::scope::Scope;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};

/// Labels that a state has by reference.
pub(crate) trait SavedLabels: LabelSet {
    type Saved: Clone;

    /// `None`: overflow.
    fn save<'v>(&'v self, numbers: &mut Numbers<'_, 'v>) -> Option<Self::Saved>;

    fn restore(saved: Self::Saved, shared: &Shared) -> Result<Self, Flaw>
    where
        Self: Sized;
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedTarget {
    edge: u32,
    pod: Option<u32>,
    address: IpAddr,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedCourse {
    target: SavedTarget,
    source: SocketAddr,
    destination: SocketAddr,
    start: UnixNanos,
}

/// A client's pod and the cluster that it connects to. `None`: passthrough.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct SavedRoute {
    edge: u32,
    pod: u32,
    cluster: Option<(u16, u32)>,
}

impl SavedLabels for ServiceLabels {
    type Saved = u32;

    fn save<'v>(&'v self, numbers: &mut Numbers<'_, 'v>) -> Option<u32> {
        Some(numbers.edge(&self.0))
    }

    fn restore(edge: u32, shared: &Shared) -> Result<Self, Flaw> {
        shared.edge(edge).map(Self)
    }
}

/// Of the edge and the scope by its place in [`Scope::ALL`].
impl SavedLabels for LocalityLabels {
    type Saved = (u32, u8);

    fn save<'v>(&'v self, numbers: &mut Numbers<'_, 'v>) -> Option<(u32, u8)> {
        Some((numbers.edge(&self.edge), self.scope? as u8))
    }

    fn restore((edge, scope): (u32, u8), shared: &Shared) -> Result<Self, Flaw> {
        let scope = *Scope::ALL.get(usize::from(scope)).ok_or(Flaw::Implausible("scope"))?;
        Ok(Self::new(shared.edge(edge)?, scope))
    }
}

impl SavedLabels for WorkloadLabels {
    type Saved = SavedTarget;

    fn save<'v>(&'v self, numbers: &mut Numbers<'_, 'v>) -> Option<SavedTarget> {
        let Target { pod, address } = self.target.as_ref()?;
        let edge = numbers.edge(&self.edge);
        Some(SavedTarget { edge, pod: pod.as_ref().map(|pod| numbers.pod(pod)), address: *address })
    }

    fn restore(saved: SavedTarget, shared: &Shared) -> Result<Self, Flaw> {
        let SavedTarget { edge, pod, address } = saved;
        let pod = pod.map(|pod| shared.pod(pod)).transpose()?;
        Ok(Self { edge: shared.edge(edge)?, target: Some(Target { pod, address }) })
    }
}

impl SavedLabels for ConnectionLabels {
    type Saved = SavedCourse;

    fn save<'v>(&'v self, numbers: &mut Numbers<'_, 'v>) -> Option<SavedCourse> {
        let Course { source, destination, start } = self.course?;
        Some(SavedCourse { target: self.target.save(numbers)?, source, destination, start })
    }

    fn restore(saved: SavedCourse, shared: &Shared) -> Result<Self, Flaw> {
        let SavedCourse { target, source, destination, start } = saved;
        let course = Some(Course { source, destination, start });
        Ok(Self { target: WorkloadLabels::restore(target, shared)?, course })
    }
}

impl SavedLabels for EnvoyLabels {
    type Saved = SavedRoute;

    fn save<'v>(&'v self, numbers: &mut Numbers<'_, 'v>) -> Option<SavedRoute> {
        let Route { pod, cluster } = self.route.as_ref()?;
        let edge = numbers.edge(&self.edge);
        let cluster = match cluster {
            Cluster::Outbound(port, service) => Some((*port, numbers.service(service))),
            Cluster::Passthrough => None,
        };
        Some(SavedRoute { edge, pod: numbers.pod(pod), cluster })
    }

    fn restore(saved: SavedRoute, shared: &Shared) -> Result<Self, Flaw> {
        let SavedRoute { edge, pod, cluster } = saved;
        let cluster = match cluster {
            Some((port, service)) => Cluster::Outbound(port, shared.service(service)?),
            None => Cluster::Passthrough,
        };
        Ok(Self::new(shared.edge(edge)?, shared.pod(pod)?, cluster))
    }
}
