//! client-go's informer beside traffic's own ledger, while the operator's leader and a probe are killed: it misses nothing but what happened
//! then, and ends with what there is.

use super::connections::CONNECTIONS;
use super::ledger::{Carried, Ends, Ledger, goes_on, is_whole};
use super::{complete, kill_the_leader, list, served};
use anyhow::{Context, Result, anyhow, ensure};
use kube::ResourceExt;
use longwire_kubernetes::{Kubernetes, NODES, Namespace, longwire, running};
use longwire_live::Connection;
use longwire_live::connection::ConnectionStatus;
use longwire_testkit::{Netns, Process, beside, checkout, command, confirm, eventually, stretched, throughout};
use nix::sys::signal::Signal;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::net::TcpListener;
use std::ops::Range;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Variable with the duration, seconds.
const SECONDS: &str = "LONGWIRE_LIVE_SECONDS";
const LASTS: u64 = 40;
const PATIENCE: Duration = Duration::from_secs(90);
/// A connection of this test's own, which shows that both nodes are watched again.
const MARKS: u16 = 7_002;
/// What lives for less may be shown only when it is over, and not at all if that is in an outage.
const SHORT: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
struct Line {
    kind: String,
    /// Milliseconds since 1970.
    at: u64,
    object: Option<Connection>,
    #[serde(default)]
    objects: Vec<Value>,
    #[serde(default)]
    error: String,
}

impl Line {
    fn is_within(&self, spans: &[Range<SystemTime>]) -> bool {
        let at = UNIX_EPOCH + Duration::from_millis(self.at);
        spans.iter().any(|span| span.contains(&at))
    }
}

struct Informer(Process);

