//! The Service of a connection if several have the pod or the address, in its namespace and in others.

use anyhow::{Result, ensure};
use longwire_testkit::{
    Cluster, Edge, Machine, Pod, PodSpec, REPORTERS, Truth, manifests::service, manifests::slice, pod::PORT,
};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

/// Older than every other creation timestamp.
const OLD: &str = "2001-01-01T00:00:00Z";
const YOUNG: &str = "2024-01-01T00:00:00Z";

/// An unused address.
fn spare(machine: &Machine, last: u8) -> Ipv4Addr {
    let [ten, slot, ..] = machine.node.address.octets();
    Ipv4Addr::new(ten, slot, 250, last)
}

/// An address of no node, pod or Service.
fn outside(machine: &Machine) -> Ipv4Addr {
    Ipv4Addr::new(203, 0, 113, machine.node.address.octets()[1])
}

/// Spec of a headless Service that selects one of the machine's pods.
fn selecting(pod: &Pod, port: u16) -> String {
    format!("clusterIP: None, selector: {{app: {}}}, ports: [{{port: {port}, targetPort: {PORT}}}]", pod.workload)
}

fn start(plain: usize, specs: &[PodSpec], objects: impl FnOnce(&Machine) -> Result<String>) -> Result<Cluster> {
    let machine = Machine::new(plain, specs)?;
    let objects = objects(&machine)?;
    machine.manifests.write("objects.yaml", &objects)?;
    Cluster::start_on(machine, &[])
}

fn talk(client: &Pod, to: impl Into<SocketAddr>, listener: &TcpListener) -> Result<Truth> {
    client.exchange(to, listener, 1_001, 2_003)
}

/// The reporters name one connection of a client of its own.
fn check(
    cluster: &Cluster,
    (server, listener): (&Pod, &TcpListener),
    to: impl Into<SocketAddr>,
    reporters: &[&str],
    service: &str,
) -> Result<()> {
    let client = cluster.machine.take()?;
    let truth = talk(client, to, listener)?;
    expect_service(cluster, &Edge::of(client, server), reporters, truth, service)
}

/// Each of these reporters has the whole edge under the Service.
fn expect_service(cluster: &Cluster, edge: &Edge, reporters: &[&str], truth: Truth, service: &str) -> Result<()> {
    let truths: Vec<_> = reporters.iter().map(|reporter| (*reporter, truth)).collect();
    edge.expect_of(&cluster.probe, &truths)?;
    let scrape = cluster.probe.scrape()?;
    for reporter in reporters {
        let services = edge.label_sets(&scrape, reporter).into_iter().map(|labels| {
            format!("{}/{}", labels["destination_service_namespace"], labels["destination_service_name"])
        });
        let named: Vec<_> = services.collect();
        ensure!(named == [service], "{reporter} of {edge:?} says {named:?} and not {service}");
    }
    Ok(())
}

#[test]
fn a_host_network_pod_that_a_slice_names_by_its_address_is_its_services() -> Result<()> {
    let cluster = start(1, &[PodSpec::new("apiserver").host_network()], |machine| {
        let spec = format!("clusterIP: {}, ports: [{{port: 443, targetPort: 6443}}]", spare(machine, 1));
        let kubernetes = service("default/kubernetes", OLD, &spec, &[]);
        Ok(kubernetes + &slice("default/kubernetes", "IPv4", &machine.node.address.to_string(), 6443))
    })?;
    let machine = &cluster.machine;
    let (client, server) = (machine.take()?, machine.pod("apiserver")?);
    machine.node.publish(spare(machine, 1), 443, &[(server.ipv4, 6443)])?;
    let truth = client.talk("main", (spare(machine, 1), 443).into(), server, (server.ipv4, 6443).into())?;
    expect_service(&cluster, &Edge::of(client, server), &REPORTERS, truth, "default/kubernetes")
}

