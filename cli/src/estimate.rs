//! `estimate`: what policies would do to the series that are live now.
//!
//! ```text
//! files --policies_in--> objects --live API: SeriesEstimate--> status --print--> table, JSON, YAML
//! ```

use crate::Outcome;
use crate::analyze::files::{self, Unreadable};
use crate::kubeconfig::{Cluster, NoCluster, Refused, connect};
use crate::listing::{Listed, Unanswered, Unlisted, code};
use crate::options::Estimate;
use kube::Api;
use kube::api::PostParams;
use longwire_live::series_estimate::SeriesEstimateSpec;
use longwire_live::{GROUP, SeriesEstimate};
use longwire_operator::source::policies_in;
use print::{NotPrinted, print};
use serde_json::Value;
use tokio::runtime;

mod print;

/// A budget would have no room.
const OVERFLOWS: u8 = 2;
/// More in one go would keep others from asking.
const MAX_OBJECTS: usize = 100;
/// Who may ask.
const ESTIMATES: Listed = Listed { plural: "seriesestimates", role: "longwire-live-estimate", most: MAX_OBJECTS };

#[derive(Debug, thiserror::Error)]
pub(crate) enum NotEstimated {
    #[error("{0}")]
    Files(#[from] Unreadable),
    #[error("{name}: {why}")]
    Document { name: String, why: String },
    #[error("no TelemetryPolicy, ExtraStatTags or StatsMatcher is in the files: name others with -f")]
    Nothing,
    #[error("the files have more than {MAX_OBJECTS} objects: name fewer at a time")]
    TooMany,
    #[error("{0}")]
    NoCluster(#[from] NoCluster),
    #[error("{object}: {why}")]
    Unanswered { object: String, why: Box<Unanswered> },
    #[error(
        "{object}: you may not create seriesestimates.{GROUP} in namespace {namespace}: {why}: ask for a binding to the ClusterRole {}, \
         or to edit or admin, which include it",
        ESTIMATES.role
    )]
    Forbidden { object: String, namespace: String, why: String },
    #[error("{object}: {why}")]
    Invalid { object: String, why: String },
    #[error("the cluster cannot be asked: {0}")]
    Runtime(std::io::Error),
    #[error("the estimate cannot be written: {0}")]
    Output(#[from] NotPrinted),
}

pub(crate) fn run(options: &Estimate) -> Result<Outcome, NotEstimated> {
    let Estimate { files, output, namespace, context, kubeconfig } = options;
    let mut objects = Vec::new();
    for file in files::read(files)? {
        let found = policies_in(&file.text);
        objects.extend(found.map_err(|why| NotEstimated::Document { name: file.name, why })?);
    }
    match objects.len() {
        0 => return Err(NotEstimated::Nothing),
        1..=MAX_OBJECTS => {}
        _ => return Err(NotEstimated::TooMany),
    }
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(NotEstimated::Runtime)?;
    let estimates = runtime.block_on(async {
        let cluster = connect(kubeconfig.clone(), context.clone(), Refused::Report).await?;
        let namespace = namespace.as_deref().unwrap_or(&cluster.namespace);
        let mut estimates = Vec::new();
        for object in objects {
            estimates.push(ask(&cluster, namespace, object).await?);
        }
        Ok::<_, NotEstimated>(estimates)
    })?;
    let is_full = |estimate: &SeriesEstimate| estimate.status.as_ref().is_some_and(|of| !of.overflows.is_empty());
    let code = if estimates.iter().any(is_full) { OVERFLOWS } else { 0 };
    Ok(Outcome { text: print(&estimates, *output)?, code })
}

/// `namespace`: of an object that names none.
async fn ask(cluster: &Cluster, namespace: &str, object: Value) -> Result<SeriesEstimate, NotEstimated> {
    let name = print::name_of(&object);
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or(namespace).to_owned();
    let mut estimate = SeriesEstimate::new("", SeriesEstimateSpec { object });
    estimate.metadata.name = None;
    let estimates: Api<SeriesEstimate> = Api::namespaced(cluster.client.clone(), &namespace);
    estimates.create(&PostParams::default(), &estimate).await.map_err(|error| match &error {
        kube::Error::Api(status) if [400, 422, 429].contains(&status.code) => {
            NotEstimated::Invalid { object: name, why: status.message.clone() }
        }
        kube::Error::Api(status) if status.code == 403 => {
            NotEstimated::Forbidden { object: name, namespace, why: status.message.clone() }
        }
        _ if code(&error) == Some(405) => {
            NotEstimated::Unanswered { object: name, why: Box::new(Unlisted::NoApi(ESTIMATES.plural).by(cluster)) }
        }
        _ => NotEstimated::Unanswered { object: name, why: Box::new(Unlisted::of(&error, ESTIMATES).by(cluster)) },
    })
}
