//! The participants: pods on both nodes, their Services, and a client outside the cluster.

use super::line::{Line, Naming, Work, connect};
use super::server::Server;
use crate::layout::{MACHINE, NODES};
use crate::namespace::Namespace;
use crate::running::{Running, sleeper};
use crate::talk::service;
use crate::{Kubernetes, PATIENCE};
use anyhow::{Context, Result, ensure};
use longwire_testkit::{Counts, Labels, eventually, iptables};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

const PORT: u16 = 8080;
/// Port of connections that stay open.
const LONG: u16 = 8081;
/// A closed port.
const CLOSED: u16 = 9999;

/// Bytes of each server's answer, which identify it.
pub const ANSWERS: [(&str, u64); 6] = [
    ("web", 4_000),
    ("reviews-v1", 3_000),
    ("reviews-v2", 5_000),
    ("ratings", 2_000),
    ("store", 7_000),
    (OUTSIDE, 6_000),
];
const OUTSIDE: &str = "outside";

/// Name, app, version and node of each pod.
const PODS: [(&str, &str, &str, &str); 6] = [
    ("web", "web", "v1", "n1"),
    ("reviews-v1", "reviews", "v1", "n1"),
    ("reviews-v2", "reviews", "v2", "n2"),
    ("ratings", "ratings", "v1", "n2"),
    ("store", "store", "v1", "n1"),
    ("batch", "batch", "v1", "n2"),
];
/// Each selects the app of its own name.
const SERVICES: [&str; 4] = ["web", "reviews", "ratings", "store"];

#[derive(Debug)]
pub struct Town {
    pods: BTreeMap<&'static str, Running>,
    services: BTreeMap<&'static str, Ipv4Addr>,
    outside: SocketAddr,
    _servers: Vec<Server>,
}

