//! `kubectl get connections --watch` beside the traffic's own ledger, and what users of one namespace see of it.

use super::ledger::{self, COUNT, Ends, Ledger, REFUSES};
use super::{account, can};
use anyhow::{Context, Result, ensure};
use kube::api::{Api, ListParams};
use kube::{Client, ResourceExt};
use longwire_kubernetes::{Kubernetes, Namespace};
use longwire_live::connection::ConnectionStatus;
use longwire_live::edge::EdgeStatus;
use longwire_live::end::Directions;
use longwire_live::{Connection, Edge};
use longwire_testkit::{Netns, Process, confirm, eventually};
use serde::Deserialize;
use std::collections::HashMap;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
/// As kubectl names the resource.
pub(super) const CONNECTIONS: &str = "connections.live.telemetry.longwire.io";

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    object: Connection,
}

/// kubectl, which watches a namespace.
struct Watching(Process);

impl Watching {
    /// It shows a connection of its own when this returns, so nothing that begins now is missed.
    fn start(namespace: &Namespace<'_>, ends: &Ends) -> Result<Self> {
        let layout = namespace.kubernetes().layout();
        let (kubectl, kubeconfig) = (layout.program("kubectl"), layout.kubeconfig("admin"));
        let [kubectl, kubeconfig] = [&kubectl, &kubeconfig].map(|path| path.to_str().context("not UTF-8"));
        let line = [kubectl?, "--kubeconfig", kubeconfig?, "--namespace", &namespace.name];
        let words = ["get", CONNECTIONS, "--watch", "--output-watch-events", "--output=json"];
        let watching = Self(Process::start(&Netns::of_this_thread()?, "kubectl", &[&line[..], &words].concat())?);
        let (near, far) = ends.connect()?;
        let port = near.local_addr()?.port();
        eventually(PATIENCE, || {
            let is_seen = watching.events()?.iter().any(|event| event.object.spec.source.port == Some(port));
            confirm!(is_seen, "kubectl does not show port {port}: {}", watching.0.last_words())
        })?;
        drop((near, far));
        Ok(watching)
    }

    fn events(&self) -> Result<Vec<Event>> {
        let log = self.0.log();
        let json: Vec<_> = log.iter().filter(|line| !line.starts_with("Warning: ")).map(String::as_str).collect();
        let json = json.join("\n");
        // The last one may not be whole yet.
        let whole = serde_json::Deserializer::from_str(&json)
            .into_iter()
            .take_while(|event| !event.as_ref().is_err_and(serde_json::Error::is_eof));
        whole.collect::<Result<_, _>>().context("kubectl's watch")
    }
}

/// All of the ledger is there, each connection once, with both ends' names, and its bytes never went back.
fn agrees(events: &[Event], ledger: &Ledger, ends: &Ends) -> Result<()> {
    let mut named: HashMap<u16, (String, ConnectionStatus)> = HashMap::new();
    for Event { kind, object } in events {
        let (Some(port), name) = (object.spec.source.port, object.name_any()) else { continue };
        if !ledger.contains_key(&port) {
            continue;
        }
        let status = object.status.clone().context("no status")?;
        ends.are_named(object)?;
        match (kind.as_str(), named.get(&port)) {
            ("ADDED", None) => {}
            ("MODIFIED" | "DELETED", Some((known, before))) => {
                ensure!(*known == name, "port {port} is {known} and {name}");
                ledger::goes_on(before, &status)?;
            }
            (kind, before) => anyhow::bail!("{kind} of {name} after {before:?}"),
        }
        named.insert(port, (name, status));
    }
    for (port, carried) in ledger {
        let (_, last) = named.get(port).with_context(|| format!("port {port} never appeared"))?;
        ledger::is_whole(*port, carried, last)?;
    }
    Ok(())
}

/// An edge is the sum of the ledger. The connection by which kubectl was known to watch was open before.
fn adds_up(edge: &EdgeStatus, ledger: &Ledger) -> Result<()> {
    let whole = ledger.values().fold(Directions::default(), |sum, carried| Directions {
        from_source: sum.from_source + carried.bytes.from_source,
        from_destination: sum.from_destination + carried.bytes.from_destination,
    });
    ensure!(edge.open == 0 && edge.opened == COUNT && edge.failed.is_empty(), "{edge:?}");
    let is_whole = [COUNT, COUNT + 1].contains(&edge.closed) && edge.bytes == whole;
    ensure!(is_whole, "{whole:?} in {COUNT} connections are {edge:?}");
    confirm!(edge.rtt_microseconds.is_some_and(|rtt| 0 < rtt.p50 && rtt.p50 <= rtt.p99), "{edge:?}")
}

