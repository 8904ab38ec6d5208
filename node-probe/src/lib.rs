//! `longwire-probe`: watches the TCP connections of this node's pods.
//!
//! ```text
//! kernel -> sampler (one thread) -> pipeline (behind a lock) -> http: a scrape, slice by slice
//!            | ^      |              ^              \---------> exporters: OTLP, statsd
//!            v |      +-> access_log -> stdout, files, exporters
//!         conntrack   +-> messages   |
//!                            v       |
//! operator <-------------> control --+
//!          <--------------- live <-- pipeline: which connections live now, while somebody watches
//!                             \<-- facts: how the probe is, when somebody asks
//! ```

mod access_log;
mod budgets;
mod cgroups;
mod conntrack;
mod control;
mod exporters;
mod facts;
mod http;
mod kernel;
mod lag;
mod live;
mod log;
mod messages;
mod options;
mod readers;
mod removed;
mod run;
mod sampler;
mod saver;
mod self_metrics;
mod shared;
pub mod simulated;
mod start;
mod state;
mod uninstall;
mod unsupported;

use longwire_endpoint::panics;
use options::{Command, LogFormat, Task};
use std::process::ExitCode;

/// The whole program: runs until SIGTERM or SIGINT.
#[must_use]
pub fn main() -> ExitCode {
    let task = Task::parse();
    panics::end_the_process();
    let outcome = match task {
        Task::Perform(Command::Uninstall(uninstall)) => {
            log::start(LogFormat::Text);
            uninstall::run(&uninstall)
        }
        Task::Run(options) => {
            log::start(options.log_format);
            run::run(*options)
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
