//! What is wrong with configuration, or has no effect, found from files alone or from what was read of a cluster. Pure: texts or
//! objects in, a report out.
//!
//! ```text
//! files --read--> Known: objects with their places --Cluster--> Index, Compiler: outcome of each pod, state of each object
//!                      |                                                |
//!                      +---------------- checks: one file each ---------+--> findings --lines--> Report --output--> text, JSON, SARIF
//! ```
//!
//! The operator's own code decides what an object means, so that analysis and cluster agree. What the files do not say is not
//! guessed: without a pod there is no finding about pods.

use cluster::Cluster;
use collect::Findings;
use longwire_model::identity::UnixNanos;
use read::Input;

mod annotations;
pub mod catalogue;
mod cluster;
mod collect;
mod conflicts;
mod effects;
mod expressions;
mod fields;
pub mod finding;
mod live;
pub mod output;
mod overrides;
mod read;
pub mod reference;
mod selectors;
mod states;
mod suggest;
#[cfg(test)]
mod tests;

pub use finding::{Finding, Report, Subject};
pub use live::{Live, analyze_live};

/// A file, and all that is in it.
#[derive(Clone, Debug)]
pub struct File {
    /// As findings name it.
    pub name: String,
    pub text: String,
}

/// What no file says.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The operator's `--root-namespace`.
    pub root_namespace: String,
    /// Of objects that name none.
    pub namespace: String,
    pub now: UnixNanos,
}

/// All that is wrong in the files.
#[must_use]
pub fn analyze(files: &[File], settings: &Settings) -> Report {
    let mut report = check(&Input::read(files, &settings.namespace), settings);
    report.retain(|_| true);
    report
}

/// All findings, without a bound yet.
fn check(input: &Input<'_>, settings: &Settings) -> Report {
    let mut cluster = Cluster::of(&input.known, settings);
    let mut findings = Findings::default();
    input.unreadable.iter().for_each(|unreadable| findings.unreadable(unreadable));
    states::check(&cluster, &mut findings);
    conflicts::check(&cluster, &mut findings);
    conflicts::check_definitions(input, &mut findings);
    selectors::check(&cluster, &mut findings);
    overrides::check(&cluster, &mut findings);
    expressions::check(&cluster, &mut findings);
    fields::check(input, &mut findings);
    annotations::check(&cluster, &mut findings);
    annotations::check_places(input, &mut findings);
    let mut notes = Vec::new();
    effects::check(&mut cluster, &mut findings, &mut notes);
    let mut report = Report {
        policies: cluster.states.len(),
        pods: cluster.pods().count(),
        files: input.files.len(),
        ..Report::default()
    };
    notes.extend(undecided(&cluster, &report));
    report.notes = notes;
    report.findings = findings.placed(input);
    report.sort();
    report
}

/// What was not read.
fn undecided(cluster: &Cluster<'_>, report: &Report) -> impl Iterator<Item = String> {
    let of_pods = (report.policies > 0 && report.pods == 0).then(|| {
        "no pods and no templates of pods were read, so selectors and labels in expressions were not compared with any"
            .to_owned()
    });
    let of_exporters = (!cluster.has_exporters && cluster.names_exporters()).then(|| {
        "no object that was read defines exporters, so names in spec.accessLogs.exporters were not compared with any"
            .to_owned()
    });
    of_pods.into_iter().chain(of_exporters)
}
