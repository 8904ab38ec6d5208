//! `kubectl longwire`: what a person asks of Longwire.
//!
//! ```text
//! options     the command line
//! status      operator and probes, from the live API -> what is wrong and what to do
//! analyze     files, or what a cluster has -> what is wrong in them, by the operator's own code
//! edges       connections of the live API, added up by workload -> a tree, dot or mermaid
//! listing     lists of the live API, page by page
//! kubeconfig  the cluster that is asked
//! plain       text of a cluster that cannot move a terminal's cursor
//! ```

use anstream::AutoStream;
use clap::Parser;
use longwire_operator::analyze::output::NOT_ANALYZED;
use options::{Command, Options};
use std::io::{self, Write};
use std::process::ExitCode;

mod analyze;
mod edges;
mod kubeconfig;
mod listing;
mod options;
mod plain;
mod status;

fn main() -> ExitCode {
    let Options { command } = match Options::try_parse() {
        Ok(options) => options,
        Err(error) => {
            let is_wrong = error.use_stderr();
            // Without anybody who reads it there is nothing to say.
            let _ = error.print();
            return if is_wrong { ExitCode::from(NOT_ANALYZED) } else { ExitCode::SUCCESS };
        }
    };
    let outcome = match command {
        Command::Analyze(options) => analyze::run(&options).map_err(|error| error.to_string()),
        Command::Edges(options) => edges::run(&options).map_err(|error| error.to_string()),
        Command::Status(options) => status::run(&options).map_err(|error| error.to_string()),
    };
    match outcome {
        Ok(Outcome { text, code }) => {
            // A reader that has seen enough, as `head`, changes nothing of what was found.
            // Colours are left out for pipes, NO_COLOR and terminals without them.
            let _ = AutoStream::auto(io::stdout()).write_all(text.as_bytes());
            ExitCode::from(code)
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::from(NOT_ANALYZED)
        }
    }
}

/// What a command has to say, with colours, and its exit code.
struct Outcome {
    text: String,
    code: u8,
}
