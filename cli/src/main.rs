//! `kubectl longwire`: what a person asks of Longwire.
//!
//! ```text
//! options     the command line
//! status      operator and probes, from the live API -> what is wrong and what to do
//! analyze     files, or what a cluster has -> what is wrong in them, by the operator's own code
//! describe    what telemetry pods have, from the live API -> each part with where it is from
//! edges       connections of the live API, added up by workload -> a tree, dot or mermaid
//! estimate    policies in files -> what they would do to the series that are live now
//! observe     connections of the live API that open, close or fail -> a line each
//! top         connections of the live API, added up by pod, Service and so on -> a table that moves
//! follow      connections of the live API, and their changes
//! listing     lists of the live API, page by page
//! kubeconfig  the cluster that is asked
//! ends, amount, plain   names, numbers, and text that cannot move a terminal's cursor
//! ```

use anstream::AutoStream;
use clap::Parser;
use longwire_operator::analyze::output::NOT_ANALYZED;
use options::{Command, Options};
use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

mod amount;
mod analyze;
mod describe;
mod edges;
mod ends;
mod estimate;
mod follow;
mod kubeconfig;
mod listing;
mod observe;
mod options;
mod plain;
mod status;
mod top;

const WRONG_WORDS: u8 = 2;

fn main() -> ExitCode {
    let Options { command } = match Options::try_parse() {
        Ok(options) => options,
        Err(error) => {
            let is_wrong = error.use_stderr();
            // Without anybody who reads it there is nothing to say.
            let _ = error.print();
            return if is_wrong { ExitCode::from(wrong_words()) } else { ExitCode::SUCCESS };
        }
    };
    let outcome = match command {
        Command::Analyze(options) => analyze::run(&options).map_err(|error| error.to_string()),
        Command::Describe(options) => describe::run(&options).map_err(|error| error.to_string()),
        Command::Edges(options) => edges::run(&options).map_err(|error| error.to_string()),
        Command::Estimate(options) => estimate::run(&options).map_err(|error| error.to_string()),
        Command::Observe(options) => observe::run(&options).map_err(|error| error.to_string()),
        Command::Status(options) => status::run(&options).map_err(|error| error.to_string()),
        Command::Top(options) => top::run(&options).map_err(|error| error.to_string()),
    };
    match outcome {
        Ok(Outcome { text, code }) => {
            // A reader that has seen enough, as `head`, changes nothing of what was found.
            // Colours are left out for pipes, NO_COLOR and terminals without them.
            let _ = AutoStream::auto(io::stdout()).write_all(text.as_bytes());
            ExitCode::from(code)
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "{}", plain::plain_lines(&error));
            ExitCode::from(NOT_ANALYZED)
        }
    }
}

/// The commands that find something wrong say so by 2; the others mean the command line by it, as most programs do.
fn wrong_words() -> u8 {
    let command = env::args_os().nth(1).unwrap_or_default();
    if command == "observe" || command == "top" { WRONG_WORDS } else { NOT_ANALYZED }
}

/// What a command has to say, with colours, and its exit code.
struct Outcome {
    text: String,
    code: u8,
}
