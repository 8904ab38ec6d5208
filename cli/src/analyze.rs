//! Files, or what a cluster has, to findings.

use crate::Outcome;
use crate::kubeconfig::{Refused, connect};
use crate::options::{Analyze, Output};
use files::Unreadable;
use longwire_operator::analyze::output::{Palette, exit_code, json, sarif, text};
use longwire_operator::analyze::{Report, Settings, analyze, analyze_live};
use online::Unread;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::runtime;

pub(crate) mod files;
mod online;

/// Of objects in files that name none.
const DEFAULT_NAMESPACE: &str = "default";

#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAnalyzed {
    #[error("{0}")]
    Files(#[from] Unreadable),
    #[error("{0}")]
    Cluster(#[from] Unread),
    #[error("the cluster cannot be asked: {0}")]
    Runtime(std::io::Error),
    #[error("the findings cannot be written: {0}")]
    Output(String),
}

pub(crate) fn run(options: &Analyze) -> Result<Outcome, NotAnalyzed> {
    let report = if options.files.is_empty() { of_cluster(options)? } else { of_files(options)? };
    let text = match options.output {
        Output::Text => Ok(text(&report, Palette::COLORED)),
        Output::Json => json(&report),
        Output::Sarif => sarif(&report),
    };
    let text = text.map_err(|error| NotAnalyzed::Output(error.to_string()))?;
    Ok(Outcome { text, code: exit_code(&report, options.fail_on.into()) })
}

fn of_files(options: &Analyze) -> Result<Report, NotAnalyzed> {
    Ok(analyze(&files::read(&options.files)?, &settings(options)))
}

fn of_cluster(options: &Analyze) -> Result<Report, NotAnalyzed> {
    let Analyze { kubeconfig, context, namespace, all_namespaces, root_namespace, .. } = options;
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(NotAnalyzed::Runtime)?;
    let live = runtime.block_on(async {
        let cluster = connect(kubeconfig.clone(), context.clone(), Refused::Retry).await.map_err(Unread::from)?;
        let namespace = namespace.clone().unwrap_or(cluster.namespace);
        online::read(&cluster.client, (!all_namespaces).then_some(namespace), root_namespace).await
    })?;
    Ok(analyze_live(live, &settings(options)))
}

fn settings(Analyze { root_namespace, namespace, .. }: &Analyze) -> Settings {
    let namespace = namespace.clone().unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned());
    Settings { root_namespace: root_namespace.clone(), namespace, now: now() }
}

/// Nanoseconds since the epoch.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
