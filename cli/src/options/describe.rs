//! The options of `describe`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Say what telemetry a pod, or the pods of a Service, have, and where each part of it is from
///
/// Names every series set, override, tag and other setting with the object and field that it is from and those that lost, what has no
/// effect, and who the pods talk to now. Reads effectivetelemetries and connections of the live API with your own rights.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit code: 0, or 1 if there is no such pod or Service, the cluster could not be asked or the command line is wrong.

Examples:
  kubectl longwire describe pod web-7c4f9d5b8-00002
  kubectl longwire describe service reviews -n shop
  kubectl longwire describe pod web-0 -o json | jq '.groups[].telemetry.tags'")]
pub(crate) struct Describe {
    /// What has this name; the pods of a Service are those that it leads to
    #[arg(value_enum)]
    pub(crate) kind: Described,

    /// Its name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// Namespace of it, by default that of the context
    #[arg(short, long)]
    pub(crate) namespace: Option<String>,

    /// Format
    #[arg(short, long, value_enum, default_value = "text")]
    pub(crate) output: DescribeOutput,

    /// Context of the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,

    /// The kubeconfig, instead of those in KUBECONFIG or ~/.kube/config
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Described {
    #[value(aliases = ["pods", "po"])]
    Pod,
    #[value(aliases = ["services", "svc"])]
    Service,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DescribeOutput {
    Text,
    Json,
    Yaml,
}
