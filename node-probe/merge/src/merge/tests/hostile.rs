//! Bodies that are made to be slow, large, or somebody else's.

use super::*;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// 50 ms of a MiB are promised; a test is not optimised, and has no core of its own.
const OF_A_MEBIBYTE: Duration = Duration::from_secs(3);

/// About a MiB of lines.
fn body(line: impl Fn(usize) -> String) -> String {
    let mut body = String::new();
    for at in 0.. {
        if body.len() >= 1 << 20 {
            break;
        }
        writeln!(body, "{}", line(at)).unwrap();
    }
    body
}

fn labels(count: usize, value: usize) -> String {
    let labels: Vec<String> = (0..count).rev().map(|label| format!("l{label}=\"{value}\"")).collect();
    labels.join(",")
}

#[track_caller]
fn check_time(body: &str) -> Result<Accepted, Refusal> {
    let begin = Instant::now();
    let mut merge = Merge::new(Format::OpenMetrics, Names::Underscores);
    let accepted = merge.target(TEXT, body.as_bytes(), &Limits::default());
    let page = finished(merge);
    let (taken, most) = (begin.elapsed(), OF_A_MEBIBYTE * (1 + (body.len() >> 20) as u32));
    assert!(taken < most, "{taken:?}");
    assert!(page.len() < 4 * body.len() + 1_000, "{} bytes of {}", page.len(), body.len());
    accepted
}

#[test]
fn no_body_takes_longer_than_its_length() {
    let usual =
        check_time(&body(|at| format!("requests_total{{path=\"/{at}\",method=\"GET\",code=\"200\"}} {at}"))).unwrap();
    assert_eq!(usual.dropped, []);
    let duplicates = check_time(&body(|_| "a{b=\"c\"} 1".to_owned())).unwrap();
    assert_eq!((duplicates.samples, dropped(&duplicates).len()), (1, 1));
    let many_labels = check_time(&body(|at| format!("a{{{}}} 1", labels(128, at)))).unwrap();
    assert_eq!(many_labels.dropped, []);
    let short = check_time(&body(|at| format!("a {at} {at}")[..].to_owned())).unwrap();
    assert_eq!(short.dropped, []);
    let switching = check_time(&body(|at| format!("a{} 1 {at}", at % 1_000))).unwrap();
    assert_eq!(switching.dropped, []);
    check_time(&body(|at| format!("# HELP a{} \\\\\\n\\\"{}\na{} 1 {at}", at % 9, "\\".repeat(90), at % 9))).unwrap();
    check_time(&body(|at| format!("a{{b=\"{}\"}} 1 {at}", "\\\\".repeat(1_000)))).unwrap();
    check_time(&body(|at| format!("{{\"a.b\\n{}\",\"c.d\"=\"\\x\"}} 1 {at}", at % 5))).unwrap();
    check_time(&body(|at| format!("# TYPE a{} counter\n# TYPE a{} gauge\na_created 1 {at}", at % 99, at % 98)))
        .unwrap();
}

#[test]
fn too_many_families_are_refused() {
    let implied = check_time(&body(|at| format!("a{at} 1")));
    assert_eq!(implied, Err(Refusal::Families { most: 16_384 }));
    let declared = check_time(&body(|at| format!("# TYPE a{at} gauge")));
    assert!(declared.unwrap_err().to_string().contains("more families than 16384"));
}

#[test]
fn a_quote_that_never_ends_is_read_once() {
    let open = check_time(&body(|at| format!("a{{b=\"{at}")));
    assert!(open.unwrap_err().to_string().starts_with("line 1, "));
}

#[test]
fn a_target_of_ten_mebibytes_is_taken_and_a_larger_one_refused() {
    let line = "a{b=\"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc\"} 1\n";
    let body = line.repeat((10 << 20) / line.len());
    let accepted = check_time(&body).unwrap();
    assert_eq!(accepted.samples + accepted.dropped[0].samples, body.lines().count() as u64);
    let refusal = check_time(&format!("{body}{line}")).unwrap_err();
    assert!(refusal.to_string().contains("at most 10485760 are merged"), "{refusal}");
}

#[test]
fn a_sample_takes_little_memory() {
    assert!(size_of::<(u32, Sample<'_>)>() <= 48, "{}", size_of::<(u32, Sample<'_>)>());
}

#[test]
fn the_family_in_a_report_is_short_and_harmless() {
    let body = format!("{{\"a\u{1b}{}\"}} 1\n", "x".repeat(1_000)).repeat(2);
    let mut merge = Merge::new(Format::Text, Names::Utf8);
    let accepted = merge.target(TEXT, body.as_bytes(), &Limits::default()).unwrap();
    let [Dropped { reason: Reason::Duplicate, samples: 1, family }] = accepted.dropped.as_slice() else {
        panic!("{accepted:?}")
    };
    assert!(family.starts_with("a\\u{1b}xxx") && family.len() < 140, "{family}");
}
