//! Prometheus' own evaluation of the queries, on series with known sums.

use super::{OPENED, TO_CLIENT, TO_SERVER, bytes_per_second, long_per_second, open, per_second, sent_again};
use longwire_testkit::command;
use serde_json::{Value, json};

/// From, to, bytes a second to the server, and reporters.
const EDGES: [(&str, &str, u32, &[&str]); 4] = [
    ("web", "db", 100, &["source", "destination"]),
    ("batch", "db", 40, &["source", "destination"]),
    // No probe reports a client outside the cluster.
    ("unknown", "web", 7, &["destination"]),
    ("web", "unknown", 3, &["source"]),
];

/// Seconds between samples.
const STEP: u32 = 15;

fn series() -> Vec<Value> {
    let mut series = Vec::new();
    for (from, to, bytes, reporters) in EDGES {
        for reporter in reporters {
            let labels = format!(
                "reporter=\"{reporter}\",instance=\"of {reporter}\",source_workload=\"{from}\",destination_workload=\"{to}\""
            );
            let mut add = |name: &str, values: String| {
                series.push(json!({"series": format!("{name}{{{labels}}}"), "values": values}));
            };
            add(TO_SERVER, format!("0+{}x20", bytes * STEP));
            add(TO_CLIENT, format!("0+{}x20", 2 * bytes * STEP));
            add(OPENED, format!("0+{STEP}x20"));
            add("longwire_tcp_connections_active", "2x20".to_owned());
            // Each end retransmits a tenth of what it sends.
            let sent = if *reporter == "source" { bytes } else { 2 * bytes };
            add("longwire_tcp_retransmitted_bytes_total", format!("0+{}x20", f64::from(sent * STEP) / 10.0));
            let (out, back) = if *reporter == "source" { (bytes, 2 * bytes) } else { (2 * bytes, bytes) };
            add("kmesh_tcp_connection_sent_bytes_total", format!("0+{}x20", out * STEP));
            add("kmesh_tcp_connection_received_bytes_total", format!("0+{}x20", back * STEP));
        }
    }
    series
}

#[test]
fn every_connection_counts_once_whichever_end_reports_it() {
    let by_source = ["source_workload"];
    let long = ["kmesh_tcp_connection_sent_bytes_total", "kmesh_tcp_connection_received_bytes_total"];
    let whole = |value: f64| vec![json!({"labels": "{}", "value": value})];
    let by = |values: &[(&str, f64)]| {
        let row =
            |(name, value): &(&str, f64)| json!({"labels": format!("{{source_workload=\"{name}\"}}"), "value": value});
        values.iter().map(row).collect::<Vec<_>>()
    };
    let cases = [
        (per_second(&[], TO_SERVER, ""), whole(150.0)),
        (per_second(&by_source, TO_CLIENT, ""), by(&[("web", 206.0), ("batch", 80.0), ("unknown", 14.0)])),
        (bytes_per_second(&[], "destination_workload=\"db\""), whole(420.0)),
        (per_second(&[], OPENED, ""), whole(4.0)),
        (open(&[], ""), whole(8.0)),
        (sent_again(&[], "destination_workload=\"db\""), whole(0.1)),
        (long_per_second(&[], long, ""), whole(150.0)),
        (long_per_second(&by_source, long, ""), by(&[("web", 103.0), ("batch", 40.0), ("unknown", 7.0)])),
    ];
    let tests = cases.map(|(query, rows)| {
        let query = format!("round({}, 0.001)", query.replace("$__rate_interval", "1m"));
        json!({"expr": query, "eval_time": "4m", "exp_samples": rows})
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    let group = json!({"interval": format!("{STEP}s"), "input_series": series(), "promql_expr_test": tests});
    std::fs::write(file.path(), json!({"tests": [group]}).to_string()).unwrap();
    command::run("promtool", &["test", "rules", file.path().to_str().unwrap()]).unwrap();
}
