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
use found::Earlier;
use print::{NotPrinted, print};
use std::time::{Duration, Instant};
use tokio::{runtime, time};
use verdict::{Finding, findings, is_settling};

mod found;
mod print;
mod read;
mod verdict;

/// Nothing is wrong is 0; nobody could be asked is 1, as with `analyze`.
const WRONG: u8 = 2;
/// Probes apply a change within a second or so, and answer anew what they have lost.
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
    let (found, earlier) = runtime.block_on(async {
        let cluster = connect(kubeconfig.clone(), context.clone(), Refused::Report).await?;
        let (mut found, mut earlier) =
            (read::read(&cluster, root_namespace).await.map_err(|why| why.by(&cluster))?, None);
        if is_settling(&found) {
            let began = Instant::now();
            time::sleep(SETTLES).await;
            let again = read::read(&cluster, root_namespace).await.map_err(|why| why.by(&cluster))?;
            let seconds = began.elapsed().as_secs().max(1);
            earlier = Some(Earlier { found: std::mem::replace(&mut found, again), seconds });
        }
        Ok::<_, NotAsked>((found, earlier))
    })?;
    let findings: Vec<Finding> = findings(&found, earlier.as_ref(), root_namespace);
    let code = if findings.is_empty() { 0 } else { WRONG };
    Ok(Outcome { text: print(&found, &findings, *output)?, code })
}
