use super::*;
use longwire_live::probe::{Loss, ProbeSpec, Revisions};
use rstest::rstest;

const SYSTEM: &str = "longwire-system";

fn probe(node: &str, change: impl FnOnce(&mut ProbeStatus)) -> Probe {
    let mut status = ProbeStatus {
        connected: true,
        ready: Some(true),
        release: Some("0.2.0".to_owned()),
        revision: Revisions { applied: Some(7), wanted: 7 },
        ..ProbeStatus::default()
    };
    change(&mut status);
    let mut probe = Probe::new(node, ProbeSpec { node: node.to_owned() });
    probe.status = Some(status);
    probe
}

fn leader(holder: Option<&str>, ago: Option<i64>) -> Part<Leader> {
    Part::Known(Leader { holder: holder.map(str::to_owned), renewed_seconds_ago: ago, lease_seconds: 7 })
}

/// Two nodes without a problem, and one more.
fn found(change: impl FnOnce(&mut ProbeStatus)) -> Found {
    Found {
        operator: Part::Known(Operator { replicas: 2, ready: 2 }),
        leader: leader(Some("longwire-operator-a"), Some(1)),
        probes: Probes::Known(vec![probe("n1", |_| {}), probe("n2", |_| {}), probe("n3", change)]),
    }
}

fn problems(found: &Found) -> Vec<String> {
    findings(found, None, SYSTEM).into_iter().map(|it| format!("{}: {}", it.about, it.problem)).collect()
}

#[rstest]
#[case::missing(|it: &mut ProbeStatus| it.connected = false, "the probe is not connected to the leading operator")]
#[case::crashed(
    |it: &mut ProbeStatus| (it.connected, it.ready) = (false, Some(false)),
    "the probe is not connected, and its pod is not ready"
)]
#[case::not_ready(|it: &mut ProbeStatus| it.ready = Some(false), "the probe is connected, but its pod is not ready")]
#[case::refused(
    |it: &mut ProbeStatus| it.refusal = Some("no exporter x".to_owned()),
    "the probe could not apply its configuration: no exporter x"
)]
#[case::refused_and_so_behind(
    |it: &mut ProbeStatus| (it.refusal, it.revision.applied) = (Some("no exporter x".to_owned()), Some(6)),
    "the probe could not apply its configuration: no exporter x"
)]
#[case::behind(|it: &mut ProbeStatus| it.revision.applied = Some(3), "the probe has applied revision 3 of 7")]
#[case::new(|it: &mut ProbeStatus| it.revision.applied = None, "the probe has applied revision none of 7")]
#[case::old_release(
    |it: &mut ProbeStatus| it.release = Some("0.1.0".to_owned()),
    "the probe is of release 0.1.0, most are of 0.2.0"
)]
#[case::notice(|it: &mut ProbeStatus| it.notices.push("no BTF".to_owned()), "the probe reports: no BTF")]
fn one_probe_has_a_problem(#[case] change: fn(&mut ProbeStatus), #[case] problem: &str) {
    assert_eq!(problems(&found(change)), [format!("node n3: {problem}")]);
}

/// The others have said nothing of themselves, which is a problem of their own.
#[rstest]
#[case::not_ready_and_why(
    |it: &mut ProbeStatus| (it.ready, it.facts) = (Some(false), says(&["it adopts", "no configuration yet"])),
    "the probe is not ready: it adopts; no configuration yet"
)]
#[case::unsupported(
    |it: &mut ProbeStatus| (it.refusal, it.facts) = (Some("no BTF".to_owned()), says(&["no BTF"])),
    "the probe could not apply its configuration: no BTF"
)]
fn a_probe_says_why(#[case] change: fn(&mut ProbeStatus), #[case] problem: &str) {
    let of_it: Vec<_> = problems(&found(change)).into_iter().filter(|it| it.starts_with("node n3")).collect();
    assert_eq!(of_it, [format!("node n3: {problem}")]);
}

fn says(unready: &[&str]) -> Option<ProbeFacts> {
    let unready = unready.iter().map(|reason| (*reason).to_owned()).collect();
    Some(ProbeFacts { unready, ..ProbeFacts::default() })
}

