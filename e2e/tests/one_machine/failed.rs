//! Failed connects, by reason.

use crate::shared::cluster;
use anyhow::{Context, Result};
use longwire_testkit::{Edge, Pod, Sample, Truth, confirm, eventually};
use socket2::{Domain, Protocol, SockAddr, Socket};
use std::net::SocketAddr;
use std::time::Duration;

const FAMILY: &str = "longwire_tcp_connections_failed_total";

/// Three failed connects of `attempt` are three failures with this reason, and nothing else.
fn check(reason: &str, attempt: impl Fn(&Pod, &Pod) -> Result<()>) -> Result<()> {
    let (client, server) = cluster().machine.two()?;
    for _ in 0..3 {
        attempt(client, server)?;
    }
    let labels = [("source_workload", client.workload.as_str()), ("destination_workload", &server.workload)];
    cluster().probe.until(|scrape| {
        let Sample { labels, value, .. } = scrape.only(FAMILY, &labels)?;
        confirm!((&*labels["reason"], &*labels["reporter"], *value) == (reason, "source", 3.0), "{value} {labels:?}")
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
fn a_port_without_a_listener_refuses_over_both_families() -> Result<()> {
    check("refused", |client, server| fail(&socket(client)?, server.address())).context("IPv4")?;
    let over_ipv6 =
        |client: &Pod, server: &Pod| fail(&client.socket(Domain::IPV6, Protocol::TCP)?, (server.ipv6, 8080).into());
    check("refused", over_ipv6).context("IPv6")
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

/// Connects without blocking, reads SO_ERROR, and closes: the read clears the socket's error.
fn ask(socket: &Socket, address: SocketAddr) -> Result<()> {
    socket.set_nonblocking(true)?;
    // Errors of a pending connect are read later.
    let _ = socket.connect(&address.into());
    eventually(Duration::from_secs(60), || socket.take_error()?.map(drop).context("no error yet"))
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

/// Of a router that knows no way, and of kube-proxy for a Service without endpoints, which kernel and clients call
/// "refused".
#[test]
fn a_reject_has_its_reason_whether_or_not_the_application_read_it() -> Result<()> {
    for (reason, answer) in [("unreachable", "icmp-host-unreachable"), ("refused", "icmp-port-unreachable")] {
        for (read, attempt) in [(true, ask as fn(&Socket, SocketAddr) -> Result<()>), (false, fail)] {
            let outcome = check(reason, |client, server| {
                forward(server, &format!("REJECT --reject-with {answer}"))?;
                attempt(&socket(client)?, server.address())
            });
            outcome.with_context(|| format!("{answer}, read: {read}"))?;
        }
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
    let (client, server) = cluster().machine.two()?;
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
    let (client, server) = cluster().machine.two()?;
    cluster().machine.publish(server)?;
    fail(&socket(client)?, (server.service_ip, 80).into())?;
    let edge = Edge::to_service(&client.workload, &server.workload);
    cluster()
        .probe
        .until(|scrape| confirm!(edge.sum(scrape, FAMILY, "source") == 1, "not refused under the Service's name"))
}

#[test]
fn a_connect_that_finds_no_free_port_was_never_sent() -> Result<()> {
    let (client, server) = cluster().machine.two()?;
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
