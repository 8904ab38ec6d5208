//! Builds the manifests' objects: pods as namespaces, Services as DNAT.

use super::bookinfo::{Bookinfo, PodObject};
use anyhow::{Context, Result};
use longwire_testkit::{Node, Pod, Slot};

#[derive(Debug)]
pub(super) struct Stage {
    pub node: Node,
    pub pods: Vec<Pod>,
}

impl Stage {
    pub(super) fn build(bookinfo: &Bookinfo, slot: Slot) -> Result<Self> {
        let node = Node::new(slot, bookinfo.node.address, bookinfo.node.gateway)?;
        let pods = bookinfo.pods.iter().map(|pod| make(&node, bookinfo, pod)).collect::<Result<Vec<_>>>()?;
        for service in &bookinfo.services {
            for (port, backends) in bookinfo.backends(service)? {
                node.publish(service.address, port, &backends)?;
            }
        }
        let stage = Self { node, pods };
        stage.node.lose(stage.pod("mongodb-v1")?, 0.01)?;
        Ok(stage)
    }

    pub(super) fn pod(&self, workload: &str) -> Result<&Pod> {
        let found = self.pods.iter().find(|pod| pod.workload == workload);
        found.with_context(|| format!("the manifests have no pod of workload {workload}"))
    }
}

fn make(node: &Node, bookinfo: &Bookinfo, object: &PodObject) -> Result<Pod> {
    let PodObject { name, uid, app, workload, ipv4, ipv6, .. } = object;
    let (netns, link) = node.attach(&[(*ipv4).into(), (*ipv6).into()])?;
    Ok(Pod {
        name: name.clone(),
        workload: workload.clone(),
        uid: uid.clone(),
        ipv4: *ipv4,
        ipv6: *ipv6,
        service_ip: bookinfo.service(app)?.address,
        netns,
        link: Some((node.netns.clone(), link)),
    })
}