/// One of another release, an old one, may know no facts.
#[rstest]
#[case::same_release("0.2.0", &["node n3: the probe is connected, and has not answered how it is"])]
#[case::older("0.1.0", &["node n3: the probe is of release 0.1.0, most are of 0.2.0"])]
fn a_probe_that_does_not_answer_as_others_do_has_a_problem(#[case] release: &str, #[case] expected: &[&str]) {
    let mut found = found(|it| it.release = Some(release.to_owned()));
    let Probes::Known(probes) = &mut found.probes else { panic!("{found:?}") };
    for probe in &mut probes[..2] {
        probe.status.as_mut().unwrap().facts = says(&[]);
    }
    assert_eq!(problems(&found), expected);
}

#[test]
fn all_is_well() {
    assert_eq!(findings(&found(|_| {}), None, SYSTEM), []);
}

#[test]
fn what_may_not_be_read_is_no_problem() {
    let found = Found { operator: Part::Hidden, leader: Part::Hidden, ..found(|_| {}) };
    assert_eq!(findings(&found, None, SYSTEM), []);
}

#[rstest]
#[case::some_ready(Part::Known(Operator { replicas: 2, ready: 1 }), "1 of 2 replicas are ready")]
#[case::stopped(Part::Known(Operator { replicas: 0, ready: 0 }), "is scaled to 0 replicas")]
#[case::elsewhere(Part::Absent, "namespace longwire-system has no Deployment longwire-operator")]
fn the_operator_has_a_problem(#[case] operator: Part<Operator>, #[case] problem: &str) {
    let found = Found { operator, ..found(|_| {}) };
    assert_eq!(problems(&found), [format!("operator: {problem}")]);
}

#[rstest]
#[case::absent(Part::Absent, Some("nobody holds the Lease"))]
#[case::released(leader(None, Some(1)), Some("nobody holds the Lease"))]
#[case::dead(leader(Some("a"), Some(600)), Some("no replica leads: a has renewed the Lease last 600 s ago"))]
#[case::within_the_skew_of_clocks(leader(Some("a"), Some(67)), None)]
#[case::past_it(leader(Some("a"), Some(68)), Some("68 s ago"))]
fn a_leader_renews_its_lease(#[case] leader: Part<Leader>, #[case] expected: Option<&str>) {
    let problems = problems(&Found { leader, ..found(|_| {}) });
    assert_eq!(problems.len(), usize::from(expected.is_some()), "{problems:?}");
    assert!(problems.iter().all(|problem| expected.is_some_and(|expected| problem.contains(expected))), "{problems:?}");
}

#[test]
fn without_an_answer_nothing_is_said_of_the_probes() {
    let found = Found { probes: Probes::Unavailable("503".to_owned()), ..found(|_| {}) };
    assert_eq!(problems(&found), ["live API: nobody answers it, so nothing is known of the probes: 503"]);
}

#[test]
fn a_cluster_without_probes_has_a_problem() {
    let found = Found { probes: Probes::Known(Vec::new()), ..found(|_| {}) };
    assert_eq!(problems(&found), ["probes: no node has a probe"]);
}

fn loses() -> Option<ProbeFacts> {
    Some(ProbeFacts { losses: vec![Loss::default()], ..ProbeFacts::default() })
}

#[rstest]
#[case::applied(|_: &mut ProbeStatus| {}, false)]
#[case::behind(|it: &mut ProbeStatus| it.revision.applied = Some(6), true)]
#[case::refused(|it: &mut ProbeStatus| (it.revision.applied, it.refusal) = (Some(6), Some(String::new())), false)]
#[case::losing(|it: &mut ProbeStatus| it.facts = loses(), true)]
#[case::away(|it: &mut ProbeStatus| (it.revision.applied, it.connected) = (Some(6), false), false)]
fn only_what_may_pass_by_itself_is_asked_again(#[case] change: fn(&mut ProbeStatus), #[case] expected: bool) {
    assert_eq!(is_settling(&found(change)), expected);
}
