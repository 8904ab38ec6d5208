//! The cluster that kubectl would ask, found as kubectl finds it.

use crate::options::Place;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use longwire_operator::source::api_server::client::chain;
use std::env;
use std::path::PathBuf;
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(10);
/// Between two parts of an answer. A watch of the live API says something once a minute.
const SILENCE: Duration = Duration::from_secs(90);

#[derive(Debug, thiserror::Error)]
pub(crate) enum NoCluster {
    #[error("the kubeconfig cannot be used: {0}: name another with --kubeconfig, or a context of it with --context")]
    Kubeconfig(String),
    #[error("no kubeconfig: name one with --kubeconfig or KUBECONFIG, or files to analyze with -f")]
    None,
    #[error(
        "the kubeconfig or HTTPS_PROXY leads through the proxy {0}, which is not supported: name a context without one with \
         --context, or unset HTTPS_PROXY"
    )]
    Proxy(String),
}

/// What to do when the API server answers 429, 503 or 504.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Ask again for some minutes.
    Retry,
    /// The answer is what the user wants to know.
    Report,
}

/// The cluster of a context.
#[derive(Clone)]
pub(crate) struct Cluster {
    pub(crate) client: Client,
    /// The context's namespace.
    pub(crate) namespace: String,
    pub(crate) context: String,
    pub(crate) user: String,
}

pub(crate) async fn connect(
    path: Option<PathBuf>,
    context: Option<String>,
    refused: Refused,
) -> Result<Cluster, NoCluster> {
    let wrong = |error: KubeconfigError| NoCluster::Kubeconfig(chain(&error));
    let kubeconfig = read(path).map_err(wrong)?;
    let is_empty = kubeconfig.contexts.is_empty() && kubeconfig.clusters.is_empty();
    let (context, mut config) = if is_empty && context.is_none() {
        // As in a pod.
        (None, Config::incluster().map_err(|_| NoCluster::None)?)
    } else {
        let named = context.clone().or_else(|| kubeconfig.current_context.clone()).unwrap_or_default();
        let known = kubeconfig.contexts.iter().find(|known| known.name == named);
        let user = known.and_then(|known| known.context.as_ref()?.user.clone()).unwrap_or_default();
        let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
        let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(wrong)?;
        (Some((named, user)), config)
    };
    let (context, user) = context.unwrap_or_else(|| ("of this pod".to_owned(), "its ServiceAccount".to_owned()));
    if let Some(proxy) = &config.proxy_url {
        return Err(NoCluster::Proxy(proxy.to_string()));
    }
    (config.connect_timeout, config.read_timeout) = (Some(CONNECT), Some(SILENCE));
    config.default_retry = refused == Refused::Retry;
    let namespace = config.default_namespace.clone();
    let client = Client::try_from(config).map_err(|error| NoCluster::Kubeconfig(chain(&error)))?;
    Ok(Cluster { client, namespace, context, user })
}

/// The cluster, and the namespace in it; none: all of them.
pub(crate) async fn connect_to(place: &Place) -> Result<(Cluster, Option<String>), NoCluster> {
    let Place { namespace, all_namespaces, context, kubeconfig } = place;
    let cluster = connect(kubeconfig.clone(), context.clone(), Refused::Report).await?;
    let namespace = namespace.clone().unwrap_or_else(|| cluster.namespace.clone());
    Ok((cluster, (!all_namespaces).then_some(namespace)))
}

/// The file that is named; else those of KUBECONFIG, of which some may not be there; else the one in the home directory.
fn read(path: Option<PathBuf>) -> Result<Kubeconfig, KubeconfigError> {
    if let Some(path) = path {
        return Kubeconfig::read_from(path);
    }
    let named = env::var_os("KUBECONFIG").filter(|named| !named.is_empty());
    let paths: Vec<PathBuf> = match named {
        Some(named) => env::split_paths(&named).filter(|path| !path.as_os_str().is_empty()).collect(),
        None => env::home_dir().map(|home| home.join(".kube/config")).into_iter().collect(),
    };
    let mut merged = Kubeconfig::default();
    for path in paths.into_iter().filter(|path| path.exists()) {
        let mut next = Kubeconfig::read_from(path)?;
        // An empty one is not set, so that a later file may set it.
        next.current_context = next.current_context.filter(|name| !name.is_empty());
        merged = merged.merge(next)?;
    }
    Ok(merged)
}
