//! The part with I/O: reads the stored status, applies the desired one.

use super::Reports;
use super::conditions::{dated, is_same_content};
use super::news::{line, news};
use super::plan::{Outcome, Plan, Write};
use crate::index::warning::Warning;
use crate::publish::role::Role;
use crate::source::api_server::client::chain;
use crate::source::object::{Key, Kind};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use k8s_openapi::jiff::Timestamp;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams};
use longwire_crds::names::OPERATOR;
use longwire_crds::{ExtraStatTags, PolicyStatus, StatsMatcher, TelemetryPolicy};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

/// Writes in flight at a time.
const AT_ONCE: usize = 4;
/// For one request.
const TIMEOUT: Duration = Duration::from_secs(3);

#[derive(Debug, thiserror::Error)]
enum WriteFailure {
    #[error("{}", chain(.0))]
    Refused(#[from] kube::Error),
    #[error("the API server did not answer within {TIMEOUT:?}")]
    Silent,
}

/// Writes the statuses in `reports` while this replica leads; until the role's channel is closed.
///
/// A condition that gets worse is logged, and sent for an Event.
pub(crate) async fn write(
    client: Client,
    reports: Reports,
    mut role: watch::Receiver<Role>,
    warnings: mpsc::Sender<Warning>,
) {
    let started = Instant::now();
    let mut plan = Plan::default();
    let mut writes = FuturesUnordered::new();
    let mut failing = false;
    loop {
        let holds = matches!(*role.borrow_and_update(), Role::Leader);
        for (key, desired) in reports.take() {
            plan.set(key, desired);
        }
        if holds {
            for due in plan.due(started.elapsed(), AT_ONCE - writes.len()) {
                writes.push(apply(&client, due));
            }
        }
        let next = plan.next().filter(|_| holds && writes.len() < AT_ONCE);
        tokio::select! {
            () = reports.queued() => {}
            () = sleep(next.unwrap_or_default().saturating_sub(started.elapsed())), if next.is_some() => {}
            Some((key, uid, outcome)) = writes.next() => {
                let outcome = outcome.map(|(outcome, news)| {
                    news.into_iter().for_each(|news| send(&key, news, &warnings));
                    outcome
                });
                let outcome = report(&key, outcome, &mut failing);
                plan.done(&key, &uid, outcome, started.elapsed());
            }
            changed = role.changed() => match changed {
                Ok(()) => plan.start_over(),
                Err(_) => return,
            },
        }
    }
}

/// No caller waits for an Event: past its queue it goes to the log.
fn send(key: &Key, news: Warning, warnings: &mpsc::Sender<Warning>) {
    tracing::warn!("{}", line(key, news.reason, &news.note));
    if warnings.try_send(news).is_err() {
        tracing::debug!("no room for an Event on {key}");
    }
}

/// The outcome of a write, and warnings.
type Done = (Outcome, Vec<Warning>);

async fn apply(client: &Client, write: Write) -> (Key, String, Result<Done, WriteFailure>) {
    let outcome = timeout(TIMEOUT, try_apply(client, &write)).await;
    let outcome = outcome.map_err(|_| WriteFailure::Silent).and_then(|outcome| outcome.map_err(WriteFailure::from));
    (write.key, write.uid, outcome)
}

async fn try_apply(client: &Client, write: &Write) -> kube::Result<Done> {
    const NO_NEWS: Vec<Warning> = Vec::new();
    let Write { key: Key { kind, name }, uid, status, former } = write;
    let Some(resource) = resource(*kind) else { return Ok((Outcome::Gone, NO_NEWS)) };
    let objects: Api<DynamicObject> = Api::namespaced_with(client.clone(), &name.namespace, &resource);
    let former = match former {
        Some(former) => Some(former.clone()),
        None => match objects.get_opt(&name.name).await? {
            Some(object) if object.metadata.uid.as_ref() == Some(uid) => read(&object),
            _ => return Ok((Outcome::Gone, NO_NEWS)),
        },
    };
    let written = dated(former.as_ref(), status.clone(), Timestamp::now());
    if former.as_ref().is_some_and(|former| is_same_content(former, &written)) {
        return Ok((Outcome::Written(Box::new(written)), NO_NEWS));
    }
    let patch = json!({
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        // With the UID, so that an object that was created again does not get the former's status.
        "metadata": {"name": name.name, "namespace": name.namespace, "uid": uid},
        "status": written,
    });
    let parameters = PatchParams::apply(OPERATOR).force();
    match objects.patch_status(&name.name, &parameters, &Patch::Apply(&patch)).await {
        Ok(object) => {
            let occasion = object.metadata.resource_version.unwrap_or_default();
            let news = news(&write.key, uid, &occasion, former.as_ref(), &written);
            Ok((Outcome::Written(Box::new(written)), news))
        }
        Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => Ok((Outcome::Gone, NO_NEWS)),
        Err(error) => Err(error),
    }
}

/// What is there and cannot be read is written over.
fn read(object: &DynamicObject) -> Option<PolicyStatus> {
    object.data.get("status").and_then(|status| PolicyStatus::deserialize(status).ok())
}

fn resource(kind: Kind) -> Option<ApiResource> {
    match kind {
        Kind::TelemetryPolicy => Some(ApiResource::erase::<TelemetryPolicy>(&())),
        Kind::ExtraStatTags => Some(ApiResource::erase::<ExtraStatTags>(&())),
        Kind::StatsMatcher => Some(ApiResource::erase::<StatsMatcher>(&())),
        Kind::EndpointSlice | Kind::Namespace | Kind::Node | Kind::Pod | Kind::Service => None,
    }
}

/// Says it once, not at every attempt.
fn report(key: &Key, outcome: Result<Outcome, WriteFailure>, failing: &mut bool) -> Outcome {
    match outcome {
        Ok(outcome) => {
            *failing = false;
            outcome
        }
        Err(error) => {
            if !std::mem::replace(failing, true) {
                tracing::warn!("cannot write the status of {key}: {error}; retrying until it works");
            }
            Outcome::Failed
        }
    }
}
