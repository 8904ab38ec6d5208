//! The sections of docs/logs-and-exports.md on exporters that code and examples decide: attributes of log records, lines of statsd,
//! and the first example, which tests of the operator accept. `UPDATE_REFERENCE=1 cargo test -p longwire-export --test reference`
//! writes them anew.

use longwire_export::otlp::logs::{attributes, event_name};
use longwire_export::statsd::{Baseline, Encoder, Flavor, Histograms, Options};
use longwire_model::access_log::{Kind, LogEvent};
use longwire_model::series::{Metrics, SeriesSet, SeriesSets};
use longwire_pipeline::labels::samples::edge;
use longwire_pipeline::metrics::samples::hold_edge;
use longwire_pipeline::metrics::{Budget, SeriesStore};
use longwire_pipeline::observation::{Delta, Reporter};
use longwire_pipeline::record::FailReason;
use std::fmt::Write;
use std::{env, fs};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/logs-and-exports.md");
const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples/policies/exporters.yaml");

const FLAVORS: [(&str, Flavor); 3] =
    [("statsd", Flavor::Statsd), ("dogstatsd", Flavor::Dogstatsd), ("graphite", Flavor::Graphite)];
/// What each flavor's table shows: a meaning, and how its line begins.
const SHOWN: [(&str, &str, Histograms); 7] = [
    ("new bytes of a counter", "istio_tcp_sent_bytes_total", Histograms::Buckets),
    ("new failures of one reason", "longwire_tcp_connections_failed_total", Histograms::Buckets),
    ("a gauge", "longwire_tcp_connections_active", Histograms::Buckets),
    ("`buckets`: new observations up to 10 ms", "longwire_tcp_rtt_seconds_bucket", Histograms::Buckets),
    ("`buckets`: new seconds of the sum", "longwire_tcp_rtt_seconds_sum", Histograms::Buckets),
    ("`buckets`: new observations in all", "longwire_tcp_rtt_seconds_count", Histograms::Buckets),
    ("`timers`: two new observations, about 0.5 ms each", "longwire_tcp_rtt_seconds", Histograms::Timers),
];

#[test]
fn the_sections_on_exporters_in_docs_are_up_to_date() {
    let committed = fs::read_to_string(PAGE).unwrap();
    let sections =
        [("first example", example()), ("log records", events() + &log_attributes()), ("lines of statsd", statsd())];
    let page = sections.iter().fold(committed, |page, (name, text)| with_section(&page, name, text));
    if env::var_os("UPDATE_REFERENCE").is_some_and(|value| value == "1") {
        fs::write(PAGE, &page).unwrap();
    }
    assert!(
        fs::read_to_string(PAGE).unwrap() == page,
        "docs/logs-and-exports.md is old: UPDATE_REFERENCE=1 cargo test -p longwire-export --test reference writes it anew"
    );
}

fn example() -> String {
    format!("```yaml\n{}```\n", fs::read_to_string(EXAMPLE).unwrap())
}

fn events() -> String {
    let rows = [
        ("connect", LogEvent::Connect, "INFO"),
        ("periodic", LogEvent::Periodic, "INFO"),
        ("close", LogEvent::Close, "INFO"),
        ("failed", LogEvent::Failed, "WARN"),
    ];
    let mut text = String::from("| event | `event_name` | severity |\n| --- | --- | --- |\n");
    for (event, variant, severity) in rows {
        let _ = writeln!(text, "| `{event}` | `{}` | {severity} |", event_name(variant));
    }
    text.push('\n');
    text
}

fn log_attributes() -> String {
    let mut text = String::from("| attribute | type | field | meaning |\n| --- | --- | --- | --- |\n");
    for row in attributes() {
        let kind = match row.kind {
            Kind::String => "string",
            Kind::Integer => "int",
        };
        let field = row.field.map_or_else(String::new, |field| format!("`{}`", field.name()));
        let _ = writeln!(text, "| `{}` | {kind} | {field} | {} |", row.name, row.meaning);
    }
    text
}

