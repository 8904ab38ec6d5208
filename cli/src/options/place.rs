//! Which connections: the options that `edges`, `observe` and `top` share.

use clap::Args;
use std::path::PathBuf;

#[derive(Clone, Debug, Args)]
pub(crate) struct Place {
    /// Namespace that connections touch, by default that of the context
    #[arg(short, long, conflicts_with = "all_namespaces")]
    pub(crate) namespace: Option<String>,

    /// Connections of all namespaces
    #[arg(short = 'A', long)]
    pub(crate) all_namespaces: bool,

    /// Context of the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,

    /// The kubeconfig, instead of those in KUBECONFIG or ~/.kube/config
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
}
