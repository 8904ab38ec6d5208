//! What was found, to what is wrong. Pure.

mod facts;
mod growth;
mod losses;

use super::found::{Earlier, Found, Leader, Operator, Part, Probes};
use growth::Growth;
use longwire_live::probe::{ProbeFacts, ProbeStatus};
use longwire_live::{API_SERVICE, Probe};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

#[cfg(test)]
mod tests;

/// One thing that is wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// `operator`, or `node n1`.
    pub(super) about: String,
    pub(super) problem: String,
    pub(super) remedy: String,
}

/// The user's clock may be wrong by this.
const SKEW_SECONDS: i64 = 60;

/// Whether a probe has yet to apply the last change, and nothing else is known to hold it up; or whether it may go on losing something.
pub(super) fn is_settling(found: &Found) -> bool {
    let Probes::Known(probes) = &found.probes else { return false };
    let loses = |facts: &ProbeFacts| !facts.losses.is_empty() || !facts.overflowed.is_empty();
    let is_settling = |status: &ProbeStatus| is_behind(status) || status.facts.as_ref().is_some_and(loses);
    probes.iter().filter_map(|probe| probe.status.as_ref()).any(is_settling)
}

/// `earlier`: to see what grows.
pub(super) fn findings(found: &Found, earlier: Option<&Earlier>, namespace: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(of_operator(&found.operator, namespace));
    findings.extend(of_leader(&found.leader, namespace));
    match &found.probes {
        Probes::Unavailable(why) => findings.push(of_api(why)),
        Probes::Known(probes) if probes.is_empty() => findings.push(finding(
            "probes",
            "no node has a probe",
            format!(
                "Look at `kubectl -n {namespace} get daemonset longwire-probe`: its node selector may match no node."
            ),
        )),
        Probes::Known(probes) => {
            let usual = Usual { release: usual_release(probes), answering: answering(probes) };
            let of_each = |probe: &Probe| of_probe(probe, &usual, Growth::of(probe, earlier), namespace);
            findings.extend(probes.iter().flat_map(of_each));
        }
    }
    findings
}

fn finding(about: &str, problem: impl Into<String>, remedy: impl Into<String>) -> Finding {
    Finding { about: about.to_owned(), problem: problem.into(), remedy: remedy.into() }
}

fn of_operator(operator: &Part<Operator>, namespace: &str) -> Option<Finding> {
    let pods = format!("kubectl -n {namespace} describe pods -l app.kubernetes.io/component=operator");
    match operator {
        Part::Known(Operator { replicas: 0, .. }) => Some(finding(
            "operator",
            "is scaled to 0 replicas",
            format!("Scale it up: `kubectl -n {namespace} scale deployment longwire-operator --replicas=2`."),
        )),
        Part::Known(Operator { replicas, ready }) if ready < replicas => Some(finding(
            "operator",
            format!("{ready} of {replicas} replicas are ready"),
            format!("The Events of the others say why: `{pods}`."),
        )),
        Part::Absent => Some(finding(
            "operator",
            format!("namespace {namespace} has no Deployment longwire-operator"),
            "Name the operator's namespace with --root-namespace.",
        )),
        Part::Known(_) | Part::Hidden => None,
    }
}

fn of_leader(leader: &Part<Leader>, namespace: &str) -> Option<Finding> {
    let problem = match leader {
        Part::Known(Leader { holder: Some(_), renewed_seconds_ago: Some(ago), lease_seconds })
            if *ago <= i64::from(*lease_seconds) + SKEW_SECONDS =>
        {
            return None;
        }
        Part::Known(Leader { holder: Some(holder), renewed_seconds_ago: Some(ago), .. }) => {
            format!("no replica leads: {holder} has renewed the Lease last {ago} s ago")
        }
        Part::Known(_) | Part::Absent => {
            "no replica leads, all stand by: nobody holds the Lease longwire-operator".to_owned()
        }
        Part::Hidden => return None,
    };
    let logs = format!("kubectl -n {namespace} logs -l app.kubernetes.io/component=operator --tail=50");
    Some(finding("operator", problem, format!("The replicas' logs say why they cannot take the Lease: `{logs}`.")))
}

