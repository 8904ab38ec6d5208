//! Pods with hostNetwork, which share the node's namespace and addresses: only their cgroups distinguish them.

use anyhow::Result;
use longwire_testkit::{Cluster, Edge, Pod, PodSpec, Truth, cgroup, confirm};
use std::net::SocketAddr;
use std::time::Duration;

fn cluster() -> Result<Cluster> {
    let host_pods = ["ingress", "agent"].map(|name| PodSpec::new(name).host_network());
    Cluster::start(2, &host_pods, &[])
}

/// A server and a client, each a process in its pod's cgroup. The client's container is removed when it has ended.
fn exchange(client: &Pod, server: &Pod, port: u16) -> Result<Truth> {
    let (address, container) = (SocketAddr::from((server.ipv4, port)).to_string(), format!("job{port}"));
    let serving = server.process_that_says("main", &["serve", &address, "--reply", "3000"], "listening")?;
    client.run(&container, &["send", &address, "2000"])?;
    std::fs::remove_dir(cgroup::container(&client.uid, &container)?)?;
    serving.await_line("received 2000, sent 3000", Duration::from_secs(60))?;
    Ok(Truth::whole(2_000, 3_000))
}

#[test]
fn two_pods_in_one_network_namespace_are_distinguished_however_short_lived() -> Result<()> {
    let cluster = cluster()?;
    let (ingress, agent) = (cluster.machine.pod("ingress")?, cluster.machine.pod("agent")?);
    let there = exchange(ingress, agent, 9001)?;
    let back = exchange(agent, ingress, 9002)?;
    Edge::of(ingress, agent).expect(&cluster.probe, there)?;
    Edge::of(agent, ingress).expect(&cluster.probe, back)
}

#[test]
fn pods_of_the_host_network_are_named_at_both_ends_of_connections_with_others() -> Result<()> {
    let cluster = cluster()?;
    let (agent, (client, server)) = (cluster.machine.pod("agent")?, cluster.machine.two()?);
    let towards = exchange(client, agent, 9003)?;
    let away = exchange(agent, server, 8080)?;
    Edge::of(client, agent).expect(&cluster.probe, towards)?;
    Edge::of(agent, server).expect(&cluster.probe, away)
}

#[test]
fn processes_of_the_host_itself_report_nothing() -> Result<()> {
    let cluster = cluster()?;
    let pair = cluster.pair()?;
    // Like a kubelet's check: from the node's namespace, in no pod's cgroup.
    let host = Pod { netns: cluster.machine.node.netns.clone(), ..pair.client.clone() };
    host.exchange(pair.server.address(), &pair.listener, 100, 200)?;
    // An edge is counted after these, so the probe has seen both.
    pair.edge.expect(&cluster.probe, pair.exchange(10, 20)?)?;
    let received = [("destination_workload", pair.server.workload.as_str())];
    let opened = cluster.probe.scrape()?.sum("istio_tcp_connections_opened_total", &received);
    confirm!(opened == 2, "the check was counted: {opened} opened by both reporters")
}
