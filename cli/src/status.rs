//! `status`: what works, what does not, and what to do about it.
//!
//! ```text
//! read     API server -> Found
//! verdict  Found -> findings; pure
//! print    both -> text, JSON or YAML; pure
//! ```

use crate::Outcome;
use crate::kubeconfig::{NoCluster, Refused, connect};
use crate::listing::Unanswered;
use crate::options::Status;
use print::{NotPrinted, print};
use std::time::Duration;
use tokio::{runtime, time};
use verdict::{Finding, findings, is_settling};

mod found;
mod print;
mod read;
mod verdict;

/// Nothing is wrong is 0; nobody could be asked is 1, as with `analyze`.
const WRONG: u8 = 2;
/// Probes apply a change within a second or so.
const SETTLES: Duration = Duration::from_secs(3);

#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAsked {
    #[error("{0}")]
    NoCluster(#[from] NoCluster),
    #[error("{0}")]
    Unanswered(#[from] Unanswered),
    #[error("the cluster cannot be asked: {0}")]
    Runtime(std::io::Error),
    #[error("the status cannot be written: {0}")]
    Output(#[from] NotPrinted),
}

pub(crate) fn run(options: &Status) -> Result<Outcome, NotAsked> {
    let Status { output, context, kubeconfig, root_namespace } = options;
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(NotAsked::Runtime)?;
    let found = runtime.block_on(async {
        let cluster = connect(kubeconfig.clone(), context.clone(), Refused::Report).await?;
        let mut found = read::read(&cluster, root_namespace).await.map_err(|why| why.by(&cluster))?;
        if is_settling(&found) {
            time::sleep(SETTLES).await;
            found = read::read(&cluster, root_namespace).await.map_err(|why| why.by(&cluster))?;
        }
        Ok::<_, NotAsked>(found)
    })?;
    let findings: Vec<Finding> = findings(&found, root_namespace);
    let code = if findings.is_empty() { 0 } else { WRONG };
    Ok(Outcome { text: print(&found, &findings, *output)?, code })
}
