//! Failed connects, by reason.

use crate::shared::cluster;
use anyhow::{Context, Result, ensure};
use longwire_testkit::{Edge, Pod, Truth, confirm, eventually};
use socket2::{Domain, Protocol, SockAddr, Socket};
use std::net::SocketAddr;
use std::time::Duration;

const FAMILY: &str = "longwire_tcp_connections_failed_total";

/// Three failed connects of `attempt` are three failures with this reason, and nothing else.
fn check(reason: &str, attempt: impl Fn(&Pod, &Pod) -> Result<()>) -> Result<()> {
    let (client, server) = cluster().pair()?;
    for _ in 0..3 {
        attempt(client, server)?;
    }
    let labels = [("source_workload", client.workload.as_str()), ("destination_workload", &server.workload)];
    cluster().probe.until(|scrape| {
        let by_reason: Vec<_> = scrape.select(FAMILY, &labels);
        ensure!(by_reason.len() == 1, "not one series: {by_reason:?}");
        ensure!(by_reason[0].labels["reason"] == reason, "{by_reason:?}");
        ensure!(by_reason[0].labels["reporter"] == "source", "{by_reason:?}");
        confirm!(by_reason[0].value == 3.0, "{by_reason:?}")
    })?;
    Edge::of(client, server)
        .expect_of(&cluster().probe, &[("source", Truth::default()), ("destination", Truth::default())])
}

/// What the node does with packets to a pod.
fn forward(to: &Pod, target: &str) -> Result<()> {
    cluster().machine.node.iptables(&format!("-I FORWARD -d {} -p tcp -j {target}", to.ipv4))
}

fn socket(client: &Pod) -> Result<Socket> {
    client.socket(Domain::IPV4, Protocol::TCP)
}

fn fail(socket: &Socket, address: SocketAddr) -> Result<()> {
    confirm!(socket.connect(&address.into()).is_err(), "connected to {address}")
}

#[test]
fn a_port_without_a_listener_refuses() -> Result<()> {
    check("refused", |client, server| fail(&socket(client)?, server.address()))
}

#[test]
fn a_port_without_a_listener_refuses_over_ipv6_too() -> Result<()> {
    check("refused", |client, server| fail(&client.socket(Domain::IPV6, Protocol::TCP)?, (server.ipv6, 8080).into()))
}

#[test]
fn a_server_that_never_answers_is_a_timeout() -> Result<()> {
    check("timeout", |client, server| {
        forward(server, "DROP")?;
        let socket = socket(client)?;
        socket.set_tcp_user_timeout(Some(Duration::from_millis(500)))?;
        fail(&socket, server.address())
    })
}

#[test]
fn a_router_that_knows_no_way_is_unreachable() -> Result<()> {
    check("unreachable", |client, server| {
        forward(server, "REJECT --reject-with icmp-host-unreachable")?;
        fail(&socket(client)?, server.address())
    })
}

/// Connects without blocking, reads SO_ERROR, and closes: the read clears the socket's error.
fn ask(socket: &Socket, address: SocketAddr) -> Result<()> {
    socket.set_nonblocking(true)?;
    // Errors of a pending connect are read later.
    let _ = socket.connect(&address.into());
    eventually(Duration::from_secs(5), || socket.take_error()?.map(drop).context("no error yet"))
}

#[test]
fn a_reason_that_the_client_has_asked_for_is_kept() -> Result<()> {
    check("unreachable", |client, server| {
        forward(server, "REJECT --reject-with icmp-host-unreachable")?;
        ask(&socket(client)?, server.address())
    })
}

#[test]
fn an_unreachable_error_is_counted_whether_or_not_the_application_read_it() -> Result<()> {
    check("unreachable", |client, server| {
        let node = &cluster().machine.node.netns;
        node.sysctl("ipv4/icmp_ratelimit", "0")?;
        // The route exists only for the first of three attempts.
        let _ = node.ip(&format!("route del {}/32", server.ipv4));
        node.ip(&format!("route replace unreachable {}/32", server.ipv4))?;
        ask(&socket(client)?, server.address())
    })
}

/// kube-proxy's answer for a Service without endpoints, which kernel and clients call "refused".
#[test]
fn a_reject_of_kube_proxy_is_refused_whether_or_not_the_application_read_it() -> Result<()> {
    for attempt in [ask, fail as fn(&Socket, SocketAddr) -> Result<()>] {
        check("refused", |client, server| {
            forward(server, "REJECT --reject-with icmp-port-unreachable")?;
            attempt(&socket(client)?, server.address())
        })?;
    }
    Ok(())
}

#[test]
fn a_client_that_closes_before_an_answer_aborted() -> Result<()> {
    check("aborted", |client, server| {
        forward(server, "DROP")?;
        let socket = socket(client)?;
        socket.set_nonblocking(true)?;
        fail(&socket, server.address())
    })
}

#[test]
fn a_service_without_endpoints_is_refused_under_its_name() -> Result<()> {
    let (client, server) = cluster().pair()?;
    let machine = &cluster().machine;
    machine.node.iptables(&format!("-I FORWARD -d {} -p tcp -j REJECT --reject-with tcp-reset", server.service_ip))?;
    // The Service has an address without DNAT, as kube-proxy configures one without endpoints.
    machine.node.netns.ip(&format!("route add {}/32 dev {}", server.service_ip, server.link.as_ref().unwrap().1))?;
    fail(&socket(client)?, (server.service_ip, 80).into())?;
    let labels = [
        ("source_workload", client.workload.as_str()),
        ("destination_workload", "unknown"),
        ("destination_service_name", &server.workload),
        ("reason", "refused"),
    ];
    cluster().probe.until(|scrape| confirm!(scrape.sum(FAMILY, &labels) == 1, "not refused under the Service's name"))
}

/// Conntrack forgets a refused connection at once, so its backend is unknown.
#[test]
fn a_service_whose_backend_refuses_is_named_without_the_backend() -> Result<()> {
    let (client, server) = cluster().pair()?;
    cluster().machine.publish(server)?;
    fail(&socket(client)?, (server.service_ip, 80).into())?;
    let edge = Edge::to_service(&client.workload, &server.workload);
    cluster()
        .probe
        .until(|scrape| confirm!(edge.sum(scrape, FAMILY, "source") == 1, "not refused under the Service's name"))
}

#[test]
fn a_connect_that_finds_no_free_port_was_never_sent() -> Result<()> {
    let (client, server) = cluster().pair()?;
    let listener = server.listen()?;
    let here = SockAddr::from(SocketAddr::from((client.ipv4, 5555)));
    let bound = || -> Result<Socket> {
        let socket = socket(client)?;
        socket.set_reuse_address(true)?;
        socket.bind(&here)?;
        Ok(socket)
    };
    let (first, second) = (bound()?, bound()?);
    first.connect(&server.address().into())?;
    let far = listener.accept()?.0;
    // The same addresses and ports again.
    fail(&second, server.address())?;
    drop((first, far));
    let labels = [("source_workload", client.workload.as_str()), ("reason", "never_sent")];
    cluster().probe.until(|scrape| confirm!(scrape.sum(FAMILY, &labels) == 1, "not counted as never sent"))
}
