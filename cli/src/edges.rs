//! `edges`: who talks to whom.
//!
//! ```text
//! API server --connections--> sum: by both workloads --> draw: tree, dot, mermaid
//! ```

use crate::Outcome;
use crate::kubeconfig::{NoCluster, Refused, connect};
use crate::listing::{Listed, Unlisted, list};
use crate::options::{Edges, EdgesOutput};
use kube::Api;
use longwire_live::Connection;
use tokio::runtime;

mod draw;
mod sum;

/// So that memory stays bounded: a person reads no graph of more.
const MOST: usize = 200_000;

#[derive(Debug, thiserror::Error)]
pub(crate) enum NotDrawn {
    #[error("{0}")]
    NoCluster(#[from] NoCluster),
    #[error("{0}")]
    Unlisted(#[from] Unlisted),
    #[error("the cluster cannot be asked: {0}")]
    Runtime(std::io::Error),
}

pub(crate) fn run(options: &Edges) -> Result<Outcome, NotDrawn> {
    let Edges { output, namespace, all_namespaces, context, kubeconfig } = options;
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(NotDrawn::Runtime)?;
    let connections = runtime.block_on(async {
        let (client, own) = connect(kubeconfig.clone(), context.clone(), Refused::Report).await?;
        let listed = Listed { plural: "connections", role: "view", most: MOST };
        let api: Api<Connection> = if *all_namespaces {
            Api::all(client)
        } else {
            Api::namespaced(client, namespace.as_deref().unwrap_or(&own))
        };
        Ok::<_, NotDrawn>(list(&api, listed).await?)
    })?;
    let edges = sum::edges(&connections);
    let text = match output {
        EdgesOutput::Tree => draw::tree(&edges),
        EdgesOutput::Dot => draw::dot(&edges),
        EdgesOutput::Mermaid => draw::mermaid(&edges),
    };
    Ok(Outcome { text, code: 0 })
}
