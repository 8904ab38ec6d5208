//! `longwire-probe`: watches the TCP connections of this node's pods.
//!
//! ```text
//! kernel -> sampler (one thread) -> pipeline (behind a lock) -> http: a scrape, slice by slice
//!                                     ^
//! operator <-> control ---------------+
//! ```

mod cgroups;
mod conntrack;
mod control;
mod http;
mod kernel;
mod log;
mod options;
mod run;
mod sampler;
mod self_metrics;
mod shared;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let options = options::Options::parse();
    log::start(options.log_format);
    match run::run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
