//! Addresses of one pod, and addresses that several share. A probe is exact about its own node; a node's address has no
//! owner.

use anyhow::{Context, Result};
use longwire_kubernetes::{
    Kubernetes, Namespace, PATIENCE, Running, layout::address, longwire, talk, talk::Network, talk::PORT, talk::SENT,
    talk::await_listening,
};
use longwire_testkit::{Edge, REPORTERS, Scrape, Truth, confirm, eventually};
use std::net::{Ipv4Addr, TcpStream};

/// Port of a node, for servers with hostNetwork.
const HOST_PORT: u16 = 9101;

/// Expected ends of a connection, by its client's node and by its server's node.
struct Expected {
    client: &'static str,
    server: &'static str,
    source_says: [&'static str; 2],
    destination_says: [&'static str; 2],
}

impl Expected {
    /// Both sockets are on one node, or each address belongs to one pod.
    fn exact(client: &'static str, server: &'static str) -> Self {
        Self { client, server, source_says: [client, server], destination_says: [client, server] }
    }

    /// Each node knows only its own pod.
    fn halves(client: &'static str, server: &'static str) -> Self {
        Self { source_says: [client, "unknown"], destination_says: ["unknown", server], ..Self::exact(client, server) }
    }

    fn unknown_ends(&self) -> u64 {
        [self.source_says, self.destination_says].concat().iter().filter(|name| **name == "unknown").count() as u64
    }
}

/// Every expected edge has one connection of `talk`. Unknown sources of a server add up.
fn check(scrape: &Scrape, namespace: &str, expected: &[Expected]) -> Result<()> {
    for Expected { client, server, source_says, destination_says } in expected {
        let says = |[source, destination]: [&str; 2], reporter: &str| {
            let alike = expected.iter().filter(|other| match reporter {
                "source" => other.source_says == [source, destination],
                _ => other.destination_says == [source, destination],
            });
            let truth: Truth = alike.map(|_| talk::truth()).sum();
            Edge::between(source, destination).within(namespace).each_says(scrape, &[(reporter, truth)])
        };
        let both = says(*source_says, "source").and_then(|()| says(*destination_says, "destination"));
        both.with_context(|| format!("from {client} to {server}"))?;
    }
    Ok(())
}

fn unknown_ends(scrape: &Scrape) -> u64 {
    scrape.sum("longwire_probe_connections_unresolved_total", &[])
}

/// Connects each client from its node to an address, then waits until both probes report the expected ends.
fn connect(
    kubernetes: &Kubernetes,
    namespace: &Namespace<'_>,
    edges: Vec<(Expected, &str, Network, String)>,
) -> Result<()> {
    let image = kubernetes.load_program("longwire-traffic")?;
    let before = unknown_ends(&longwire::scrape_all()?);
    for (edge, node, network, to) in &edges {
        namespace.apply(&talk::client(edge.client, node, *network, to, SENT, &image))?;
    }
    for (edge, ..) in &edges {
        talk::await_done(namespace, edge.client)?;
    }
    let expected: Vec<Expected> = edges.into_iter().map(|(edge, ..)| edge).collect();
    let unknown: u64 = expected.iter().map(Expected::unknown_ends).sum();
    longwire::until(kubernetes, |scrape| {
        check(scrape, &namespace.name, &expected)?;
        let counted = unknown_ends(scrape) - before;
        confirm!(counted >= unknown, "{counted} unknown ends are counted of {unknown}")
    })
}

#[test]
fn pods_in_their_nodes_network_are_exact_where_they_are_and_unknown_elsewhere() -> Result<()> {
    let (kubernetes, namespace) = longwire::installed()?;
    let image = kubernetes.load_program("longwire-traffic")?;
    namespace.apply(&talk::server("host-server", "n1", Network::Nodes, HOST_PORT, &image))?;
    namespace.apply(&talk::server("pod-server", "n2", Network::Own, PORT, &image))?;
    await_listening(&namespace, "host-server", 1)?;
    let pod_server = await_listening(&namespace, "pod-server", 1)?[0];
    let (host, pod) = (format!("{}:{HOST_PORT}", address("n1")), format!("{pod_server}:{PORT}"));
    // Only the pod with hostNetwork is unknown to the other node.
    let [mut far_host, mut host_far] =
        [Expected::halves("far-host", "host-server"), Expected::halves("host-far", "pod-server")];
    (far_host.destination_says, host_far.source_says) = (["far-host", "host-server"], ["host-far", "pod-server"]);
    connect(
        kubernetes,
        &namespace,
        vec![
            (Expected::exact("host-host", "host-server"), "n1", Network::Nodes, host.clone()),
            (Expected::exact("near-host", "host-server"), "n1", Network::Own, host.clone()),
            (Expected::exact("host-near", "pod-server"), "n2", Network::Nodes, pod.clone()),
            (Expected::halves("far-host-host", "host-server"), "n2", Network::Nodes, host.clone()),
            (far_host, "n2", Network::Own, host),
            (host_far, "n1", Network::Nodes, pod),
        ],
    )
}

#[test]
fn what_comes_through_a_node_port_is_exact_on_one_node_and_else_half_known() -> Result<()> {
    let (kubernetes, namespace) = longwire::installed()?;
    let image = kubernetes.load_program("longwire-traffic")?;
    namespace.apply(&talk::server("open-server", "n2", Network::Own, PORT, &image))?;
    let spec = "type: NodePort, selector: {app: open-server}, ports: [{port: 80, targetPort: 8080}]";
    namespace.apply(&talk::service("open-server", spec))?;
    await_listening(&namespace, "open-server", 1)?;
    let port = namespace.json_path(&["service", "open-server"], "{.spec.ports[0].nodePort}")?;
    let through = |node: &str| format!("{}:{}", address(node), port.trim());
    connect(
        kubernetes,
        &namespace,
        vec![
            (Expected::exact("same-node", "open-server"), "n2", Network::Own, through("n2")),
            (Expected::halves("own-node", "open-server"), "n1", Network::Own, through("n1")),
            (Expected::halves("other-node", "open-server"), "n1", Network::Own, through("n2")),
        ],
    )?;
    let edge = Edge::between("unknown", "open-server").within(&namespace.name);
    let before = edge.reported(&longwire::scrape_all()?, "destination");
    // From outside the cluster.
    talk::ask(&TcpStream::connect(through("n2"))?, SENT)?;
    longwire::until(kubernetes, |scrape| edge.each_says(scrape, &[("destination", before + talk::truth())]))
}

#[test]
fn a_pod_with_only_a_headless_service_is_named_by_it_on_both_nodes() -> Result<()> {
    let (kubernetes, namespace) = longwire::installed()?;
    namespace.apply(&talk::service("peers", "clusterIP: None, selector: {app: member}, ports: [{port: 8080}]"))?;
    let client = Running::start(&namespace, "client", "n1")?;
    let member = Running::start(&namespace, "member", "n2")?;
    // The Service's DNS name, which is known only when its EndpointSlice is.
    let slices = ["endpointslices", "--selector=kubernetes.io/service-name=peers"];
    eventually(PATIENCE, || {
        let said = namespace.json_path(&slices, "{.items[*].endpoints[*].addresses[*]}")?;
        confirm!(said.parse::<Ipv4Addr>().ok() == Some(member.address), "the Service leads to {said:?}")
    })?;
    let listener = member.listen(PORT)?;
    let edge = Edge::between("client", "member").within(&namespace.name);
    let mut truth = Truth::default();
    longwire::until(kubernetes, |scrape| {
        // The operator may not have the EndpointSlice at the first connection.
        truth += client.exchange((member.address, PORT), &listener, 10, 20)?;
        confirm!(is_named(scrape, &edge, "peers", &namespace.name), "nobody calls it peers yet")
    })?;
    longwire::until(kubernetes, |scrape| edge.both_add_up(scrape, truth))
}

/// Whether both reporters have a label set of the edge with this Service.
fn is_named(scrape: &Scrape, edge: &Edge, service: &str, namespace: &str) -> bool {
    let host = format!("{service}.{namespace}.svc.cluster.local");
    let [source, destination] = REPORTERS.map(|reporter| edge.label_sets(scrape, reporter));
    let mut both = source.intersection(&destination);
    both.any(|labels| labels["destination_service"] == host && labels["destination_service_name"] == service)
}