fn of_api(why: &str) -> Finding {
    finding(
        "live API",
        format!("nobody answers it, so nothing is known of the probes: {why}"),
        format!(
            "`kubectl get apiservice {API_SERVICE} -o yaml` says why. No namespace can be deleted meanwhile; docs/live.md says what to do."
        ),
    )
}

/// The release of most probes that are connected; of two that are equally frequent, the later by name.
fn usual_release(probes: &[Probe]) -> Option<&str> {
    let mut counts = BTreeMap::<&str, usize>::new();
    let connected = probes.iter().filter_map(|probe| probe.status.as_ref()).filter(|status| status.connected);
    for release in connected.filter_map(|status| status.release.as_deref()) {
        *counts.entry(release).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(release, _)| release)
}

/// Releases of which a probe says how it is.
fn answering(probes: &[Probe]) -> BTreeSet<&str> {
    let statuses = probes.iter().filter_map(|probe| probe.status.as_ref()).filter(|status| status.facts.is_some());
    statuses.filter_map(|status| status.release.as_deref()).collect()
}

/// How other probes are.
struct Usual<'a> {
    release: Option<&'a str>,
    answering: BTreeSet<&'a str>,
}

fn is_behind(status: &ProbeStatus) -> bool {
    status.connected && status.refusal.is_none() && status.revision.applied.unwrap_or(0) < status.revision.wanted
}

fn of_probe(probe: &Probe, usual: &Usual<'_>, growth: Growth<'_>, namespace: &str) -> Vec<Finding> {
    let node = &probe.spec.node;
    let about = format!("node {node}");
    let pods = format!("-n {namespace} -l app.kubernetes.io/component=probe --field-selector spec.nodeName={node}");
    let Some(status) = &probe.status else {
        return vec![finding(&about, "nothing is known of its probe", "Ask again; if it stays, upgrade the operator.")];
    };
    let mut findings = Vec::new();
    let mut add = |problem: String, remedy: String| findings.push(finding(&about, problem, remedy));
    let unready = facts::unready(status);
    match (status.connected, status.ready) {
        (true, _) if unready.is_some() => add(
            format!("the probe is not ready: {}", unready.unwrap_or_default()),
            "docs/troubleshooting.md, \"A probe is not ready\", explains it.".to_owned(),
        ),
        (true, Some(false)) => add(
            "the probe is connected, but its pod is not ready".to_owned(),
            format!("Its conditions say why: `kubectl describe pods {pods}`."),
        ),
        (true, _) => {}
        (false, Some(false)) => add(
            "the probe is not connected, and its pod is not ready".to_owned(),
            format!("Its Events say why it does not run: `kubectl describe pods {pods}`."),
        ),
        (false, _) => add(
            "the probe is not connected to the leading operator".to_owned(),
            format!(
                "`kubectl get pods {pods}` names its pod, whose log says why; a NetworkPolicy must let it reach port 15010."
            ),
        ),
    }
    if let Some(refusal) = &status.refusal {
        add(
            format!("the probe could not apply its configuration: {refusal}"),
            "Correct what it names; `kubectl longwire analyze -A` finds the object.".to_owned(),
        );
    }
    if is_behind(status) {
        let applied = status.revision.applied.map_or_else(|| "none".to_owned(), |applied| applied.to_string());
        add(
            format!("the probe has applied revision {applied} of {}", status.revision.wanted),
            format!("Ask again; if it does not rise, see the log of its pod: `kubectl get pods {pods}`."),
        );
    }
    if let (Some(release), Some(usual)) = (&status.release, usual.release)
        && release != usual
    {
        add(
            format!("the probe is of release {release}, most are of {usual}"),
            format!("An upgrade may be under way: `kubectl -n {namespace} rollout status daemonset longwire-probe`."),
        );
    }
    for notice in &status.notices {
        add(format!("the probe reports: {notice}"), "docs/troubleshooting.md explains it.".to_owned());
    }
    match &status.facts {
        Some(facts) => facts::check(facts, growth, &mut add),
        None if status.connected && status.release.as_deref().is_some_and(|it| usual.answering.contains(it)) => add(
            "the probe is connected, and has not answered how it is".to_owned(),
            format!("Ask again; if it stays silent, see the log of its pod: `kubectl get pods {pods}`."),
        ),
        None => {}
    }
    findings
}