#[test]
fn a_cache_of_the_node_that_listens_on_a_services_address_is_that_services() -> Result<()> {
    let cluster = start(1, &[PodSpec::new("dns-cache").host_network()], |machine| {
        let ports = "{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53}";
        let spec = format!("clusterIP: {}, selector: {{app: none}}, ports: [{ports}]", spare(machine, 1));
        Ok(service("kube-system/kube-dns", OLD, &spec, &[]))
    })?;
    let machine = &cluster.machine;
    let (client, server) = (machine.take()?, machine.pod("dns-cache")?);
    let address = spare(machine, 1);
    machine.node.netns.ip(&format!("addr add {address}/32 dev lo"))?;
    let truth = client.talk("main", (address, 53).into(), server, (address, 53).into())?;
    expect_service(&cluster, &Edge::of(client, server), &REPORTERS, truth, "kube-system/kube-dns")
}

#[test]
fn load_balancer_services_that_share_an_address_have_it_by_port() -> Result<()> {
    let specs = [PodSpec::new("web").elsewhere(), PodSpec::new("ssh").elsewhere()];
    let cluster = start(4, &specs, |machine| {
        let shared = [spare(machine, 1)];
        let mut objects = service("shop/udp", OLD, "clusterIP: None, ports: [{port: 80, protocol: UDP}]", &shared);
        for (pod, number) in [("web", 80), ("ssh", 22)] {
            let spec = selecting(machine.pod(pod)?, number);
            objects += &service(&format!("shop/front-{pod}"), YOUNG, &spec, &shared);
        }
        // The same for a pod of this node, where both ends know the requested Service.
        let spec = "clusterIP: None, selector: {app: w0}, ports: [{port: 443, targetPort: 8080}]";
        Ok(objects + &service("shop/front-local", YOUNG, spec, &shared))
    })?;
    let (machine, shared) = (&cluster.machine, spare(&cluster.machine, 1));
    let local = machine.take()?;
    for (pod, number) in [("web", 80), ("ssh", 22)] {
        let server = machine.pod(pod)?;
        machine.node.publish(shared, number, &[(server.ipv4, PORT)])?;
        check(&cluster, (server, &server.listen()?), (shared, number), &["source"], &format!("shop/{pod}"))?;
    }
    machine.node.publish(shared, 443, &[(local.ipv4, PORT)])?;
    check(&cluster, (local, &local.listen()?), (shared, 443), &REPORTERS, "shop/front-local")
}

/// As in k3s: the client's node knows the backend.
#[test]
fn a_load_balancers_address_that_is_a_nodes_leads_to_the_backend() -> Result<()> {
    let cluster = start(3, &[PodSpec::new("web").elsewhere()], |machine| {
        let spec = selecting(machine.pod("web")?, 8443);
        // An author of Services may claim a port of the node, without an effect.
        let outside = outside(machine);
        let claimed = format!("externalIPs: [{}, {outside}], ports: [{{port: 9000}}]", machine.node.address);
        let thief = service("thief/thief", OLD, &claimed, &[]);
        Ok(thief + &service("shop/front", YOUNG, &spec, &[machine.node.address]))
    })?;
    let machine = &cluster.machine;
    let server = machine.pod("web")?;
    machine.node.publish(machine.node.address, 8443, &[(server.ipv4, PORT)])?;
    check(&cluster, (server, &server.listen()?), (machine.node.address, 8443), &["source"], "shop/web")?;
    let (client, node) = (machine.take()?, Pod { netns: machine.node.netns.clone(), ..server.clone() });
    let address = SocketAddr::from((machine.node.address, 9000));
    let truth = talk(client, address, &node.listen_on(address)?)?;
    let unknown = Edge::between(&client.workload, "unknown");
    expect_service(&cluster, &unknown, &["source"], truth, "unknown/unknown")?;
    // A host outside the cluster.
    let (client, outside) = (machine.take()?, outside(machine));
    let (netns, _) = machine.node.attach(&[outside.into()])?;
    let host = Pod { netns, ipv4: outside, ..client.clone() };
    let truth = talk(client, (outside, 9000), &host.listen_on((outside, 9000))?)?;
    let unknown = Edge::between(&client.workload, "unknown");
    expect_service(&cluster, &unknown, &["source"], truth, "unknown/PassthroughCluster")
}

