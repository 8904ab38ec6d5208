//! What a probe has defined on its stream, within bounds: a probe is trusted for its own node only.

use super::super::MAX_LIVE_REFS;
use super::InvalidLive;
use crate::proto;
use crate::refs::Defined;
use longwire_model::identity::{Place, Service, Workload};
use longwire_model::live::LivePod;
use std::sync::Arc;

/// Most bytes of the texts of all values. A probe that remembers 1,280 of each kind, and defines 512 more in a message, stays below it
/// with the longest names that Kubernetes allows.
pub(in crate::live) const MAX_DEFINED: usize = 4 << 20;

#[derive(Debug)]
pub(super) struct Definitions {
    places: Defined<Place>,
    workloads: Defined<Workload>,
    services: Defined<Service>,
    pods: Defined<LivePod>,
    /// Bytes of all of them.
    bytes: usize,
}

impl Default for Definitions {
    fn default() -> Self {
        Self {
            places: Defined::new(),
            workloads: Defined::new(),
            services: Defined::new(),
            pods: Defined::new(),
            bytes: 0,
        }
    }
}

/// What a value takes beside the table's own bounded part.
trait Texts {
    fn bytes(&self) -> usize;
}

impl Texts for Place {
    fn bytes(&self) -> usize {
        self.node.len() + self.zone.len() + self.region.len()
    }
}

impl Texts for Workload {
    fn bytes(&self) -> usize {
        let Self { namespace, name, canonical_service, canonical_revision, cluster } = self;
        namespace.len() + name.len() + canonical_service.len() + canonical_revision.len() + cluster.len()
    }
}

impl Texts for Service {
    fn bytes(&self) -> usize {
        self.namespace.len() + self.name.len() + self.host.len() + self.cluster.len()
    }
}

impl Texts for LivePod {
    fn bytes(&self) -> usize {
        // Its place too, which it keeps when the reference has ended.
        self.uid.len() + self.name.len() + self.place.bytes()
    }
}

/// Defines a value, and counts its bytes in the place of those of the one before.
fn define<T: Texts>(
    (values, bytes): (&mut Defined<T>, &mut usize),
    (field, value): (&'static str, u32),
    defined: T,
) -> Result<(), InvalidLive> {
    if !(1..=MAX_LIVE_REFS).contains(&value) {
        return Err(InvalidLive::Ref { field, value });
    }
    *bytes = *bytes - values.get(value).map_or(0, |former| former.bytes()) + defined.bytes();
    if *bytes > MAX_DEFINED {
        return Err(InvalidLive::TooManyNames);
    }
    values.define(value, defined).ok_or(InvalidLive::Ref { field, value })
}

fn forget<T: Texts>((values, bytes): (&mut Defined<T>, &mut usize), references: &[u32]) {
    for reference in references {
        *bytes -= values.get(*reference).map_or(0, |former| former.bytes());
        values.forget(&[*reference]);
    }
}

/// 0: there is none.
fn known<T>(values: &Defined<T>, field: &'static str, value: u32) -> Result<Option<Arc<T>>, InvalidLive> {
    if value == 0 {
        return Ok(None);
    }
    values.get(value).cloned().map(Some).ok_or(InvalidLive::Undefined { field, value })
}

impl Definitions {
    pub(super) fn places(&mut self, places: Vec<proto::Place>) -> Result<(), InvalidLive> {
        for proto::Place { r#ref, node, zone, region } in places {
            let place = Place { node, zone, region };
            define((&mut self.places, &mut self.bytes), ("place.ref", r#ref), place)?;
        }
        Ok(())
    }

    pub(super) fn workloads(&mut self, workloads: Vec<proto::Workload>) -> Result<(), InvalidLive> {
        for defined in workloads {
            let proto::Workload { r#ref, namespace, name, canonical_service, canonical_revision, cluster } = defined;
            let workload = Workload { namespace, name, canonical_service, canonical_revision, cluster };
            define((&mut self.workloads, &mut self.bytes), ("workload.ref", r#ref), workload)?;
        }
        Ok(())
    }

    pub(super) fn services(&mut self, services: Vec<proto::Service>) -> Result<(), InvalidLive> {
        for proto::Service { r#ref, namespace, name, host, cluster } in services {
            let service = Service { namespace, name, host, cluster };
            define((&mut self.services, &mut self.bytes), ("service.ref", r#ref), service)?;
        }
        Ok(())
    }

    /// After their places.
    pub(super) fn pods(&mut self, pods: Vec<proto::LivePod>) -> Result<(), InvalidLive> {
        for proto::LivePod { r#ref, uid, name, place } in pods {
            let field = "pod.place";
            let place = known(&self.places, field, place)?.ok_or(InvalidLive::Missing { field })?;
            define((&mut self.pods, &mut self.bytes), ("pod.ref", r#ref), LivePod { uid, name, place })?;
        }
        Ok(())
    }

    pub(super) fn forget(&mut self, ended: &proto::LiveForget) {
        let Self { places, workloads, services, pods, bytes } = self;
        forget((places, bytes), &ended.places);
        forget((workloads, bytes), &ended.workloads);
        forget((services, bytes), &ended.services);
        forget((pods, bytes), &ended.pods);
    }

    pub(super) fn workload(&self, value: u32) -> Result<Option<Arc<Workload>>, InvalidLive> {
        known(&self.workloads, "connection.workload", value)
    }

    pub(super) fn service(&self, field: &'static str, value: u32) -> Result<Option<Arc<Service>>, InvalidLive> {
        known(&self.services, field, value)
    }

    pub(super) fn pod(&self, value: u32) -> Result<Option<Arc<LivePod>>, InvalidLive> {
        known(&self.pods, "connection.pod", value)
    }

    #[cfg(test)]
    pub(super) fn references(&self) -> [usize; 4] {
        [self.places.len(), self.workloads.len(), self.services.len(), self.pods.len()]
    }
}