/// A whole line of each flavor, and how lines differ, without their labels.
fn statsd() -> String {
    let mut text = String::from("```text\n");
    for (_, flavor) in FLAVORS {
        let _ = writeln!(text, "{}", line(flavor, "istio_tcp_sent_bytes_total", Histograms::Buckets));
    }
    text.push_str(
        "```\n\nWith `…` for the labels:\n\n| | `statsd` | `dogstatsd` | `graphite` |\n| --- | --- | --- | --- |\n",
    );
    for (meaning, name, histograms) in SHOWN {
        let cells = FLAVORS.map(|(_, flavor)| {
            let shown = line(flavor, name, histograms).replace(&labels(flavor), "…");
            assert!(shown.contains('…'), "the labels are not in {shown}");
            // Nothing in them ends a cell of Markdown but the bars.
            format!("`{}`", shown.replace('|', "\\|"))
        });
        let _ = writeln!(text, "| {meaning} | {} |", cells.join(" | "));
    }
    text
}

/// The labels of the edge, as the whole line has them.
fn labels(flavor: Flavor) -> String {
    const NAME: &str = "istio_tcp_sent_bytes_total";
    let line = line(flavor, NAME, Histograms::Buckets);
    let rest = line.strip_prefix(NAME).unwrap();
    let (start, end) = match flavor {
        Flavor::Statsd | Flavor::Graphite => (&rest[1..], ":406|c"),
        Flavor::Dogstatsd => (rest.strip_prefix(":406|c|#").unwrap(), ""),
    };
    start.strip_suffix(end).unwrap().to_owned()
}

/// A line with this name.
fn line(flavor: Flavor, name: &str, histograms: Histograms) -> String {
    let lines = lines(flavor, histograms);
    let is_of_name = |line: &&String| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(['.', ':', ';']))
    };
    // The second bucket is the one up to 10 ms.
    let position = usize::from(name.ends_with("_bucket"));
    lines.iter().filter(is_of_name).nth(position).cloned().unwrap_or_else(|| panic!("no {name} in {lines:?}"))
}

/// Everything that is new of one edge.
fn lines(flavor: Flavor, histograms: Histograms) -> Vec<String> {
    let mut store = SeriesStore::new(Budget::undivided(1_000, 10));
    let metrics: Metrics = [SeriesSet::Istio, SeriesSet::Longwire].into_iter().collect::<SeriesSets>().into();
    let to = hold_edge(&mut store, &edge(Reporter::Source, "web", "db"), metrics, 0);
    store.record(&to, Reporter::Source, &Delta { sent: 108, received: 406, opened: 1, ..Delta::default() }, 0);
    for rtt in [450, 550] {
        store.record(&to, Reporter::Source, &Delta { rtt_us: Some(rtt), ..Delta::default() }, 0);
    }
    store.record(&to, Reporter::Source, &Delta { failed: Some((FailReason::NeverSent, 2)), ..Delta::default() }, 0);
    store.activate(&to);
    store.publish();
    let options = Options { flavor, histograms, ..Options::default() };
    let (mut encoder, mut packets) = (Encoder::new(options, Baseline::ZERO), Vec::new());
    let mut cursor = encoder.begin();
    while encoder.render(&store, &mut cursor, usize::MAX, &mut packets) {}
    let texts = packets.iter().map(|packet| std::str::from_utf8(packet.bytes()).unwrap());
    texts.flat_map(str::lines).map(str::to_owned).collect()
}

/// `page` with `text` between the two comments of `name`.
fn with_section(page: &str, name: &str, text: &str) -> String {
    let (before, rest) = page.split_once(&format!("<!-- {name}: ")).unwrap_or_else(|| panic!("no section {name}"));
    let (comment, rest) = rest.split_once("-->\n").unwrap();
    let end = format!("<!-- end of {name} -->");
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("section {name} has no end"));
    format!("{before}<!-- {name}: {comment}-->\n{text}{end}{after}")
}
