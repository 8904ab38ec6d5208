//! Pages as Prometheus' own tools take them. promtool has the stricter parser of text: it refuses a second TYPE of a family.

use super::*;
use longwire_testkit::command;

const GO: &[u8] = b"# HELP go_memstats_alloc_bytes Now.\n# TYPE go_memstats_alloc_bytes gauge\ngo_memstats_alloc_bytes 1.5e+06\n# HELP go_memstats_alloc_bytes_total Ever.\n# TYPE go_memstats_alloc_bytes_total counter\ngo_memstats_alloc_bytes_total 3e+06\n# HELP rpc_seconds Of a \"call\".\n# TYPE rpc_seconds histogram\nrpc_seconds_bucket{le=\"1\"} 1\nrpc_seconds_bucket{le=\"+Inf\"} 2\nrpc_seconds_sum 3\nrpc_seconds_count 2\n";
const JAVA: &[u8] = b"# HELP jvm_gc_seconds Of a \\\"pause\\\".\n# TYPE jvm_gc_seconds summary\n# UNIT jvm_gc_seconds seconds\njvm_gc_seconds{quantile=\"0.5\"} 1\njvm_gc_seconds_count 1\njvm_gc_seconds_sum 1.5\njvm_gc_seconds_created 1700000000.123\n# HELP rpc_seconds Of a call.\n# TYPE rpc_seconds histogram\nrpc_seconds_bucket{app=\"java\",le=\"1.0\"} 1 # {trace_id=\"a\"} 0.5 1700000000.5\nrpc_seconds_bucket{app=\"java\",le=\"+Inf\"} 1\nrpc_seconds_count{app=\"java\"} 1\nrpc_seconds_sum{app=\"java\"} 0.5\n# HELP hits Hits.\n# TYPE hits counter\nhits_total{path=\"C:\\\\a\\n\\\"b\\\"\"} 5\nhits_created{path=\"C:\\\\a\\n\\\"b\\\"\"} 1700000000\n# HELP queue Waiting.\n# TYPE queue gaugehistogram\nqueue_bucket{le=\"+Inf\"} 2\nqueue_gcount 2\nqueue_gsum 3\n# HELP jvm Of it.\n# TYPE jvm info\njvm_info{version=\"21\"} 1\n# EOF\n";
const TWICE: &[u8] = b"# HELP up_now Up.\n# TYPE up_now gauge\nup_now{a=\"1\"} 1\n# HELP other_now Other.\n# TYPE other_now gauge\nother_now 1\n# HELP up_now Up.\n# TYPE up_now gauge\nup_now{a=\"1\"} 1\nup_now{a=\"2\"} 1\n";

fn page(format: Format) -> String {
    let mut merge = Merge::new(format, Names::Underscores);
    merge.own(match format {
        Format::Text => "# HELP longwire_a_total Ours.\n# TYPE longwire_a_total counter\nlongwire_a_total 1\n",
        Format::OpenMetrics => "# HELP longwire_a Ours.\n# TYPE longwire_a counter\nlongwire_a_total 1\n# EOF\n",
    });
    for (content_type, body) in
        [(TEXT, GO), (OPEN_METRICS, JAVA), (TEXT, TWICE), (None, b"# TYPE rpc_seconds gauge\nrpc_seconds 1\n")]
    {
        merge.target(content_type, body, &Limits::default()).unwrap();
    }
    finished(merge)
}

#[test]
fn promtool_takes_the_text() {
    assert_eq!(command::feed("promtool", &["check", "metrics"], page(Format::Text).as_bytes()).unwrap(), "");
}

/// It reads OpenMetrics only if every sample has a timestamp.
#[test]
fn promtool_takes_the_openmetrics_text() {
    let page = page(Format::OpenMetrics);
    let timed = |line: &str| match line.split_once(" # ") {
        _ if line.starts_with('#') => format!("{line}\n"),
        Some((sample, exemplar)) => format!("{sample} 1700000000 # {exemplar}\n"),
        None => format!("{line} 1700000000\n"),
    };
    let directory = tempfile::tempdir().unwrap();
    let [input, blocks] = ["page", "blocks"].map(|name| directory.path().join(name));
    std::fs::write(&input, page.lines().map(timed).collect::<String>()).unwrap();
    let [input, blocks] = [&input, &blocks].map(|path| path.to_str().unwrap());
    let said = command::run("promtool", &["tsdb", "create-blocks-from", "openmetrics", input, blocks]).unwrap();
    assert!(said.contains("BLOCK ULID"), "{said}");
}
