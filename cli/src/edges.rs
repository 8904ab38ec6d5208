//! `edges`: who talks to whom.
//!
//! ```text
//! API server --connections--> sum: by both workloads --> draw: tree, dot, mermaid
//! ```

use crate::Outcome;
use crate::kubeconfig::{NoCluster, connect_to};
use crate::listing::{Listed, Unanswered, list};
use crate::options::{Edges, EdgesOutput};
use crate::plain::warn;
use longwire_live::Connection;
use tokio::runtime;

mod draw;
mod sum;

#[derive(Debug, thiserror::Error)]
pub(crate) enum NotDrawn {
    #[error("{0}")]
    NoCluster(#[from] NoCluster),
    #[error("{0}")]
    Unanswered(#[from] Unanswered),
    #[error("the cluster cannot be asked: {0}")]
    Runtime(std::io::Error),
}

pub(crate) fn run(options: &Edges) -> Result<Outcome, NotDrawn> {
    let Edges { output, place } = options;
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(NotDrawn::Runtime)?;
    let (connections, warnings) = runtime.block_on(async {
        let (cluster, namespace) = connect_to(place).await?;
        let listed = list::<Connection>(&cluster, namespace.as_deref(), Listed::CONNECTIONS).await;
        Ok::<_, NotDrawn>(listed.map_err(|why| why.by(&cluster))?)
    })?;
    warnings.iter().for_each(|warning| warn(warning));
    let edges = sum::edges(&connections);
    let text = match output {
        EdgesOutput::Tree => draw::tree(&edges),
        EdgesOutput::Dot => draw::dot(&edges),
        EdgesOutput::Mermaid => draw::mermaid(&edges),
    };
    Ok(Outcome { text, code: 0 })
}
