//! Translated addresses: both ends are resolved, with equal names.

use crate::shared::cluster;
use anyhow::{Result, ensure};
use longwire_testkit::{Pair, SERVICE_PORT, Scrape, Truth, confirm, eventually, exchange};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Makes so many connections, and returns the clients' addresses that the server saw.
fn connect(pair: &Pair, address: SocketAddr, count: u64) -> Result<(Truth, Vec<SocketAddr>)> {
    let (mut truth, mut peers) = (Truth::default(), Vec::new());
    for number in 0..count {
        let (near, far) = pair.client.connect_to(address, &pair.listener)?;
        peers.push(far.peer_addr()?);
        truth += exchange(near, far, 1_000 + number, 50_000 + number)?;
    }
    Ok((truth, peers))
}

/// Both reporters name so many connections, and the Service. Returns the clients' addresses that the server saw.
fn named_with_its_service(pair: &Pair, requested: SocketAddr, count: u64) -> Result<Vec<SocketAddr>> {
    let (truth, peers) = connect(pair, requested, count)?;
    pair.edge.expect(&cluster().probe, truth)?;
    expect_service(pair).map(|()| peers)
}

/// The address of the server's Service.
fn service(pair: &Pair) -> SocketAddr {
    (pair.server.service_ip, SERVICE_PORT).into()
}

/// The server is on another node, and published.
fn to_another_node(server: &str) -> Result<Pair> {
    let pair = Pair::new(cluster().machine.take()?, cluster().machine.pod(server)?)?;
    cluster().machine.publish(&pair.server).map(|()| pair)
}

#[test]
fn a_connection_to_a_service_belongs_to_the_pod_that_answered_and_to_the_service() -> Result<()> {
    let pair = cluster().pair()?;
    cluster().machine.publish(&pair.server)?;
    named_with_its_service(&pair, service(&pair), 3).map(drop)
}

#[test]
fn clients_behind_masquerade_with_random_ports_are_named() -> Result<()> {
    let (pair, node) = (cluster().pair()?, &cluster().machine.node);
    let ends = format!("-s {} -d {}", pair.client.ipv4, pair.server.ipv4);
    node.iptables(&format!("-t nat -A POSTROUTING {ends} -j MASQUERADE --random-fully"))?;
    let peers = named_with_its_service(&pair, pair.server.address(), 5)?;
    confirm!(peers.iter().all(|peer| peer.ip() == node.gateway), "{peers:?}")
}

#[test]
fn clients_behind_the_nodes_own_address_are_named() -> Result<()> {
    let (pair, node) = (cluster().pair()?, &cluster().machine.node);
    let ends = format!("-s {} -d {}", pair.client.ipv4, pair.server.ipv4);
    let target = format!("SNAT --to-source {} --random-fully", node.address);
    node.iptables(&format!("-t nat -A POSTROUTING {ends} -p tcp -j {target}"))?;
    let (truth, peers) = connect(&pair, pair.server.address(), 5)?;
    ensure!(peers.iter().all(|peer| peer.ip() == node.address), "{peers:?}");
    pair.edge.expect(&cluster().probe, truth)
}

#[test]
fn a_service_requested_from_behind_masquerade_is_named_on_both_ends() -> Result<()> {
    let (pair, machine) = (cluster().pair()?, &cluster().machine);
    machine.publish(&pair.server)?;
    let rule = format!("-t nat -A POSTROUTING -s {} -p tcp -j MASQUERADE --random-fully", pair.client.ipv4);
    machine.node.iptables(&rule)?;
    named_with_its_service(&pair, service(&pair), 3).map(drop)
}

#[test]
fn a_pod_that_reaches_itself_through_its_own_service_is_an_edge() -> Result<()> {
    let (pod, machine) = (cluster().machine.take()?, &cluster().machine);
    machine.publish(pod)?;
    machine.node.iptables(&format!("-t nat -A POSTROUTING -s {0} -d {0} -j MASQUERADE --random-fully", pod.ipv4))?;
    let itself = Pair::new(pod, pod)?;
    let peers = named_with_its_service(&itself, service(&itself), 3)?;
    confirm!(peers.iter().all(|peer| peer.ip() != IpAddr::from(pod.ipv4)), "{peers:?}")
}

fn expect_service(Pair { edge, server, .. }: &Pair) -> Result<()> {
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
    let pair = to_another_node("distant")?;
    for end in ["-s", "-d"] {
        let rule = format!("-t raw -A PREROUTING {end} {} -p tcp -j CT --zone 64007", pair.client.ipv4);
        cluster().machine.node.iptables(&rule)?;
    }
    let searches = |scrape: &Scrape| scrape.sum("longwire_probe_conntrack_searches_total", &[("result", "found")]);
    let before = searches(&cluster().probe.scrape()?);
    let (truth, _) = connect(&pair, service(&pair), 20)?;
    pair.edge.expect_of(&cluster().probe, &[("source", truth), ("destination", Truth::default())])?;
    expect_service(&pair)?;
    let searched = searches(&cluster().probe.scrape()?) - before;
    confirm!(searched == 1, "{searched} searches for one client")
}

/// The other socket is on another node, so only conntrack has the backend.
#[test]
fn a_pod_of_another_node_behind_a_service_is_named_by_what_conntrack_knows() -> Result<()> {
    let pair = to_another_node("remote")?;
    let (mut truth, _) = connect(&pair, service(&pair), 3)?;
    truth += pair.exchange(1_000_000, 7)?;
    pair.edge.expect_of(&cluster().probe, &[("source", truth), ("destination", Truth::default())])?;
    let scrape = cluster().probe.scrape()?;
    let labels = [("reporter", "source"), ("source_workload", &pair.client.workload)];
    let services = scrape.select("istio_tcp_connections_opened_total", &labels);
    ensure!(services.len() == 1, "requested by its Service or by itself, it is one edge: {services:?}");
    // It takes a while until the other pod counts as unknown.
    eventually(Duration::from_secs(60), || {
        let foreign =
            cluster().probe.scrape()?.sum("longwire_probe_connections_ignored_total", &[("reason", "foreign")]);
        confirm!(foreign >= 4, "{foreign} sockets are taken for another node's")
    })
}