impl Informer {
    /// It has the list when this returns.
    fn start(namespace: &Namespace<'_>) -> Result<Self> {
        let script = checkout().join("e2e/informer/build");
        let built = command::converse(script.to_str().context("not UTF-8")?, &[])?;
        let kubeconfig = namespace.kubernetes().layout().kubeconfig("admin");
        let line = [
            &format!("{}/informer", built.trim()),
            "-kubeconfig",
            kubeconfig.to_str().context("not UTF-8")?,
            "-namespace",
            &namespace.name,
        ];
        let informer = Self(Process::start(&Netns::of_this_thread()?, "informer", &line)?);
        informer.0.await_line(r#""kind":"synced""#, PATIENCE)?;
        Ok(informer)
    }

    /// Other lines are client-go's own log.
    fn lines(&self) -> Result<Vec<Line>> {
        let log = self.0.log();
        let ours = log.iter().filter(|line| line.starts_with('{'));
        ours.map(|line| serde_json::from_str(line).with_context(|| line.clone())).collect()
    }

    /// Waits until it has been told of the connection from this port by both ends.
    fn await_both_ends(&self, port: u16) -> Result<()> {
        let source = format!(r#""port":{port}"#);
        eventually(PATIENCE, || {
            let log = self.0.log();
            for line in log.iter().filter(|line| line.contains(&source)) {
                let status = serde_json::from_str::<Line>(line)?.object.and_then(|object| object.status);
                if status.is_some_and(|status| status.source.is_some() && status.destination.is_some()) {
                    return Ok(());
                }
            }
            Err(anyhow!("both ends of port {port} are not told: {}", self.0.last_words()))
        })
    }

    /// The objects of its store by name.
    fn store(&self) -> Result<BTreeMap<String, Value>> {
        let stores = || Ok::<_, anyhow::Error>(self.lines()?.into_iter().filter(|line| line.kind == "store"));
        let before = stores()?.count();
        self.0.signal(Signal::SIGUSR1)?;
        let newest = eventually(PATIENCE, || stores()?.nth(before).context("it does not tell its store"))?;
        Ok(by_name(newest.objects))
    }
}

fn by_name(objects: Vec<Value>) -> BTreeMap<String, Value> {
    let name = |object: &Value| object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    objects.into_iter().map(|object| (name(&object), object)).collect()
}

/// What the informer was told of the connection from one port.
#[derive(Debug)]
struct Told {
    name: String,
    is_there: bool,
    last: ConnectionStatus,
}

/// Reads what it was told of the ledger's connections: the right names, bytes that never go back, and each once: one that has gone comes
/// back only in an outage, when a new leader does not know all yet.
fn told(
    lines: &[Line],
    ledger: &Ledger,
    ends: &Ends,
    outages: &[Range<SystemTime>],
) -> Result<HashMap<u16, Vec<Told>>> {
    let mut told: HashMap<u16, Vec<Told>> = HashMap::new();
    for line in lines {
        let Some(object) = &line.object else { continue };
        let Some(port) = object.spec.source.port.filter(|port| ledger.contains_key(port)) else { continue };
        ends.are_named(object)?;
        let (name, status) = (object.name_any(), object.status.clone().context("no status")?);
        let of_port = told.entry(port).or_default();
        let Some(known) = of_port.iter_mut().find(|known| known.name == name) else {
            ensure!(line.kind == "add", "{} of {name}, which is new", line.kind);
            of_port.push(Told { name, is_there: true, last: status });
            continue;
        };
        goes_on(&known.last, &status)?;
        let is_again = line.kind == "add" && !known.is_there && line.is_within(outages);
        ensure!(is_again || line.kind != "add" && known.is_there, "{} at {}: {known:?}", line.kind, line.at);
        known.is_there = line.kind != "delete";
        known.last = status;
    }
    Ok(told)
}

/// The longest time without an interruption in which a connection has lived and nothing was away. What is opened right before an outage may
/// not have been told when it began.
fn lived(carried: &Carried, outages: &[Range<SystemTime>]) -> Duration {
    let mut edges = vec![carried.opened];
    for outage in outages {
        edges.extend(
            [outage.start - stretched(SHORT), outage.end].map(|edge| edge.clamp(carried.opened, carried.closed)),
        );
    }
    edges.push(carried.closed);
    let spans = edges.chunks_exact(2).filter_map(|span| span[1].duration_since(span[0]).ok());
    spans.max().unwrap_or_default()
}

fn agrees(lines: &[Line], ledger: &Ledger, ends: &Ends, outages: &[Range<SystemTime>]) -> Result<()> {
    let told = told(lines, ledger, ends, outages)?;
    let mut undisturbed = 0;
    for (port, carried) in ledger {
        let of_port = told.get(port).map_or(&[][..], Vec::as_slice);
        let is_short = lived(carried, outages) <= stretched(SHORT);
        ensure!(!of_port.is_empty() || is_short, "port {port} never appeared: {carried:?}, outages {outages:?}");
        // Both ends tell of its end some moments later.
        let told = carried.closed + stretched(2 * SHORT);
        let touches = |outage: &Range<SystemTime>| carried.opened < outage.end && outage.start < told;
        if outages.iter().any(touches) {
            continue;
        }
        undisturbed += 1;
        let [once] = of_port else { anyhow::bail!("port {port} appeared as {of_port:?}") };
        is_whole(*port, carried, &once.last).with_context(|| history(lines, *port, outages))?;
    }
    confirm!(undisturbed > 0, "an outage has touched each of {} connections", ledger.len())
}

/// What was told of the connection from one port, and when.
fn history(lines: &[Line], port: u16, outages: &[Range<SystemTime>]) -> String {
    let of_port = |line: &&Line| line.object.as_ref().is_some_and(|object| object.spec.source.port == Some(port));
    let told = lines.iter().filter(of_port).map(|Line { kind, at, object, .. }| {
        let status = object.as_ref().and_then(|object| object.status.as_ref());
        let of = status.map(|status| (status.phase, status.source.is_some(), status.destination.is_some()));
        format!("{kind} at {at}: {of:?}")
    });
    format!("{}; outages {outages:?}", told.collect::<Vec<_>>().join(", "))
}

struct Scene<'a> {
    kubernetes: &'a Kubernetes,
    namespace: &'a Namespace<'a>,
    ends: &'a Ends,
    marks: TcpListener,
    informer: Informer,
}

impl Scene<'_> {
    /// When something was away: until both ends tell of what is opened after it is back.
    fn outage(
        &self,
        what: &str,
        kill: impl FnOnce() -> Result<()>,
        is_back: impl FnMut() -> Result<()>,
    ) -> Result<Range<SystemTime>> {
        let began = SystemTime::now();
        kill()?;
        eventually(PATIENCE, is_back).with_context(|| longwire::logs(self.kubernetes))?;
        let mark = self.ends.client.connect_to((self.ends.server.address, MARKS), &self.marks)?;
        self.informer.await_both_ends(mark.0.local_addr()?.port()).with_context(|| what.to_owned())?;
        let ended = SystemTime::now();
        println!("{what}: the informer goes on after {:.1} s", ended.duration_since(began)?.as_secs_f64());
        Ok(began..ended)
    }

