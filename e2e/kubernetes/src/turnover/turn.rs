//! One pod's life.

use super::{LONGEST, Turnover, server_of, visitor_of};
use crate::layout::NODES;
use crate::talk::{self, Network, PORT, REPLY, SENT};
use anyhow::{Context, Result, anyhow, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::Resource;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams};
use longwire_testkit::Truth;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// Connections of each pod.
pub const CONNECTIONS: u64 = 10;
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);
/// How long a pod's object stays after the pod, if a finalizer holds it.
const LATE: Duration = Duration::from_secs(5);
/// Timeout of an answer from a server that is up.
const ANSWER: Duration = Duration::from_secs(1);
const FINALIZER: &str = "e2e.longwire.io/late";

/// What one pod did.
#[derive(Clone, Debug)]
pub struct Turn {
    pub source: String,
    pub destination: String,
    /// Its address, which other pods have before and after it.
    pub address: IpAddr,
    pub truth: Truth,
    /// When it was created.
    pub began: Instant,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Connects, ends and is deleted.
    Bare,
    /// Connects and ends; its object keeps its address.
    Job,
    /// Connects and ends; its object is deleted late.
    Late,
    /// A server that is deleted while it runs.
    Serves,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Bare, Self::Job, Self::Late, Self::Serves];
}

impl Turnover {
    pub(super) async fn turn(self: Arc<Self>, number: usize) -> Result<Turn> {
        let kind = Kind::ALL[number / NODES.len() % Kind::ALL.len()];
        let (name, began) = (format!("turn-{number}"), Instant::now());
        let taken = match kind {
            Kind::Serves => self.serve(&name, number).await,
            _ => self.send(kind, &name, number).await,
        };
        self.ended.fetch_add(1, Ordering::Relaxed);
        taken.map(|turn| Turn { began, ..turn }).with_context(|| format!("{name}, {kind:?}"))
    }

    /// The pod connects to the other node's server.
    async fn send(&self, kind: Kind, name: &str, number: usize) -> Result<Turn> {
        let (here, there) = (number % NODES.len(), (number + 1) % NODES.len());
        let bytes = SENT + number as u64;
        let to = SocketAddr::from((self.servers[there], PORT)).to_string();
        let container = talk::sending(&self.image, &to, bytes, CONNECTIONS);
        let spec = format!("{{nodeName: {}, restartPolicy: Never, containers: [{container}]}}", NODES[here]);
        if let Kind::Job = kind {
            let spec = format!("{{backoffLimit: 0, template: {{spec: {spec}}}}}");
            create(
                &self.jobs,
                name,
                &format!("apiVersion: batch/v1\nkind: Job\nmetadata: {{name: {name}}}\nspec: {spec}"),
            )
            .await?;
        } else {
            let finalizers = if let Kind::Late = kind { FINALIZER } else { "" };
            let metadata = format!("{{name: {name}, finalizers: [{finalizers}]}}");
            create(&self.pods, name, &format!("apiVersion: v1\nkind: Pod\nmetadata: {metadata}\nspec: {spec}")).await?;
        }
        let labelled = ListParams::default().labels(&format!("batch.kubernetes.io/job-name={name}"));
        let address = persist(|| async {
            let pod = match kind {
                Kind::Job => self.pods.list(&labelled).await?.items.pop().context("no pod yet")?,
                _ => self.pods.get(name).await?,
            };
            in_phase(&pod, "Succeeded")
        })
        .await??;
        match kind {
            Kind::Job => {}
            Kind::Late => {
                self.delete(name).await?;
                sleep(LATE).await;
                let without = Patch::Merge(serde_json::json!({"metadata": {"finalizers": null}}));
                let by = PatchParams::default();
                gone(|| self.pods.patch(name, &by, &without)).await?;
            }
            _ => self.delete(name).await?,
        }
        Ok(turn(name, &server_of(NODES[there]), address, bytes))
    }

    /// The other node's client connects to the pod.
    async fn serve(&self, name: &str, number: usize) -> Result<Turn> {
        let (here, there) = (number % NODES.len(), (number + 1) % NODES.len());
        let bytes = SENT + number as u64;
        let yaml = talk::server(name, NODES[here], Network::Own, PORT, &self.image);
        create(&self.pods, name, yaml.trim_end().trim_end_matches("---")).await?;
        let address = persist(|| async { in_phase(&self.pods.get(name).await?, "Running") }).await??;
        let visitor = self.visitors[there].clone();
        spawn_blocking(move || {
            for _ in 0..CONNECTIONS {
                // Until it listens it refuses, and a node may have an old neighbour entry for the address.
                let server =
                    longwire_testkit::wait::eventually(LONGEST, || visitor.connect_within((address, PORT), ANSWER))?;
                talk::ask(&server, bytes)?;
            }
            anyhow::Ok(())
        })
        .await??;
        self.delete(name).await?;
        Ok(turn(&visitor_of(NODES[there]), name, address, bytes))
    }

    /// Without a grace period: the pod ends after its object is gone.
    async fn delete(&self, name: &str) -> Result<()> {
        let now = DeleteParams::default().grace_period(0);
        gone(|| self.pods.delete(name, &now)).await
    }
}

fn turn(source: &str, destination: &str, address: IpAddr, bytes: u64) -> Turn {
    let truth = (0..CONNECTIONS).map(|_| Truth::whole(bytes, REPLY)).sum();
    let [source, destination] = [source, destination].map(str::to_owned);
    Turn { source, destination, address, truth, began: Instant::now() }
}

/// A pod's address once it is in this phase. The inner error is final.
fn in_phase(pod: &Pod, wanted: &str) -> Result<Result<IpAddr>> {
    let status = pod.status.as_ref().context("no status yet")?;
    let phase = status.phase.as_deref().unwrap_or_default();
    if phase == "Failed" {
        return Ok(Err(anyhow!("the pod has failed: {:?}", status.container_statuses)));
    }
    ensure!(phase == wanted, "the pod is {phase}");
    let address = status.pod_ip.as_ref().context("no address yet")?;
    Ok(Ok(address.parse()?))
}

/// Applied, not created, because it exists already if a response was lost.
async fn create<K>(api: &Api<K>, name: &str, yaml: &str) -> Result<()>
where
    K: Resource + Clone + Debug + DeserializeOwned + Serialize,
{
    let (object, by): (K, _) = (serde_saphyr::from_str(yaml)?, PatchParams::apply("e2e"));
    persist(|| async {
        api.patch(name, &by, &Patch::Apply(&object)).await?;
        Ok(())
    })
    .await
}

/// Waits until the object is gone.
async fn gone<T, F: Future<Output = kube::Result<T>>>(mut attempt: impl FnMut() -> F) -> Result<()> {
    persist(|| {
        let asked = attempt();
        async {
            match asked.await {
                Err(kube::Error::Api(refusal)) if refusal.code == 404 => Ok(()),
                answer => {
                    answer?;
                    Ok(())
                }
            }
        }
    })
    .await
}

/// Retries until it succeeds, because the API server may be unreachable and pods take time.
async fn persist<T, F: Future<Output = Result<T>>>(mut attempt: impl FnMut() -> F) -> Result<T> {
    let start = Instant::now();
    loop {
        match attempt().await {
            Ok(done) => return Ok(done),
            Err(error) if start.elapsed() >= LONGEST => return Err(error).context("tried for long"),
            Err(_) => sleep(BETWEEN_LOOKS).await,
        }
    }
}
