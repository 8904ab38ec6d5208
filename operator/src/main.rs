use clap::Parser;
use longwire_endpoint::panics;
use longwire_operator::cli::options::{Command, CommandLine, Crds, LogFormat};
use longwire_operator::cli::{crds, log, run, self_test, uninstall};
use std::error::Error;
use std::process::ExitCode;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let CommandLine { command, options } = CommandLine::parse();
    // Who reads the log of a job is a person.
    log::start(command.as_ref().map_or(options.log_format, |_| LogFormat::Text));
    panics::end_the_process();
    let outcome = match command {
        None => run::run(&options).await.map_err(Box::from),
        Some(command) => perform(command).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// A job, to its end.
async fn perform(command: Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Crds(Crds::Apply) => crds::apply().await?,
        Command::Crds(Crds::Print) => print!("{}", crds::text()),
        Command::Uninstall(options) => uninstall::uninstall(&options).await?,
        Command::SelfTest(options) => {
            let made = self_test::self_test(&options).await?;
            tracing::info!("the metrics of this node's probe equal the transfer: {made}");
        }
    }
    Ok(())
}
