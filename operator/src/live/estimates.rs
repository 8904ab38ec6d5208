//! The resource `seriesestimates`: what a policy would do to the series that are live now. Created and answered, not stored.
//!
//! ```text
//! object --Copied::with--> configurations that there would be --differences--> what is different, and why
//!                                      \--Round: pods that differ--> probes --NodeEstimate--> sum --> status
//! ```

mod differences;
mod sum;

use super::api::status::Failure;
use super::missing::Missing;
use super::rounds::{Round, Rounds};
use crate::cluster::writer::questions::Question;
use crate::policy::would::{Copied, Would};
use crate::publish::Published;
use crate::source;
use crate::source::object::{Key, Object};
use differences::{Difference, difference};
use longwire_live::series_estimate::SeriesEstimateStatus;
use longwire_live::{LiveResource, SeriesEstimate};
use longwire_model::identity::UnixNanos;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::timeout;

/// Longest wait for the estimate before this one, and for the task that has the objects.
const TURN: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Estimates {
    questions: mpsc::Sender<Question>,
    published: watch::Receiver<Published>,
    rounds: Arc<Rounds>,
    turn: Semaphore,
}

/// The object of a request that can be one.
#[derive(Debug)]
pub(super) struct Asked {
    estimate: SeriesEstimate,
    object: Object,
}

impl Asked {
    /// `namespace`: of the path.
    pub(super) fn read(resource: &LiveResource, namespace: &str, body: &[u8]) -> Result<Self, Failure> {
        let malformed = |why: String| Failure::bad_request(format!("the body is no {}: {why}", resource.kind));
        let mut estimate: SeriesEstimate =
            serde_json::from_slice(body).map_err(|error| malformed(error.to_string()))?;
        let own = estimate.metadata.namespace.get_or_insert_with(|| namespace.to_owned());
        if own.as_str() != namespace {
            return Err(malformed(format!("its namespace is {own}, and that of the request is {namespace}")));
        }
        let object = policy(estimate.spec.object.clone(), namespace)
            .map_err(|why| Failure::invalid_object(resource, estimate.metadata.name.as_deref(), "spec.object", why))?;
        Ok(Self { estimate, object })
    }
}

/// A policy that is one of this namespace. Its name may be left out: then it is a new one.
fn policy(mut value: Value, namespace: &str) -> Result<Object, String> {
    let metadata = value.as_object_mut().ok_or("no object")?.entry("metadata").or_insert_with(|| json!({}));
    let metadata = metadata.as_object_mut().ok_or("metadata: no object")?;
    metadata.entry("namespace").or_insert_with(|| namespace.into());
    // No object can have it.
    metadata.entry("name").or_insert_with(|| "(new)".into());
    let object = source::object_of(&value)?;
    let object = object.filter(|object| object.key().kind.is_policy());
    let object = object.ok_or("no TelemetryPolicy, ExtraStatTags or StatsMatcher of telemetry.longwire.io")?;
    if object.key().name.namespace != namespace {
        return Err(format!("metadata.namespace: it must be that of the estimate, {namespace}"));
    }
    let refusal = match &object {
        Object::ExtraStatTags(policy) => policy.spec.as_ref().err(),
        Object::StatsMatcher(policy) => policy.spec.as_ref().err(),
        Object::TelemetryPolicy(policy) => policy.spec.as_ref().err(),
        Object::Unreadable(unreadable) => Some(&unreadable.refusal),
        _ => None,
    };
    match refusal {
        Some(refusal) => Err(refusal.message.clone()),
        None => Ok(object),
    }
}

impl Estimates {
    pub(super) fn new(
        questions: mpsc::Sender<Question>,
        published: watch::Receiver<Published>,
        rounds: Arc<Rounds>,
    ) -> Self {
        Self { questions, published, rounds, turn: Semaphore::new(1) }
    }

    /// `expected`: nodes that should answer.
    pub(super) async fn estimate(
        &self,
        resource: &LiveResource,
        Asked { mut estimate, object }: Asked,
        expected: &BTreeSet<Arc<str>>,
        now: UnixNanos,
    ) -> Result<SeriesEstimate, Failure> {
        let turn = timeout(TURN, self.turn.acquire()).await.ok().and_then(Result::ok);
        let _turn = turn.ok_or_else(|| Failure::too_many("another estimate is being made: try again"))?;
        let copied = self.copy().await.ok_or_else(|| Failure::unavailable("the operator is busy: try again".into()))?;
        let key = object.key();
        let namespace = (key.name.namespace != copied.compiler.root_namespace()).then(|| key.name.namespace.clone());
        let published = self.published.clone();
        let worked_out = tokio::task::spawn_blocking(move || work_out(copied, object, &published, now)).await;
        let (difference, mut warnings) = worked_out
            .map_err(|error| Failure::unavailable(format!("the estimate failed: {error}")))?
            .map_err(|why| Failure::invalid_object(resource, estimate.metadata.name.as_deref(), "spec.object", why))?;
        let Difference { settings, pods, changes } = difference;
        let answers = self.rounds.ask(Round::new(namespace, settings, pods)).await;
        let mut status = SeriesEstimateStatus { changes, ..sum::sum(&answers) };
        let missing = Missing::of(expected, &answers.into_keys().collect(), Vec::new());
        status.complete &= missing.nodes == 0;
        warnings.extend(missing.texts().map(str::to_owned));
        if !status.complete && missing.nodes == 0 {
            warnings.push("some nodes have more connections than they can look at in time: numbers are too low".into());
        }
        status.warnings = warnings;
        estimate.status = Some(status);
        Ok(estimate)
    }

    async fn copy(&self) -> Option<Copied> {
        let (wanted, copied) = oneshot::channel();
        let copy = async {
            self.questions.send(Question::Copy(wanted)).await.ok()?;
            copied.await.ok()
        };
        timeout(TURN, copy).await.ok().flatten()
    }
}

/// On a thread of its own: it is as much work as at the operator's start.
fn work_out(
    copied: Copied,
    object: Object,
    published: &watch::Receiver<Published>,
    now: UnixNanos,
) -> Result<(Difference, Vec<String>), String> {
    let key = object.key();
    let mut warnings = Vec::new();
    if copied.has(&key) {
        let Key { kind, name } = &key;
        warnings.push(format!("{} {name} exists: this is about its change", kind.plural()));
    }
    let Would { state, settings, nodes } = copied.with(object, now);
    if let Some(state) = state {
        state.accepted.clone().map_err(|refusal| refusal.message)?;
        warnings.extend(state.conflicted.iter().map(|conflict| format!("a part has no effect: {conflict}")));
        warnings.extend(state.warnings.iter().cloned());
    }
    Ok((difference(&published.borrow(), settings, nodes), warnings))
}
