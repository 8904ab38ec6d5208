//! Files to findings.

use crate::Outcome;
use crate::options::{Analyze, Output};
use files::Unreadable;
use longwire_operator::analyze::output::{exit_code, json, sarif, text};
use longwire_operator::analyze::{Settings, analyze};
use std::time::{SystemTime, UNIX_EPOCH};

mod files;

#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAnalyzed {
    #[error("{0}")]
    Files(#[from] Unreadable),
    #[error("the findings cannot be written: {0}")]
    Output(String),
}

pub(crate) fn run(options: &Analyze) -> Result<Outcome, NotAnalyzed> {
    let Analyze { files, output, fail_on, namespace, root_namespace } = options;
    let files = files::read(files)?;
    let settings = Settings { root_namespace: root_namespace.clone(), namespace: namespace.clone(), now: now() };
    let report = analyze(&files, &settings);
    let text = match output {
        Output::Text => Ok(text(&report)),
        Output::Json => json(&report),
        Output::Sarif => sarif(&report),
    };
    let text = text.map_err(|error| NotAnalyzed::Output(error.to_string()))?;
    Ok(Outcome { text, code: exit_code(&report, (*fail_on).into()) })
}

/// Nanoseconds since the epoch.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