fn list(
    kubernetes: &Kubernetes,
    client: &Client,
    namespace: Option<&str>,
    fields: &str,
) -> kube::Result<Vec<Connection>> {
    let api: Api<Connection> =
        namespace.map_or_else(|| Api::all(client.clone()), |namespace| Api::namespaced(client.clone(), namespace));
    kubernetes.block_on(api.list(&ListParams::default().fields(fields))).map(|list| list.items)
}

fn is_forbidden<T>(said: kube::Result<T>) -> Result<()> {
    match said {
        Err(kube::Error::Api(status)) if status.code == 403 => Ok(()),
        Err(other) => Err(other.into()),
        Ok(_) => anyhow::bail!("a user without the right is answered"),
    }
}

/// Who may view one namespace sees what touches it, and nothing of others.
fn rights_decide(kubernetes: &Kubernetes, [near, far]: [&Namespace<'_>; 2], third: &Namespace<'_>) -> Result<()> {
    let [viewer, nobody] = ["connections-viewer", "connections-nobody"].map(|name| account(kubernetes, near, name));
    let (viewer, nobody) = (viewer?, nobody?);
    let who = format!("--serviceaccount={}:connections-viewer", near.name);
    for namespace in [near, third] {
        namespace.kubectl(&["create", "rolebinding", "sees-connections", "--clusterrole=view", &who])?;
    }
    // The role that aggregates others, and a binding, take effect some moments after their creation.
    eventually(PATIENCE, || list(kubernetes, &viewer, Some(&near.name), "").map(drop).map_err(Into::into))?;
    let seen = list(kubernetes, &viewer, Some(&near.name), "history=all")?;
    ensure!(seen.len() as u64 > COUNT, "the viewer sees {} connections", seen.len());
    ensure!(seen.iter().all(|seen| seen.namespace().as_ref() == Some(&near.name)), "{seen:?}");
    eventually(PATIENCE, || {
        let none = list(kubernetes, &viewer, Some(&third.name), "history=all")?;
        confirm!(none.is_empty(), "a namespace without traffic has {none:?}")
    })?;
    is_forbidden(list(kubernetes, &viewer, Some(&far.name), "")).context("of the other end's namespace")?;
    is_forbidden(list(kubernetes, &viewer, None, "")).context("of all namespaces")?;
    is_forbidden(list(kubernetes, &nobody, Some(&near.name), "")).context("without any right")?;
    let account = format!("system:serviceaccount:{}:connections-viewer", near.name);
    for (namespace, may) in [(near, true), (third, true), (far, false)] {
        for verb in ["get", "list", "watch"] {
            ensure!(
                can(namespace, &account, verb, CONNECTIONS) == may,
                "auth can-i {verb} in {} is not {may}",
                namespace.name
            );
        }
    }
    Ok(())
}

/// A connect that is refused has failed, with the reason.
fn a_failure_has_its_reason(kubernetes: &Kubernetes, near: &Namespace<'_>, ends: &Ends) -> Result<()> {
    let admin = kubernetes.client()?;
    // Somebody has to look when it happens, or to ask for what was before.
    ends.fail()?;
    eventually(PATIENCE, || {
        let fields = format!("history=all,phase=Failed,spec.destination.port={REFUSES},source={}", ends.client.name);
        let failed = list(kubernetes, &admin, Some(&near.name), &fields)?;
        let reasons: Vec<_> = failed.iter().filter_map(|failed| failed.status.as_ref()?.reason.as_deref()).collect();
        confirm!(reasons == ["refused"], "{failed:?}")
    })
}

pub(super) fn all(kubernetes: &Kubernetes, near: &Namespace<'_>) -> Result<()> {
    let (far, third) = (near.another()?, near.another()?);
    let ends = Ends::start(near, &far)?;
    let watching = Watching::start(near, &ends)?;
    // Connections are added up from the first look on.
    let edges: Api<Edge> = Api::namespaced(kubernetes.client()?, &near.name);
    kubernetes.block_on(edges.list(&ListParams::default()))?;
    let ledger = ends.talk()?;
    eventually(PATIENCE, || agrees(&watching.events()?, &ledger, &ends))?;
    println!("kubectl has watched {} connections in {} events", ledger.len(), watching.events()?.len());
    eventually(PATIENCE, || {
        let fields = ListParams::default()
            .fields(&format!("source={},destination={}/{}", ends.client.name, far.name, ends.server.name));
        let listed = kubernetes.block_on(edges.list(&fields))?;
        let [edge] = &listed.items[..] else { anyhow::bail!("{:?}", listed.items) };
        adds_up(edge.status.as_ref().context("no status")?, &ledger)
    })?;
    rights_decide(kubernetes, [near, &far], &third)?;
    a_failure_has_its_reason(kubernetes, near, &ends)
}
