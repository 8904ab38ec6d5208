//! `describe`: what telemetry pods have, where it is from, and who they talk to now.
//!
//! ```text
//! API server --effectivetelemetries--> groups: pods with the same telemetry --\
//!           \--connections--> feeds: open ones by peer -------------------------> print: text, JSON or YAML
//! ```

use crate::Outcome;
use crate::kubeconfig::{NoCluster, Refused, connect};
use crate::listing::Unanswered;
use crate::options::{Describe, Described};
use print::NotPrinted;
use read::Unread;
use tokio::runtime;

mod feeds;
mod groups;
mod print;
mod read;
mod text;

#[derive(Debug, thiserror::Error)]
pub(crate) enum NotDescribed {
    #[error("{0}")]
    NoCluster(#[from] NoCluster),
    #[error("{0}")]
    Unanswered(#[from] Unanswered),
    #[error(
        "pod {0}/{1} is not known to the operator: it is not there, or has ended: `kubectl get pods -n {0}` lists those that are there"
    )]
    NoPod(String, String),
    #[error("service {0}/{1} is not there: `kubectl get services -n {0}` lists those that are")]
    NoService(String, String),
    #[error(
        "service {0}/{1} leads to no pod that the operator knows: `kubectl get endpointslices -n {0} -l kubernetes.io/service-name={1}` \
         shows to what it leads"
    )]
    NoPods(String, String),
    #[error("the cluster cannot be asked: {0}")]
    Runtime(std::io::Error),
    #[error("the description cannot be written: {0}")]
    Output(#[from] NotPrinted),
}

/// What is described, with its groups and who they talk to.
#[derive(Debug)]
struct Description {
    kind: Described,
    namespace: String,
    name: String,
    groups: Vec<groups::Group>,
    /// `None`: connections could not be read.
    feeds: Option<feeds::Feeds>,
}

pub(crate) fn run(options: &Describe) -> Result<Outcome, NotDescribed> {
    let Describe { kind, name, namespace, output, context, kubeconfig } = options;
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(NotDescribed::Runtime)?;
    let description = runtime.block_on(async {
        let cluster = connect(kubeconfig.clone(), context.clone(), Refused::Report).await?;
        let namespace = namespace.clone().unwrap_or_else(|| cluster.namespace.clone());
        let told = |why| match why {
            Unread::Unlisted(why) => NotDescribed::Unanswered(why.by(&cluster)),
            Unread::NoPod => NotDescribed::NoPod(namespace.clone(), name.clone()),
            Unread::NoService => NotDescribed::NoService(namespace.clone(), name.clone()),
            Unread::NoPods => NotDescribed::NoPods(namespace.clone(), name.clone()),
        };
        let telemetries = match kind {
            Described::Pod => vec![read::pod(&cluster, &namespace, name).await.map_err(told)?],
            Described::Service => read::service(&cluster, &namespace, name).await.map_err(told)?,
        };
        let connections = read::connections(&cluster, &namespace, &telemetries).await;
        let feeds = connections.map(|connections| feeds::feeds(&connections, &namespace, &telemetries));
        let groups = groups::groups(telemetries);
        Ok::<_, NotDescribed>(Description { kind: *kind, namespace, name: name.clone(), groups, feeds })
    })?;
    Ok(Outcome { text: print::print(&description, *output)?, code: 0 })
}
