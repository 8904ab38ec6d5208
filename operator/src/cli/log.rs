//! Log lines on stderr. `LONGWIRE_LOG` sets the level, as in `info` or `longwire_operator=debug`.

use crate::cli::options::LogFormat;
use std::io::{self, IsTerminal};
use tracing_subscriber::EnvFilter;

/// The Kubernetes client logs every attempt that fails; its caller logs the failure once.
const USUAL: &str = "info,kube_client=off,kube_runtime=off";

pub fn start(format: LogFormat) {
    let directives = std::env::var("LONGWIRE_LOG").unwrap_or_default();
    // Of two that name the same, the later counts.
    let filter = EnvFilter::builder().parse_lossy(format!("{USUAL},{directives}"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
}
