//! Ten nodes with ten pods each, and the connections of every node's pods to those of the next one. Pure.

use crate::followed::announce;
use longwire_pipeline::record::{Counters, RawRecord, Sample, flag};
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};

pub(super) const NODES: usize = 10;
pub(super) const PODS: usize = 10;
/// Of which each node's pods open as many.
pub(super) const CONNECTIONS: usize = 10_000;
pub(super) const OF_NODE: usize = CONNECTIONS / NODES;

pub(super) fn node(node: usize) -> String {
    format!("n{node}")
}

/// Of all pods of a node.
pub(super) fn namespace(node: usize) -> String {
    format!("team{node}")
}

pub(super) fn uid(node: usize, pod: usize) -> String {
    format!("00000000-0000-4000-8000-{node:06x}{pod:06x}")
}

/// By pod, below 1,000.
pub(super) fn cgroup(pod: usize) -> u64 {
    1_000 + pod as u64
}

fn address(node: usize, pod: usize) -> IpAddr {
    Ipv4Addr::new(10, 1, node as u8, 1 + pod as u8).into()
}

/// Every pod has a workload and a Service.
pub(super) fn manifests() -> String {
    let mut text = String::new();
    for number in 0..NODES {
        let (node, namespace) = (node(number), namespace(number));
        let _ = write!(
            text,
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}}}\n---\napiVersion: v1\nkind: Node\n\
             metadata: {{name: {node}, labels: {{topology.kubernetes.io/zone: zone-a}}}}\n\
             status: {{addresses: [{{type: InternalIP, address: 10.2.0.{}}}]}}\n---\n",
            1 + number
        );
        for pod in 0..PODS {
            let (workload, hash, address, uid) =
                (format!("worker{pod}"), "7d4b9c6f5d", address(number, pod), uid(number, pod));
            let _ = write!(
                text,
                "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {workload}-{hash}-abcde\n  generateName: {workload}-{hash}-\n  \
                 namespace: {namespace}\n  uid: {uid}\n  \
                 labels: {{app: {workload}, version: v1, pod-template-hash: {hash}}}\n  ownerReferences:\n  \
                 - {{apiVersion: apps/v1, kind: ReplicaSet, name: {workload}-{hash}, uid: {uid}, controller: true}}\n\
                 spec:\n  nodeName: {node}\n  containers: [{{name: main, image: none}}]\n\
                 status: {{phase: Running, podIP: {address}, podIPs: [{{ip: {address}}}]}}\n---\n\
                 apiVersion: v1\nkind: Service\nmetadata: {{name: {workload}, namespace: {namespace}}}\n\
                 spec:\n  clusterIP: 10.3.{number}.{}\n  selector: {{app: {workload}}}\n  \
                 ports: [{{port: 80, targetPort: 8080, protocol: TCP}}]\n---\n",
                1 + pod
            );
        }
    }
    text
}

/// The ends that a node's probe sees: of the connections that its pods opened, and of those that they accepted. The id of each is its
/// place, from 1.
pub(super) fn ends(node: usize, now: u64) -> Vec<RawRecord> {
    let before = (node + NODES - 1) % NODES;
    let opened = (0..OF_NODE).map(|number| (node, number, flag::ACTIVE));
    let accepted = (0..OF_NODE).map(|number| (before, number, flag::PASSIVE));
    (1..).zip(opened.chain(accepted)).map(|(id, (from, number, role))| end(id, from, number, role, now)).collect()
}

/// Of the connection with this number among those that the pods of a node opened.
fn end(id: u64, from: usize, number: usize, role: u32, now: u64) -> RawRecord {
    let (source, destination) = (number % PODS, number / PODS % PODS);
    let (client, server) = (address(from, source), address((from + 1) % NODES, destination));
    let ((local, remote), pod) =
        if role == flag::ACTIVE { ((client, server), source) } else { ((server, client), destination) };
    let mut raw = announce(id, local, remote, now);
    let port = 40_000 + (number / (PODS * PODS)) as u16;
    (raw.flags, raw.cgroup, raw.netns) = (role, cgroup(pod), 2 + pod as u32);
    let sequence = (from * OF_NODE + number) as u32;
    (raw.client_isn, raw.server_isn) = (sequence, !sequence);
    (raw.syn_time, raw.established) = (now - 1_000_000, now - 500_000);
    if role == flag::ACTIVE {
        raw.local_port = port;
    } else {
        (raw.local_port, raw.remote_port) = (raw.remote_port, port);
    }
    raw
}

/// All ends have moved as much in each pass.
pub(super) fn samples(pass: u64) -> Vec<Sample> {
    let of = |id: u64| {
        let (sent, received) = (pass * (1_000 + id % 100), pass * 10_000);
        let is_opened = id <= OF_NODE as u64;
        let (sent, received) = if is_opened { (sent, received) } else { (received, sent) };
        let srtt_us = 200 + ((id + pass) % 1_000) as u32;
        Sample { id, counters: Counters { sent, received, srtt_us, min_rtt_us: 150, ..Counters::default() } }
    };
    (1..=2 * OF_NODE as u64).map(of).collect()
}
