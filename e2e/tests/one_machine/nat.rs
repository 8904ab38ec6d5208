//! Translated addresses: both ends are resolved, with equal names.

use crate::shared::cluster;
use anyhow::{Result, ensure};
use longwire_testkit::{Edge, Pod, Scrape, Truth, confirm, eventually, exchange};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::time::Duration;

/// Makes so many connections, and returns the clients' addresses that the server saw.
fn connect(client: &Pod, address: SocketAddr, listener: &TcpListener, count: u64) -> Result<(Truth, Vec<SocketAddr>)> {
    let (mut truth, mut peers) = (Truth::default(), Vec::new());
    for number in 0..count {
        let (near, far) = client.connect_to(address, listener)?;
        peers.push(far.peer_addr()?);
        truth += exchange(near, far, 1_000 + number, 50_000 + number)?;
    }
    Ok((truth, peers))
}

/// Both reporters name so many connections, and the Service. Returns the clients' addresses that the server saw.
fn named_with_its_service(
    client: &Pod,
    server: &Pod,
    requested: impl Into<SocketAddr>,
    count: u64,
) -> Result<Vec<SocketAddr>> {
    let (truth, peers) = connect(client, requested.into(), &server.listen()?, count)?;
    let edge = Edge::of(client, server);
    edge.expect(&cluster().probe, truth)?;
    expect_service(&edge, server).map(|()| peers)
}

#[test]
fn a_connection_to_a_service_belongs_to_the_pod_that_answered_and_to_the_service() -> Result<()> {
    let (client, server) = cluster().pair()?;
    cluster().machine.publish(server)?;
    named_with_its_service(client, server, (server.service_ip, 80), 3).map(drop)
}

#[test]
fn clients_behind_masquerade_with_random_ports_are_named() -> Result<()> {
    let (client, server) = cluster().pair()?;
    let node = &cluster().machine.node;
    let rule = format!("-t nat -A POSTROUTING -s {} -d {} -j MASQUERADE --random-fully", client.ipv4, server.ipv4);
    node.iptables(&rule)?;
    let peers = named_with_its_service(client, server, server.address(), 5)?;
    confirm!(peers.iter().all(|peer| peer.ip() == node.gateway), "{peers:?}")
}

#[test]
fn clients_behind_the_nodes_own_address_are_named() -> Result<()> {
    let (client, server) = cluster().pair()?;
    let node = &cluster().machine.node;
    node.iptables(&format!(
        "-t nat -A POSTROUTING -s {} -d {} -p tcp -j SNAT --to-source {} --random-fully",
        client.ipv4, server.ipv4, node.address
    ))?;
    let (truth, peers) = connect(client, server.address(), &server.listen()?, 5)?;
    ensure!(peers.iter().all(|peer| peer.ip() == node.address), "{peers:?}");
    Edge::of(client, server).expect(&cluster().probe, truth)
}

#[test]
fn a_service_requested_from_behind_masquerade_is_named_on_both_ends() -> Result<()> {
    let (client, server) = cluster().pair()?;
    let node = &cluster().machine.node;
    cluster().machine.publish(server)?;
    node.iptables(&format!("-t nat -A POSTROUTING -s {} -p tcp -j MASQUERADE --random-fully", client.ipv4))?;
    named_with_its_service(client, server, (server.service_ip, 80), 3).map(drop)
}

#[test]
fn a_pod_that_reaches_itself_through_its_own_service_is_an_edge() -> Result<()> {
    let (pod, machine) = (cluster().machine.take()?, &cluster().machine);
    machine.publish(pod)?;
    machine.node.iptables(&format!("-t nat -A POSTROUTING -s {0} -d {0} -j MASQUERADE --random-fully", pod.ipv4))?;
    let peers = named_with_its_service(pod, pod, (pod.service_ip, 80), 3)?;
    confirm!(peers.iter().all(|peer| peer.ip() != IpAddr::from(pod.ipv4)), "{peers:?}")
}

fn expect_service(edge: &Edge, server: &Pod) -> Result<()> {
    let sets = edge.label_sets(&cluster().probe.scrape()?, "source");
    let labels = sets.first().expect("one label set");
    assert_eq!(labels["destination_service"], format!("{}.shop.svc.cluster.local", server.workload));
    assert_eq!(labels["destination_service_name"], server.workload);
    assert_eq!(labels["destination_service_namespace"], "shop");
    Ok(())
}

/// Like OVN-Kubernetes and Antrea: translated connections are tracked in a zone of their own.
#[test]
fn a_backend_that_is_tracked_in_another_zone_is_found_and_the_zone_is_remembered() -> Result<()> {
    let (client, server) = (cluster().machine.take()?, cluster().machine.pod("remote")?);
    let node = &cluster().machine.node;
    for ends in [format!("-s {}", client.ipv4), format!("-d {}", client.ipv4)] {
        node.iptables(&format!("-t raw -A PREROUTING {ends} -p tcp -j CT --zone 64007"))?;
    }
    cluster().machine.publish(server)?;
    let searches = |scrape: &Scrape| scrape.sum("longwire_probe_conntrack_searches_total", &[("result", "found")]);
    let before = searches(&cluster().probe.scrape()?);
    let (truth, _) = connect(client, (server.service_ip, 80).into(), &server.listen()?, 20)?;
    let edge = Edge::of(client, server);
    edge.expect_of(&cluster().probe, &[("source", truth), ("destination", Truth::default())])?;
    expect_service(&edge, server)?;
    let searched = searches(&cluster().probe.scrape()?) - before;
    confirm!(searched == 1, "{searched} searches for one client")
}

/// The other socket is on another node, so only conntrack has the backend.
#[test]
fn a_pod_of_another_node_behind_a_service_is_named_by_what_conntrack_knows() -> Result<()> {
    let (client, server) = (cluster().machine.take()?, cluster().machine.pod("remote")?);
    cluster().machine.publish(server)?;
    let listener = server.listen()?;
    let (mut truth, _) = connect(client, (server.service_ip, 80).into(), &listener, 3)?;
    truth += client.exchange(server.address(), &listener, 1_000_000, 7)?;
    let edge = Edge::of(client, server);
    edge.expect_of(&cluster().probe, &[("source", truth), ("destination", Truth::default())])?;
    let scrape = cluster().probe.scrape()?;
    let labels = [("reporter", "source"), ("source_workload", &client.workload)];
    let services = scrape.select("istio_tcp_connections_opened_total", &labels);
    ensure!(services.len() == 1, "requested by its Service or by itself, it is one edge: {services:?}");
    // It takes a while until the other pod counts as unknown.
    eventually(Duration::from_secs(30), || {
        let foreign =
            cluster().probe.scrape()?.sum("longwire_probe_connections_ignored_total", &[("reason", "foreign")]);
        confirm!(foreign >= 4, "{foreign} sockets are taken for another node's")
    })
}
