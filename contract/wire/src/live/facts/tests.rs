use super::{MAX_COUNT, facts, facts_report};
use crate::codec;
use crate::live::{InvalidLive, MAX_LIVE_REPORT};
use crate::proto::{self, live_report::Report};
use longwire_model::live::{
    BudgetUse, ExportLag, Facts, Lag, Lost, MAX_FACT_NAME, MAX_FACT_TEXT, MAX_FACTS, MAX_OVERFLOWED, MAX_UNREADY,
    Overflowed,
};
use prost::Message;
use std::time::Duration;

fn text(text: &str) -> String {
    text.to_owned()
}

fn whole() -> Facts {
    Facts {
        kernel: text("6.1.0-50-amd64"),
        architecture: text("x86_64"),
        uptime: Duration::from_millis(90_500),
        unready: vec![text("no configuration yet: is the operator reachable?")],
        budgets: vec![BudgetUse { name: text("series"), used: 7, limit: MAX_COUNT }],
        overflowed: vec![Overflowed { kind: text("namespace"), namespace: text("shop"), count: 2 }],
        losses: vec![Lost { metric: text("longwire_probe_closes_lost_total"), reason: String::new(), count: 3 }],
        lag: Lag {
            pass: Some(Duration::ZERO),
            interval: Some(Duration::from_secs(5)),
            configuration: None,
            export: Some(ExportLag { exporter: text("collector"), age: Duration::from_nanos(1) }),
        },
    }
}

/// As it comes from the wire.
fn sent(report: &proto::LiveReport) -> proto::Facts {
    match codec::decode::<proto::LiveReport>(&report.encode_to_vec()).unwrap().report {
        Some(Report::Facts(facts)) => *facts,
        other => panic!("{other:?}"),
    }
}

#[test]
fn facts_survive_a_round_trip() {
    for said in [whole(), Facts::default()] {
        assert_eq!(facts(sent(&facts_report(9, said.clone()))), Ok((9, said)));
    }
}

#[test]
fn what_a_hostile_probe_says_is_cut_to_what_fits_a_line() {
    let lost = proto::Lost { metric: "m".repeat(10_000), reason: text("a\u{1b}[2J\n\u{202e}b"), count: 1 };
    let hostile = proto::Facts {
        kernel: text("6.1\u{7}\u{85}ü") + &"x".repeat(1_000),
        unready: vec!["y".repeat(10_000); 1_000],
        budgets: vec![proto::BudgetUse::default(); 1_000],
        overflowed: vec![proto::Overflowed::default(); 1_000],
        losses: vec![lost; 20],
        uptime: u64::MAX,
        ..proto::Facts::default()
    };
    let (_, read) = facts(hostile).unwrap();
    assert_eq!((read.kernel.len(), read.kernel.starts_with("6.1xxx")), (MAX_FACT_NAME, true));
    assert_eq!((read.unready.len(), read.unready[0].len()), (MAX_UNREADY, MAX_FACT_TEXT));
    assert_eq!((read.budgets.len(), read.overflowed.len(), read.losses.len()), (MAX_FACTS, MAX_OVERFLOWED, 20));
    assert_eq!((read.losses[0].metric.len(), read.losses[0].reason.as_str()), (MAX_FACT_NAME, "a[2Jb"));
}

#[test]
fn a_number_that_nothing_comes_to_is_refused_with_its_field() {
    let check = |said: proto::Facts, field, text: &str| {
        let error = facts(said).unwrap_err();
        assert_eq!((&error, error.to_string().as_str()), (&InvalidLive::Count { field, value: MAX_COUNT + 1 }, text));
    };
    let budget = proto::BudgetUse { used: MAX_COUNT + 1, ..Default::default() };
    let limit = proto::BudgetUse { limit: MAX_COUNT + 1, ..Default::default() };
    let text = "budgets.used: 9007199254740993 is more than anything comes to, 9007199254740992";
    check(proto::Facts { budgets: vec![budget], ..Default::default() }, "budgets.used", text);
    check(proto::Facts { budgets: vec![limit], ..Default::default() }, "budgets.limit", &text.replace("used", "limit"));
    let lost = proto::Lost { count: MAX_COUNT + 1, ..Default::default() };
    let text = text.replace("budgets.used", "losses.count");
    check(proto::Facts { losses: vec![lost], ..Default::default() }, "losses.count", &text);
    let overflowed = proto::Overflowed { count: MAX_COUNT + 1, ..Default::default() };
    let text = text.replace("losses", "overflowed");
    check(proto::Facts { overflowed: vec![overflowed], ..Default::default() }, "overflowed.count", &text);
}

#[test]
fn facts_that_would_take_too_much_memory_are_refused_before_they_are_decoded() {
    let many = proto::Facts { losses: vec![proto::Lost::default(); 60_000], ..Default::default() };
    let bytes = proto::LiveReport { report: Some(Report::Facts(Box::new(many))) }.encode_to_vec();
    assert!(bytes.len() < MAX_LIVE_REPORT);
    assert_eq!(codec::decode::<proto::LiveReport>(&bytes).unwrap_err().code(), tonic::Code::ResourceExhausted);
}
