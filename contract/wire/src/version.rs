//! Content hashes: equal content has equal versions, in every process and on every machine.
//!
//! xxh3 over an encoding of its own, because references on the wire differ between streams. Unordered content is sorted
//! first. 0 is never a version; it means unknown.

use crate::telemetry;
use longwire_model::identity::{Address, Backing, Frontend, Owner, OwnerKind, Place, Pod, Service, Workload};
use longwire_model::telemetry::NodeSettings;
use longwire_model::update::LocalPod;
use prost::Message;
use std::net::IpAddr;
use xxhash_rust::xxh3::xxh3_64;

#[cfg(test)]
mod tests;

#[must_use]
pub fn of_local_pod(local: &LocalPod) -> u64 {
    let LocalPod { pod, telemetry } = local;
    let mut content = Content::default();
    content.pod(pod);
    content.message(&telemetry::to_proto(telemetry, 0));
    content.hash()
}

#[must_use]
pub fn of_address(answer: &Address) -> u64 {
    let Address { address, owners } = answer;
    let mut content = Content::default();
    content.address(*address);
    content.unordered(owners, Content::owner);
    content.hash()
}

/// Version of a node's whole configuration, from UID and version of each of its pods, in any order.
#[must_use]
pub fn of_node<'a>(settings: &NodeSettings, pods: impl IntoIterator<Item = (&'a str, u64)>) -> u64 {
    let pods: Vec<_> = pods.into_iter().collect();
    let mut content = Content::default();
    content.message(&telemetry::settings_to_proto(settings));
    content.unordered(&pods, |content, (uid, version)| {
        content.text(uid);
        content.number(*version);
    });
    content.hash()
}

/// Every string and list follows its length, so that different contents have different encodings.
#[derive(Default)]
struct Content(Vec<u8>);

impl Content {
    fn hash(&self) -> u64 {
        xxh3_64(&self.0).max(1)
    }

    fn number(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }

    /// For messages without references, which have one encoding.
    fn message(&mut self, message: &impl Message) {
        let encoded = message.encode_to_vec();
        self.number(encoded.len() as u64);
        self.0.extend(encoded);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend(text.as_bytes());
    }

    fn list<T>(&mut self, items: impl Iterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        let items: Vec<T> = items.collect();
        self.number(items.len() as u64);
        for item in items {
            write(self, item);
        }
    }

    fn unordered<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        let mut encoded: Vec<Vec<u8>> = Vec::with_capacity(items.len());
        for item in items {
            let mut one = Self::default();
            write(&mut one, item);
            encoded.push(one.0);
        }
        encoded.sort_unstable();
        self.list(encoded.into_iter(), |content, one| content.0.extend(one));
    }

    fn address(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(address) => self.list(address.octets().into_iter(), |content, octet| content.0.push(octet)),
            IpAddr::V6(address) => self.list(address.octets().into_iter(), |content, octet| content.0.push(octet)),
        }
    }

    fn owner(&mut self, owner: &Owner) {
        let Owner { kind, from, until, observed } = owner;
        self.number(*from);
        self.number(until.unwrap_or(0));
        self.0.push(u8::from(*observed));
        match kind {
            OwnerKind::Pod(pod) => {
                self.0.push(1);
                self.pod(pod);
            }
            OwnerKind::Service(Frontend { service, ports, endpoints, is_external }) => {
                self.0.extend([2, u8::from(*is_external)]);
                self.service(service);
                self.list(ports.iter(), |content, port| content.number(u64::from(*port)));
                self.list(endpoints.iter(), |content, endpoint| {
                    content.address(endpoint.ip());
                    content.number(u64::from(endpoint.port()));
                });
            }
            OwnerKind::Node(name) => {
                self.0.push(3);
                self.text(name);
            }
        }
    }

    fn pod(&mut self, pod: &Pod) {
        let Pod {
            uid,
            name,
            addresses,
            host_network,
            workload,
            services,
            more_services,
            service_account,
            place,
            labels,
        } = pod;
        self.text(uid);
        self.text(name);
        self.unordered(addresses, |content, address| content.address(*address));
        self.0.push(u8::from(*host_network));
        self.workload(workload);
        for backings in [services, more_services] {
            self.unordered(backings, |content, Backing { target, port, service }| {
                content.number(u64::from(*target));
                content.number(u64::from(*port));
                content.service(service);
            });
        }
        self.text(service_account);
        let Place { node, zone, region } = &**place;
        for text in [node, zone, region] {
            self.text(text);
        }
        self.list(labels.iter(), |content, (name, value)| {
            content.text(name);
            content.text(value);
        });
    }

    fn workload(&mut self, workload: &Workload) {
        let Workload { namespace, name, canonical_service, canonical_revision, cluster } = workload;
        for text in [namespace, name, canonical_service, canonical_revision, cluster] {
            self.text(text);
        }
    }

    fn service(&mut self, service: &Service) {
        let Service { namespace, name, host, cluster } = service;
        for text in [namespace, name, host, cluster] {
            self.text(text);
        }
    }
}
