//! The resource `effectivetelemetries`: made when somebody asks, by the task that compiles configuration. Nothing of it is kept.

use super::api::query::ListOptions;
use super::api::status::Failure;
use super::page::{Page, Token, check_version};
use super::probes::microseconds;
use super::selector::{Selectable, Selection};
use crate::cluster::writer::questions::{Answer, Asked, OfPods, Question};
use crate::policy::compile::Explained;
use crate::source::object::{self, Name};
use kube::core::{Selector, SelectorExt};
use longwire_live::EffectiveTelemetry;
use longwire_live::effective_telemetry::EffectiveTelemetrySpec;
use longwire_model::identity::Pod;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

#[cfg(test)]
mod tests;

/// Longest wait for an answer.
const WAIT: Duration = Duration::from_secs(2);
/// Objects of one page, whatever limit a client asks for.
const MAX_PAGE: usize = 500;
/// Objects of a list that is not read in pages.
const MAX_WHOLE: usize = 2_000;

#[derive(Debug)]
pub(super) struct Effective {
    questions: mpsc::Sender<Question>,
}

impl Effective {
    pub(super) fn new(questions: mpsc::Sender<Question>) -> Self {
        Self { questions }
    }

    pub(super) async fn get(&self, namespace: &str, name: &str) -> Result<Option<EffectiveTelemetry>, Failure> {
        let answer = self.ask(Asked::One(Name::new(namespace, name))).await?;
        Ok(answer.pods.into_iter().next().map(object))
    }

    pub(super) async fn page(
        &self,
        namespace: Option<&str>,
        options: &ListOptions,
        selection: &Selection,
    ) -> Result<Page<EffectiveTelemetry>, Failure> {
        let now = microseconds();
        let token = options.token.as_deref().map(Token::read).transpose()?;
        if token.is_none() {
            check_version(options, now)?;
        }
        let revision = token.as_ref().map_or(now, |token| token.rv);
        let mut after = token.map(|token| Name::new(&token.namespace, &token.name));
        let most = options.limit.map_or(MAX_WHOLE, |limit| limit.min(MAX_PAGE));
        let mut objects = Vec::new();
        loop {
            let selection = selection.clone();
            let asked = Asked::Some {
                namespace: namespace.map(str::to_owned),
                after,
                most: most - objects.len(),
                is_asked: Box::new(move |pod, identity| selection.matches(&PodInView { pod, identity })),
            };
            let answer = self.ask(asked).await?;
            objects.extend(answer.pods.into_iter().map(object));
            after = answer.next;
            if after.is_none() || objects.len() >= most {
                break;
            }
        }
        if after.is_some() && options.limit.is_none() {
            let text =
                format!("there are more than {MAX_WHOLE} pods: name a namespace, or read them in parts with limit");
            return Err(Failure::bad_request(text));
        }
        let next = after.map(|Name { namespace, name }| Token::new(revision, &namespace, &name).write());
        Ok(Page { revision, objects, next, remaining: None })
    }

    async fn ask(&self, asked: Asked) -> Result<Answer, Failure> {
        let stopping = || Failure::unavailable("the operator is stopping: try again".to_owned());
        let asking = async {
            let (answer, answered) = oneshot::channel();
            self.questions.send(Question::OfPods(OfPods { asked, answer })).await.map_err(|_| stopping())?;
            answered.await.map_err(|_| stopping())
        };
        let answer =
            timeout(WAIT, asking).await.map_err(|_| Failure::too_many("too many requests at a time: try again"))??;
        if !answer.synced {
            return Err(Failure::unavailable("the operator has not read all objects yet: try again".to_owned()));
        }
        Ok(answer)
    }
}

fn object(Explained { pod, identity, status }: Explained) -> EffectiveTelemetry {
    let workload = &identity.workload;
    let services: BTreeSet<&str> = services(&identity).collect();
    let spec = EffectiveTelemetrySpec {
        workload: workload.name.clone(),
        node: pod.node.clone(),
        canonical_service: workload.canonical_service.clone(),
        canonical_revision: workload.canonical_revision.clone(),
        services: services.into_iter().map(str::to_owned).collect(),
    };
    let mut object = EffectiveTelemetry::new(&pod.name.name, spec);
    object.metadata.namespace = Some(pod.name.namespace.clone());
    object.metadata.uid = Some(super::uid::of_text(&format!("longwire effective telemetry {}", pod.uid)));
    object.metadata.labels = (!pod.labels.is_empty()).then(|| pod.labels.clone());
    object.status = Some(Arc::unwrap_or_clone(status));
    object
}

fn services(identity: &Pod) -> impl Iterator<Item = &str> {
    identity.services.iter().chain(&identity.more_services).map(|backing| backing.service.name.as_str())
}

/// A pod under a selector.
struct PodInView<'a> {
    pod: &'a object::Pod,
    identity: &'a Pod,
}

impl Selectable for PodInView<'_> {
    fn has(&self, field: &str, value: &str) -> bool {
        let Self { pod, identity } = self;
        match field {
            "metadata.name" => pod.name.name == value,
            "metadata.namespace" => pod.name.namespace == value,
            "workload" => identity.workload.name == value,
            "node" => pod.node.as_deref().unwrap_or_default() == value,
            "service" if value.is_empty() => services(identity).next().is_none(),
            "service" => services(identity).any(|name| name == value),
            _ => false,
        }
    }

    fn is_labelled(&self, labels: &Selector) -> bool {
        labels.matches(&self.pod.labels)
    }
}
