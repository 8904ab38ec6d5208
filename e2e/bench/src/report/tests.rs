use super::{json, line, markdown};
use crate::hardware;
use crate::measured::Measured;
use serde_json::Value;

fn ingest() -> Measured {
    Measured::beside("ingest_samples_per_second", &[4.0, 4.2, 3.0], &[2.0, 2.0, 2.0]).note("warm".to_owned())
}

#[test]
fn a_line_names_value_reference_ratio_spread_and_target() {
    assert_eq!(
        line(&ingest()),
        "ingest_samples_per_second             4.000 M/s   reference 2.000 M/s (prometheus crate: two counters by four \
         labels)   ratio 2.000   spread 15 %   target >= 3 M/s   [warm]"
    );
}

#[test]
fn a_line_reports_a_missed_target_and_omits_missing_values() {
    assert_eq!(
        line(&Measured::alone("rss_idle_mb", 33.6)),
        "rss_idle_mb                             33.6 MB   target <= 25 MB MISSED"
    );
    assert_eq!(
        line(&Measured::over("ingest_stall_ms", &[2.0, 4.0], &[0.0, 0.0])),
        "ingest_stall_ms                        3.000 ms   reference 0.000 ms (no scrape)   spread 33 %   target <= 5 ms"
    );
}

#[test]
fn the_json_of_a_run_has_a_figure_a_name_and_the_machine() {
    let run = json(&[Measured::alone("rss_idle_mb", 20.0)], hardware::here());
    let figure = json!({ "value": 20.0, "unit": "MB", "reference": null, "ratio": null, "spread": null, "note": "" });
    assert_eq!(run["rss_idle_mb"], figure);
    let names: Vec<_> = run["machine"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["commit", "cores", "cpu", "date", "kernel", "memory"]);
}

#[test]
fn the_page_is_made_of_the_json_alone() {
    let run: Value = serde_json::from_str(include_str!("run.json")).unwrap();
    assert_eq!(markdown(&run), include_str!("page.md"));
}