#[test]
fn external_ips_and_load_balancers_take_no_address_of_a_pod_or_service() -> Result<()> {
    let cluster = start(4, &[PodSpec::new("victim").elsewhere()], |machine| {
        let victim = machine.pod("victim")?;
        let taken = format!("[{}, \"{}\", {}]", victim.ipv4, victim.ipv6, victim.service_ip);
        let spec = format!("clusterIP: None, externalIPs: {taken}, ports: [{{port: 80}}, {{name: b, port: {PORT}}}]");
        let balanced = format!("clusterIP: None, ports: [{{port: 80}}, {{name: b, port: {PORT}}}]");
        let addresses = [victim.ipv4, victim.service_ip];
        Ok(service("thief/external", OLD, &spec, &[]) + &service("thief/balanced", OLD, &balanced, &addresses))
    })?;
    let machine = &cluster.machine;
    let victim = machine.pod("victim")?;
    machine.publish(victim)?;
    let listener = victim.listen_on((Ipv6Addr::UNSPECIFIED, PORT))?;
    for address in [victim.address(), (victim.ipv6, PORT).into(), (victim.service_ip, 80).into()] {
        check(&cluster, (victim, &listener), address, &["source"], "shop/victim")?;
    }
    // As a client it is identified by its address too.
    let server = machine.take()?;
    let listener = server.listen_on((Ipv6Addr::UNSPECIFIED, PORT))?;
    let truth = talk(victim, server.address(), &listener)? + talk(victim, (server.ipv6, PORT), &listener)?;
    let own = format!("shop/{}", server.workload);
    expect_service(&cluster, &Edge::of(victim, server), &["destination"], truth, &own)
}

#[test]
fn a_service_of_another_namespace_that_leads_to_a_pod_is_named_where_it_is_requested_alone() -> Result<()> {
    let cluster = start(4, &[], |machine| {
        let [v4, v6] = machine.pod("w0")?.addresses().map(|address| address.to_string());
        let spec = format!("clusterIP: {}, ports: [{{port: 80, targetPort: {PORT}}}]", spare(machine, 1));
        let slices = slice("thief/thief", "IPv4", &v4, PORT) + &slice("thief/thief", "IPv6", &v6, PORT);
        Ok(service("thief/thief", OLD, &spec, &[]) + &slices)
    })?;
    let machine = &cluster.machine;
    let server = machine.take()?;
    machine.publish(server)?;
    machine.node.publish(spare(machine, 1), 80, &[(server.ipv4, PORT)])?;
    let listener = server.listen_on((Ipv6Addr::UNSPECIFIED, PORT))?;
    let own = format!("shop/{}", server.workload);
    let client = machine.take()?;
    let truth = talk(client, (server.service_ip, 80), &listener)? + talk(client, server.address(), &listener)?;
    expect_service(&cluster, &Edge::of(client, server), &REPORTERS, truth, &own)?;
    check(&cluster, (server, &listener), (server.ipv6, PORT), &REPORTERS, &own)?;
    check(&cluster, (server, &listener), (spare(machine, 1), 80), &REPORTERS, "thief/thief")
}

#[test]
fn of_two_services_on_one_port_both_ends_name_the_requested_one() -> Result<()> {
    let cluster = start(3, &[], |machine| {
        let address = format!("clusterIP: {}", spare(machine, 1));
        let spec = format!("{address}, selector: {{app: w0}}, ports: [{{port: 80, targetPort: {PORT}}}]");
        let headless = format!("clusterIP: None, selector: {{app: w0}}, ports: [{{port: {PORT}}}]");
        Ok(service("shop/front", YOUNG, &spec, &[]) + &service("shop/headless", OLD, &headless, &[]))
    })?;
    let machine = &cluster.machine;
    let server = machine.take()?;
    machine.node.publish(spare(machine, 1), 80, &[(server.ipv4, PORT)])?;
    let server = (server, &server.listen()?);
    check(&cluster, server, (spare(machine, 1), 80), &REPORTERS, "shop/front")?;
    // The requested one is not known, so it is the oldest; a Service without a timestamp is the oldest.
    check(&cluster, server, server.0.address(), &REPORTERS, &format!("shop/{}", server.0.workload))
}