    /// The leader is killed after a quarter of the time, and a probe after a half.
    fn disturbed(&mut self, span: Duration) -> Result<Vec<Range<SystemTime>>> {
        throughout(span / 4, || self.informer.0.check_alive())?;
        let (kubernetes, admin) = (self.kubernetes, self.kubernetes.client()?);
        let leader = self.outage(
            "the leader killed",
            || kill_the_leader(kubernetes).map(drop),
            || complete(&list(kubernetes, &admin)?),
        )?;
        throughout(span / 4, || self.informer.0.check_alive())?;
        let (_, uid) = longwire::probe_of(kubernetes, NODES[0])?;
        let victim = running::process_running(&uid, "longwire-probe")?;
        let probe = self.outage(
            "a probe killed",
            || running::signal(victim, Signal::SIGKILL),
            || complete(&list(kubernetes, &admin)?).and_then(|()| longwire::connected(kubernetes)),
        )?;
        throughout(span / 2, || self.informer.0.check_alive())?;
        Ok(vec![leader, probe])
    }

    /// The informer's store is what a new list has, once nothing moves.
    fn equals_a_new_list(&self) -> Result<()> {
        let quiet = self.ends.connect()?;
        self.informer.await_both_ends(quiet.0.local_addr()?.port())?;
        eventually(PATIENCE, || {
            let listed = self.namespace.kubectl(&["get", CONNECTIONS, "--output=json"])?;
            let listed: Value = serde_json::from_str(&listed)?;
            let listed = by_name(listed["items"].as_array().context("no items")?.clone());
            let store = self.informer.store()?;
            ensure!(!store.is_empty(), "the store is empty");
            confirm!(store == listed, "the store has {store:#?}, and a list {listed:#?}")
        })
    }
}

#[test]
fn client_gos_informer_goes_on_through_the_end_of_a_leader_and_of_a_probe() -> Result<()> {
    let (kubernetes, namespace) = longwire::alone()?;
    let far = namespace.another()?;
    served(kubernetes)?;
    let ends = Ends::start(&namespace, &far)?;
    let (marks, informer) = (ends.server.listen(MARKS)?, Informer::start(&namespace)?);
    let mut scene = Scene { kubernetes, namespace: &namespace, ends: &ends, marks, informer };
    let seconds = std::env::var(SECONDS).ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(LASTS);
    let (ledger, outages) = beside(
        |over| ends.talk_while(|_| !over.load(Ordering::Relaxed)),
        || scene.disturbed(Duration::from_secs(seconds)),
    )?;
    eventually(PATIENCE, || agrees(&scene.informer.lines()?, &ledger, &ends, &outages))?;
    scene.equals_a_new_list()?;
    let lines = scene.informer.lines()?;
    let errors: Vec<_> = lines.iter().filter(|line| line.kind == "error").collect();
    for error in &errors {
        ensure!(error.is_within(&outages), "the reflector says {:?} at {}", error.error, error.at);
    }
    println!("{} connections in {} lines of the informer, {} errors", ledger.len(), lines.len(), errors.len());
    scene.informer.0.check_alive()?;
    longwire::all_rolled_out(kubernetes)
}
