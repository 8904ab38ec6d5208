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
pub mod headless;
mod http;
mod kernel;
mod log;
mod options;
mod run;
mod sampler;
mod saver;
mod self_metrics;
mod shared;
mod start;
mod state;
mod uninstall;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use options::{Command, CommandLine, LogFormat};
use std::process::ExitCode;

/// The whole program: until SIGTERM or SIGINT.
#[must_use]
pub fn main() -> ExitCode {
    let CommandLine { command, options } = CommandLine::parse();
    log::start(options.as_ref().map_or(LogFormat::Text, |options| options.log_format));
    let outcome = match (command, options) {
        (Some(Command::Uninstall(uninstall)), _) => uninstall::run(&uninstall),
        (None, Some(options)) => run::run(options),
        // clap has insisted on either before.
        (None, None) => {
            CommandLine::command().error(ErrorKind::MissingSubcommand, "neither flags nor a command").exit()
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
