//! What the operator has sent, by version, so that it need not send it again.

use longwire_pipeline::pipeline::Pipeline;
use longwire_wire::decode::Received;
use longwire_wire::message::{FromProbe, Interest};
use longwire_wire::version;
use std::collections::HashMap;
use std::net::IpAddr;

#[derive(Debug, Default)]
pub(super) struct Known {
    pods: HashMap<String, u64>,
    /// Bounded by the pipeline, which bounds the addresses that it queries.
    addresses: HashMap<IpAddr, u64>,
}

impl Known {
    /// What a predecessor received, by the operator's versions.
    pub(super) fn of(pipeline: &Pipeline) -> Self {
        let pods = pipeline.local_pods().map(|local| (local.pod.uid.clone(), version::of_local_pod(local)));
        let addresses = pipeline.addresses().map(|answer| (answer.address, version::of_address(&answer)));
        Self { pods: pods.collect(), addresses: addresses.collect() }
    }

    pub(super) fn learn(&mut self, received: &Received) {
        let Received { update, pod_versions, address_versions, bytes: _ } = received;
        for (local, version) in update.pods.iter().zip(pod_versions) {
            self.pods.insert(local.pod.uid.clone(), *version);
        }
        for uid in &update.removed_pods {
            self.pods.remove(uid);
        }
        for (answer, version) in update.addresses.iter().zip(address_versions) {
            self.addresses.insert(answer.address, *version);
        }
    }

    /// Removes addresses that the pipeline has dropped.
    pub(super) fn forget_dropped(&mut self, message: &FromProbe) {
        if let FromProbe::Interest(Interest { drop, .. }) = message {
            for address in drop {
                self.addresses.remove(address);
            }
        }
    }

    pub(super) fn forget_addresses(&mut self) {
        self.addresses.clear();
    }

    pub(super) fn pods(&self) -> Vec<(String, u64)> {
        self.pods.iter().map(|(uid, version)| (uid.clone(), *version)).collect()
    }

    /// The addresses of interest, with the versions that are known. Forgets all other addresses.
    pub(super) fn addresses(&mut self, interest: Vec<IpAddr>) -> Vec<(IpAddr, u64)> {
        let known = std::mem::take(&mut self.addresses);
        let with_version: Vec<_> =
            interest.into_iter().map(|address| (address, *known.get(&address).unwrap_or(&0))).collect();
        self.addresses = with_version.iter().copied().filter(|(_, version)| *version != 0).collect();
        with_version
    }
}
