//! A mesh's proxy on the node that creates its sockets in the pods' network namespaces, like Istio's ztunnel.

use anyhow::{Result, ensure};
use longwire_testkit::{Cluster, Edge, Pod, PodSpec, Process, Truth, iptables};

/// ztunnel's ports: for what a pod sends, and for tunnels from other nodes.
const OUTBOUND: &str = "0.0.0.0:15001";
const TUNNEL: u16 = 15008;

/// In another pod's network namespace, with its own cgroup.
fn within(proxy: &Pod, pod: &Pod) -> Pod {
    Pod { netns: pod.netns.clone(), ..proxy.clone() }
}

fn serve(pod: &Pod, container: &str, address: &str, reply: &str) -> Result<Process> {
    pod.process_that_says(container, &["serve", address, "--reply", reply], "listening")
}

#[test]
fn what_a_nodes_proxy_carries_is_the_pods_and_the_proxy_is_no_edge() -> Result<()> {
    let cluster = Cluster::start(2, &[PodSpec::new("ztunnel")], &[])?;
    let (proxy, (client, server)) = (cluster.machine.pod("ztunnel")?, cluster.machine.two()?);
    let (at_client, at_server) = (within(proxy, client), within(proxy, server));
    let requested = server.address().to_string();
    iptables(&client.netns, "-t nat -A OUTPUT -p tcp --dport 8080 -j REDIRECT --to-ports 15001")?;
    // The proxy's own sockets are seen first, before the probe knows the owners of the namespaces.
    let tunnel = format!("{}:{TUNNEL}", server.ipv4);
    let _taking = serve(&at_client, "outbound", OUTBOUND, "3000")?;
    let _tunnelled = serve(&at_server, "inbound", &tunnel, "9")?;
    at_client.run("sending", &["send", &tunnel, "99"])?;
    client.run("sending", &["send", &requested, "2000"])?;
    // The proxy connects to the server within the server's namespace, from the client's address.
    server.netns.ip(&format!("address add {}/32 dev lo", client.ipv4))?;
    let _serving = serve(server, "main", &requested, "3000")?;
    at_server.run("sending", &["send", &requested, "2000", "--from", &client.ipv4.to_string()])?;
    Edge::of(client, server).expect(&cluster.probe, Truth::whole(2_000, 3_000))?;
    let scrape = cluster.probe.scrape()?;
    let named = |label: &str| {
        scrape.samples.iter().find(|sample| sample.labels.get(label).is_some_and(|name| name == "ztunnel"))
    };
    for label in ["source_workload", "destination_workload"] {
        ensure!(named(label).is_none(), "{:?}", named(label));
    }
    Ok(())
}

#[test]
fn connections_of_the_proxy_itself_have_no_istio_series() -> Result<()> {
    let cluster = Cluster::start(2, &[PodSpec::new("ztunnel")], &[])?;
    let (proxy, control) = (cluster.machine.pod("ztunnel")?, cluster.machine.take()?);
    let truth = proxy.talk("sending", control.address(), control, control.address())?;
    let truths = [("source", Truth::default()), ("destination", truth)];
    Edge::of(proxy, control).expect_of(&cluster.probe, &truths)
}
