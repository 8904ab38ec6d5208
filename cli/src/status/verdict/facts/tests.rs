use super::super::growth::Growth;
use super::check;
use crate::status::found::{Earlier, Found, Part, Probes};
use longwire_live::Probe;
use longwire_live::probe::{BudgetUse, Lag, Loss, Overflow, ProbeFacts, ProbeSpec, ProbeStatus};
use rstest::rstest;

const CLOSES: &str = "longwire_probe_closes_lost_total";
const LINES: &str = "longwire_probe_access_log_lines_dropped_total";
const MISSED: &str = "longwire_probe_live_missed_total";

fn budget(name: &str, used: u64) -> ProbeFacts {
    ProbeFacts { budgets: vec![BudgetUse { name: name.to_owned(), used, limit: 1_000 }], ..ProbeFacts::default() }
}

fn losing(losses: &[(&str, Option<&str>, u64)]) -> ProbeFacts {
    let loss = |(metric, reason, count): &(&str, Option<&str>, u64)| Loss {
        metric: (*metric).to_owned(),
        reason: reason.map(str::to_owned),
        count: *count,
    };
    ProbeFacts { uptime_seconds: 7_500, losses: losses.iter().map(loss).collect(), ..ProbeFacts::default() }
}

fn overflowing(counts: &[u64]) -> ProbeFacts {
    let overflow = |(at, count): (usize, &u64)| Overflow {
        kind: "namespace".to_owned(),
        namespace: if at == 0 { "overflow".to_owned() } else { format!("n{at}") },
        count: *count,
    };
    ProbeFacts { overflowed: counts.iter().enumerate().map(overflow).collect(), ..ProbeFacts::default() }
}

fn late(pass: u64, interval: u64, export: u64) -> ProbeFacts {
    let lag = Lag {
        pass_milliseconds: Some(pass),
        pass_interval_milliseconds: Some(interval),
        export_seconds: Some(export),
        exporter: Some("collector".to_owned()),
        ..Lag::default()
    };
    ProbeFacts { lag, ..ProbeFacts::default() }
}

fn probe(facts: ProbeFacts) -> Probe {
    let mut probe = Probe::new("n1", ProbeSpec { node: "n1".to_owned() });
    probe.status = Some(ProbeStatus { facts: Some(facts), ..ProbeStatus::default() });
    probe
}

fn problems(facts: &ProbeFacts, before: Option<ProbeFacts>) -> Vec<String> {
    let earlier = before.map(|before| Earlier {
        found: Found { operator: Part::Hidden, leader: Part::Hidden, probes: Probes::Known(vec![probe(before)]) },
        seconds: 3,
    });
    let mut problems = Vec::new();
    let growth = Growth::of(&probe(facts.clone()), earlier.as_ref());
    check(facts, growth, &mut |problem, remedy: String| {
        assert!(remedy.ends_with('.'), "{remedy}");
        problems.push(problem);
    });
    problems
}

#[rstest]
#[case::well(ProbeFacts::default(), &[])]
#[case::room(budget("series", 899), &[])]
#[case::nearly_full(budget("series", 900), &["its budget series is 90 % full: 900 of 1000"])]
#[case::lowered(budget("of a newer probe", 2_000), &["its budget of a newer probe is 200 % full: 2000 of 1000"])]
#[case::overflowed(overflowing(&[5]), &["budgets were too small 5 times (namespace 5)"])]
#[case::many(
    overflowing(&[5, 4, 3, 2]), &["budgets were too small 14 times (namespace 5, namespace n1 4, namespace n2 3, ...)"]
)]
#[case::lost(
    losing(&[(CLOSES, None, 2)]), &["it has lost 2 ends of connections: longwire_probe_closes_lost_total (the probe runs for 2h5m)"]
)]
#[case::reasons(
    losing(&[(LINES, Some("pod_rate"), 8), (LINES, Some("queue_full"), 2), (LINES, Some("not_written"), 1)]),
    &["it has lost 3 lines of access logs: longwire_probe_access_log_lines_dropped_total, queue_full 2, not_written 1 \
       (the probe runs for 2h5m)"]
)]
#[case::bounded(losing(&[(MISSED, None, 9), (LINES, Some("node_rate"), 8)]), &[])]
#[case::in_time(late(10_000, 1_000, 900), &[])]
#[case::a_slow_interval(late(900_000, 300_000, 1), &[])]
#[case::late(
    late(15_001, 5_000, 1),
    &["its last pass over connections was 15.0 s ago, and one is due every 5.0 s: its series are old"]
)]
#[case::export(late(1, 5_000, 901), &["exporter collector has not delivered all metrics for 15m1s"])]
fn what_is_wrong_is_said(#[case] facts: ProbeFacts, #[case] expected: &[&str]) {
    assert_eq!(problems(&facts, None), expected);
}

#[test]
fn what_grows_between_two_looks_is_said() {
    let (before, now) = ([(CLOSES, None, 2), (MISSED, None, 9)], [(CLOSES, None, 5), (MISSED, None, 10)]);
    let expected = [
        "it has lost 5 ends of connections: longwire_probe_closes_lost_total; 3 more in the last 3 s (the probe runs for 2h5m)",
        "it has lost 10 updates of live views: longwire_probe_live_missed_total; 1 more in the last 3 s (the probe runs for 2h5m)",
    ];
    assert_eq!(problems(&losing(&now), Some(losing(&before))), expected);
    // What is over, and a probe that was restarted meanwhile.
    assert_eq!(problems(&losing(&now[1..]), Some(losing(&now))), [] as [&str; 0]);
    assert!(problems(&losing(&before), Some(losing(&now)))[0].ends_with("total (the probe runs for 2h5m)"));
    let expected = ["budgets were too small 6 times (namespace 6); 2 more in the last 3 s"];
    assert_eq!(problems(&overflowing(&[6]), Some(overflowing(&[4]))), expected);
}