impl Town {
    pub fn build(namespace: &Namespace<'_>) -> Result<Self> {
        namespace.apply(&objects())?;
        let find = |(name, ..): (&'static str, _, _, _)| Ok((name, Running::find(namespace, name)?));
        let pods = PODS.into_iter().map(find).collect::<Result<BTreeMap<_, _>>>()?;
        let address = |name: &'static str| Ok((name, namespace.service_address(name)?));
        let services = SERVICES.into_iter().map(address).collect::<Result<BTreeMap<_, _>>>()?;
        let beyond = TcpListener::bind((MACHINE, 0))?;
        let outside = beyond.local_addr()?;
        let mut servers = Vec::new();
        for (name, answer) in ANSWERS {
            let listener = if name == OUTSIDE { beyond.try_clone()? } else { pods[name].listen(PORT)? };
            servers.push(Server::start(listener, answer)?);
        }
        await_proxies(&pods)?;
        let from_batch = format!("-s {} --dport {LONG}", pods["batch"].address);
        // With more loss on the way back a turn would take seconds, which is no steady traffic.
        for (to, packets, share) in [("store", from_batch, 0.1), ("batch", format!("--sport {LONG}"), 0.03)] {
            // Without offloads, or a drop would lose sixty segments at a time. Dropped at the receiver, so that TCP
            // sees the loss too.
            pods[to].netns().send_single_segments("eth0")?;
            let lost = format!("-m statistic --mode random --probability {share} -j DROP");
            iptables(pods[to].netns(), &format!("-A INPUT -p tcp {packets} {lost}"))?;
        }
        Ok(Self { pods, services, outside, _servers: servers })
    }

    /// A line for each client and server.
    pub(super) fn lines(&self, namespace: &str) -> Result<Vec<Line>> {
        const BOTH: &[&str] = &["source", "destination"];
        let service = |name: &str, port| SocketAddr::from((self.services[name], port));
        let short = |name, from: &'static str, to, up, app: &'static str| {
            let namespace = namespace.to_owned();
            Line {
                name,
                from: Some(self.pods[from].clone()),
                to,
                up,
                work: Work::Short,
                labels: Box::new(move |server| labels(&namespace, Some(from), server, Some(app))),
                reporters: BOTH,
            }
        };
        let there = SocketAddr::from((self.pods["web"].address, PORT));
        let to_web = short("outside to web", "web", there, 900, "web");
        let beyond = short("web to outside", "web", self.outside, 800, "");
        let refused = short("web to nobody", "web", service("ratings", CLOSED), 0, "ratings");
        Ok(vec![
            short("web to reviews", "web", service("reviews", PORT), 1_000, "reviews"),
            short("reviews-v1 to ratings", "reviews-v1", service("ratings", PORT), 500, "ratings"),
            short("reviews-v2 to ratings", "reviews-v2", service("ratings", PORT), 700, "ratings"),
            self.long(namespace, "ratings", "store", [1_500, 2_500])?,
            self.long(namespace, "batch", "store", [60_000, 30_000])?,
            self.long(namespace, OUTSIDE, "web", [300, 200])?,
            Line { labels: naming(namespace, Some("web"), None), reporters: &["source"], ..beyond },
            Line { from: None, labels: naming(namespace, None, Some("web")), reporters: &["destination"], ..to_web },
            Line { work: Work::Refused, reporters: &["source"], ..refused },
        ])
    }

    /// A line over one connection that stays open; bytes up and down in each turn.
    fn long(&self, namespace: &str, from: &'static str, to: &'static str, [up, down]: [u64; 2]) -> Result<Line> {
        let client = self.pods.get(from);
        let address = if client.is_some() { self.services[to] } else { self.pods[to].address };
        let address = SocketAddr::from((address, LONG));
        // A pod may be the server of several: each listener accepts one connection.
        let listener = self.pods[to].listen(LONG)?;
        let near = connect(client, address)?;
        let ends = (near, listener.accept().context("accept")?.0);
        let (namespace, client_address) = (namespace.to_owned(), ends.0.local_addr()?.to_string());
        let naming = move |server: Option<&str>| {
            let mut labels = labels(&namespace, client.map(|_| from), server, Some(to));
            let long = [("source_address", client_address.clone()), ("destination_address", address.to_string())];
            labels.extend(long.map(|(label, value)| (label.to_owned(), value)));
            labels
        };
        let labels = naming(Some(to));
        Ok(Line {
            name: if from == OUTSIDE { "outside, for long" } else { from },
            from: client.cloned(),
            to: address,
            up,
            work: Work::Long { ends, down, server: to, seen: Counts::default() },
            labels: Box::new(move |_| labels.clone()),
            reporters: if client.is_some() { &["source", "destination"] } else { &["destination"] },
        })
    }
}

/// A Service refuses until the nodes' proxies have its pods, which would count as a failed connection.
fn await_proxies(pods: &BTreeMap<&'static str, Running>) -> Result<()> {
    let served = PODS.iter().filter(|(_, app, ..)| SERVICES.contains(app));
    eventually(PATIENCE, || {
        for node in NODES {
            let rules = Kubernetes::shared()?.node(node)?.run("iptables-save", &["-t", "nat"])?;
            for (name, ..) in served.clone() {
                let target = format!("--to-destination {}:{PORT}", pods[name].address);
                ensure!(rules.contains(&target), "the proxy of {node} does not lead to {name} yet");
            }
        }
        Ok(())
    })
}

fn objects() -> String {
    let pods = PODS
        .map(|(name, app, version, node)| sleeper(name, node, &format!("labels: {{app: {app}, version: {version}}}")));
    let ports = "ports: [{name: a, port: 8080}, {name: b, port: 8081}, {name: c, port: 9999}]";
    pods.concat() + &SERVICES.map(|name| service(name, &format!("selector: {{app: {name}}}, {ports}"))).concat()
}

fn naming(namespace: &str, from: Option<&'static str>, service: Option<&'static str>) -> Naming {
    let namespace = namespace.to_owned();
    Box::new(move |server| labels(&namespace, from, server.filter(|name| *name != OUTSIDE), service))
}

/// The expected labels of an edge: from a pod or from outside, to a pod or to an unknown address, with or without a
/// Service.
fn labels(namespace: &str, from: Option<&str>, to: Option<&str>, service: Option<&str>) -> Labels {
    let mut labels = Labels::new();
    for (side, name) in [("source", from), ("destination", to)] {
        let pod = PODS.iter().find(|(pod, ..)| Some(*pod) == name);
        let (workload, app, version, space) = pod
            .map_or(("unknown", "unknown", "latest", "unknown"), |(pod, app, version, _)| {
                (pod, app, version, namespace)
            });
        let named = [
            ("workload", workload),
            ("workload_namespace", space),
            ("canonical_service", app),
            ("canonical_revision", version),
        ];
        labels.extend(named.map(|(label, value)| (format!("{side}_{label}"), value.to_owned())));
    }
    let (host, name, space) = match service {
        Some(service) => (format!("{service}.{namespace}.svc.cluster.local"), service, namespace),
        None => ("unknown".to_owned(), "PassthroughCluster", "unknown"),
    };
    let named = [
        ("destination_service", host),
        ("destination_service_name", name.to_owned()),
        ("destination_service_namespace", space.to_owned()),
        ("connection_security_policy", "unknown".to_owned()),
        ("response_flags", "-".to_owned()),
    ];
    labels.extend(named.map(|(label, value)| (label.to_owned(), value)));
    if to.is_none() && service.is_some() {
        labels.insert("reason".to_owned(), "refused".to_owned());
    }
    labels
}
