use super::{line, page};
use crate::figures::{Row, Target};
use crate::measured::Measured;
use serde_json::json;

const fn row(name: &'static str, unit: &'static str, target: Target, how: &'static str) -> Row {
    Row { name, unit, target, reference: "-", how }
}

const ROWS: [Row; 3] = [
    row("pods", "", Target::Exactly(20_000.0), "Known."),
    row("operator_mb", "MB", Target::AtMost(400.0), "VmHWM."),
    row("index_lag_s", "s", Target::None, "Time."),
];

fn figures() -> [(&'static Row, Measured); 3] {
    [
        (&ROWS[0], Measured::alone("pods", 20_000.0)),
        (&ROWS[1], Measured::alone("operator_mb", 412.34).note("now 300 MB".to_owned())),
        (&ROWS[2], Measured::alone("index_lag_s", 1.234)),
    ]
}

#[test]
fn a_line_has_value_limit_and_note_and_reports_a_missed_limit() {
    let lines = figures().map(|(row, measured)| line(row, &measured));
    assert_eq!(
        lines,
        [
            "pods                                20000   bound 20000",
            "operator_mb                        412 MB   bound <= 400 MB MISSED   [now 300 MB]",
            "index_lag_s                        1.23 s",
        ]
    );
}

#[test]
fn the_page_has_a_row_and_a_sentence_a_figure_and_names_the_machine() {
    let machine = json!({"date": "2026-01-02", "cpu": "CPU", "cores": "2", "memory": "8 GiB", "kernel": "6.1"});
    let page = page(&figures(), &machine);
    let (head, rest) = page.split_once("Measured on ").unwrap();
    assert!(head.starts_with("# Scale\n\n") && head.ends_with("`make scale` writes this page.\n\n"), "{head}");
    assert_eq!(
        rest,
        "2026-01-02: CPU, 2 CPUs, 8 GiB of memory, kernel 6.1, commit -, test build.\n\n\
         | measurement | value | limit |\n|---|---|---|\n\
         | `pods` | 20000 | 20000 |\n\
         | `operator_mb` | 412 MB | <= 400 MB |\n\
         | `index_lag_s` | 1.23 s | - |\n\n\
         ## How each was measured\n\n- `pods`: Known.\n- `operator_mb`: VmHWM.\n- `index_lag_s`: Time.\n"
    );
}
