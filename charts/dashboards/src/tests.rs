//! The files equal the descriptions, and are consistent.

use super::{Dashboard, LINES, NO_SAMPLES, OKABE_ITO, Panel, Shape, Unit, ZERO, all, render};
use crate::consumers::{expressions, names_of};
use crate::promql;
use longwire_model::series::{
    CONNECTION_LABELS, FAMILIES, LOCALITY_LABELS, OPERATOR_METRICS, REASON, SELF_METRICS, SERVICE_LABELS,
};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// From the Prometheus client library, on both programs' pages.
const PROCESS: [&str; 2] = ["process_resident_memory_bytes", "process_cpu_seconds_total"];
/// Labels that Prometheus adds to every scraped series.
const TARGET: [&str; 2] = ["instance", "job"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../longwire/dashboards")
}

/// Every panel with its dashboard's name, for messages.
fn panels() -> Vec<(String, Panel)> {
    let named = |dashboard: Dashboard| {
        let panels = dashboard.panels().cloned().collect::<Vec<_>>();
        panels.into_iter().map(move |panel| (format!("{}: {}", dashboard.title, panel.title), panel))
    };
    all().into_iter().flat_map(named).collect()
}

/// All names of our samples.
fn series() -> BTreeSet<String> {
    let families = FAMILIES.iter().flat_map(names_of);
    let own = SELF_METRICS.iter().chain(&OPERATOR_METRICS).map(|metric| metric.name.to_owned());
    families.chain(own).chain(PROCESS.map(str::to_owned)).collect()
}

fn labels() -> BTreeSet<&'static str> {
    let own = SELF_METRICS.iter().chain(&OPERATOR_METRICS).flat_map(|metric| metric.labels);
    let edges =
        SERVICE_LABELS.iter().chain(&CONNECTION_LABELS).chain(&LOCALITY_LABELS).chain(&[REASON, "le"]).chain(&TARGET);
    // Made by `label_replace`: the labels of both ends, and the rank.
    let made = ["workload", "workload_namespace", super::once::PLACE];
    own.chain(edges).copied().chain(made).collect()
}

#[test]
fn the_files_are_up_to_date() {
    let update = env::var_os("UPDATE_DASHBOARDS").is_some_and(|value| value == "1");
    let mut expected = BTreeSet::new();
    for dashboard in all() {
        let (path, json) = (folder().join(format!("{}.json", dashboard.uid)), render(&dashboard));
        if update {
            fs::write(&path, &json).unwrap();
        }
        let is_same = fs::read_to_string(&path).unwrap_or_default() == json;
        assert!(
            is_same,
            "{} is old: UPDATE_DASHBOARDS=1 cargo test -p longwire-dashboards writes it anew",
            path.display()
        );
        expected.insert(path.file_name().unwrap().to_owned());
    }
    let found: BTreeSet<_> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(found, expected, "a dashboard that nobody describes");
}

#[test]
fn every_panel_has_a_description_and_every_query_a_name() {
    let mut titles = BTreeSet::new();
    for (name, panel) in panels() {
        assert!(titles.insert(name.clone()), "{name}: twice");
        assert!(panel.description.ends_with('.') && panel.description.len() > 20, "{name}: {:?}", panel.description);
        assert!(!panel.queries.is_empty(), "{name} asks for nothing");
        let legends: BTreeSet<_> = panel.queries.iter().map(|query| query.legend).collect();
        assert_eq!(legends.len(), panel.queries.len(), "{name}: {legends:?}");
        assert!(panel.queries.len() <= 6, "{name}: more queries than colours");
        let is_table = matches!(panel.shape, Shape::Table(_));
        assert!(panel.queries.iter().all(|query| query.unit.is_some() == is_table), "{name}: a column without a unit");
    }
    let uids: BTreeSet<_> = all().iter().map(|dashboard| dashboard.uid).collect();
    assert_eq!(uids.len(), all().len());
}

#[test]
fn queries_name_only_series_and_labels_that_longwire_exposes() {
    let (series, labels) = (series(), labels());
    for dashboard in all() {
        for expression in expressions(&dashboard) {
            let names = promql::names(&expression);
            let strangers: Vec<_> = names.series.iter().filter(|name| !series.contains(*name)).collect();
            assert!(strangers.is_empty() && !names.series.is_empty(), "{strangers:?} in {expression}");
            let strangers: Vec<_> = names.labels.iter().filter(|name| !labels.contains(name.as_str())).collect();
            assert!(strangers.is_empty(), "{strangers:?} in {expression}");
        }
    }
}

/// Legends and links too, because a label that a query does not keep would be empty.
#[test]
fn legends_links_and_columns_name_labels_that_the_answers_have() {
    for (name, panel) in panels() {
        for query in &panel.queries {
            let kept = promql::names(&query.expression).labels;
            let legend = query.legend.split("{{").skip(1).filter_map(|rest| rest.split("}}").next());
            let linked = panel.link.iter().flat_map(|link| link.variables).map(|(_, label)| *label);
            for label in legend.chain(linked) {
                assert!(kept.contains(label), "{name}: {label} is not kept by {}", query.expression);
            }
        }
    }
}

#[test]
fn every_variable_that_is_used_is_there() {
    for dashboard in all() {
        let json: Value = serde_json::from_str(&render(&dashboard)).unwrap();
        let list = json["templating"]["list"].as_array().unwrap();
        let defined: BTreeSet<_> = list.iter().map(|variable| variable["name"].as_str().unwrap()).collect();
        // Grafana's own start with underscores; `$1` belongs to a regular expression.
        let used = promql::variables(&json["panels"].to_string())
            .into_iter()
            .chain(promql::variables(&json["templating"].to_string()));
        let unknown: Vec<_> = used.filter(|name| !name.starts_with("__") && !defined.contains(name.as_str())).collect();
        assert_eq!(unknown, [""; 0], "{}", dashboard.title);
    }
}

/// All `url` fields.
fn urls(json: &Value) -> Vec<String> {
    match json {
        Value::Object(fields) => {
            let own = fields.get("url").and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(fields.values().flat_map(urls)).collect()
        }
        Value::Array(items) => items.iter().flat_map(urls).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn every_link_leads_to_a_dashboard_that_is_there_and_fills_its_variables() {
    let known = |uid: &str| all().into_iter().find(|dashboard| dashboard.uid == uid);
    let mut links = 0;
    for dashboard in all() {
        for url in urls(&serde_json::from_str(&render(&dashboard)).unwrap()) {
            links += 1;
            let url = url.strip_prefix("/d/").unwrap();
            let (uid, rest) = url.split_once('?').unwrap_or((url, ""));
            let target = known(uid).unwrap_or_else(|| panic!("{}: no dashboard {uid}", dashboard.title));
            for name in rest.split("var-").skip(1).filter_map(|variable| variable.split('=').next()) {
                assert!(target.variables.iter().any(|variable| variable.name == name), "{uid} has no variable {name}");
            }
        }
    }
    assert!(links > 30, "{links} links");
}

#[test]
fn only_colours_of_the_accessible_palette_are_used() {
    for dashboard in all() {
        let json = render(&dashboard);
        let colours: BTreeSet<String> = json.split("\"#").skip(1).map(|rest| format!("#{}", &rest[..6])).collect();
        let known = |colour: &String| OKABE_ITO.contains(&colour.as_str()) || LINES.contains(&colour.as_str());
        let strangers: Vec<_> = colours.iter().filter(|colour| !known(colour)).collect();
        assert!(strangers.is_empty() && colours.len() > 1, "{}: {strangers:?}", dashboard.title);
        for mode in ["palette-classic", "shades", "continuous"] {
            assert!(!json.contains(mode), "{}: {mode} has colours that look alike", dashboard.title);
        }
    }
}

/// As fractions of linear light, from `#RRGGBB`.
fn light(colour: &str) -> [f64; 3] {
    [1, 3, 5].map(|at| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    })
}

fn times(matrix: [[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
}

/// CIE L*a*b*, in which distances match visible differences.
fn lab(light: [f64; 3]) -> [f64; 3] {
    let to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]];
    let xyz = times(to_xyz, light.map(|part| part.clamp(0.0, 1.0)));
    let white = [0.95047, 1.0, 1.08883];
    let root = |part: f64| if part > 0.008_856 { part.cbrt() } else { 7.787 * part + 16.0 / 116.0 };
    let [x, y, z] = [0, 1, 2].map(|at| root(xyz[at] / white[at]));
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency" (2009),
/// at full strength.
const VISIONS: [(&str, [[f64; 3]; 3]); 4] = [
    ("usual", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "protan",
        [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]],
    ),
    (
        "deutan",
        [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
    ),
    (
        "tritan",
        [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_900]],
    ),
];

#[test]
fn ten_lines_are_distinguishable_with_any_colour_vision_on_dark_and_light() {
    for (vision, matrix) in VISIONS {
        let seen = LINES.map(|colour| lab(times(matrix, light(colour))));
        for (one, other) in (0..LINES.len()).flat_map(|one| (0..one).map(move |other| (one, other))) {
            let distance = seen[one].iter().zip(seen[other]).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            assert!(distance > 15.0, "{vision}: {} and {} are {distance:.1} apart", LINES[one], LINES[other]);
        }
    }
    let luminance =
        |colour: &str| light(colour).iter().zip([0.2126, 0.7152, 0.0722]).map(|(a, b)| a * b).sum::<f64>() + 0.05;
    for (colour, background) in LINES.iter().flat_map(|colour| [(colour, "#181B1F"), (colour, "#FFFFFF")]) {
        let [one, other] = [luminance(colour), luminance(background)];
        assert!(one.max(other) / one.min(other) > 1.5, "{colour} is lost on {background}");
    }
}

/// A query with any number of lines has at most ten, each with a rank and so a colour.
#[test]
fn lines_that_a_label_names_are_the_highest_ten() {
    for (name, panel) in panels().into_iter().filter(|(_, panel)| matches!(panel.shape, Shape::Lines)) {
        let named = panel.queries.iter().any(|query| query.legend.contains("{{"));
        assert_eq!(panel.is_ranked(), named, "{name}");
        assert!(!named || panel.queries.len() == 1, "{name}: places of two queries have the same colours");
        for query in panel.queries.iter().filter(|_| named) {
            assert!(query.expression.contains("topk(10, ") && !query.expression.contains("topk(11, "), "{name}");
        }
    }
}

/// Without a least height an axis is scaled to noise; without a text a panel shows "No data".
#[test]
fn every_panel_shows_0_or_no_samples_and_every_axis_has_a_height() {
    for dashboard in all() {
        let json: Value = serde_json::from_str(&render(&dashboard)).unwrap();
        for panel in json["panels"].as_array().unwrap().iter().filter(|panel| panel["type"] != "row") {
            let defaults = &panel["fieldConfig"]["defaults"];
            assert!([ZERO, NO_SAMPLES].contains(&defaults["noValue"].as_str().unwrap()), "{}", panel["title"]);
            if panel["type"] == "timeseries" {
                let custom = &defaults["custom"];
                assert_eq!(custom["axisSoftMin"], 0, "{}", panel["title"]);
                assert!(custom["axisSoftMax"].as_f64().unwrap() > 0.0, "{}", panel["title"]);
                assert_eq!(panel["options"]["legend"]["showLegend"], true, "{}", panel["title"]);
            }
        }
    }
    let measured: Vec<_> = panels().into_iter().filter(|(_, panel)| panel.absent == NO_SAMPLES).collect();
    let is_time = |panel: &Panel| panel.unit == Unit::Seconds;
    assert!(measured.iter().all(|(_, panel)| is_time(panel)) && measured.len() > 5, "only times are measured");
}

#[test]
fn a_table_has_room_for_its_columns_and_shows_what_fails_first() {
    for dashboard in all() {
        let json: Value = serde_json::from_str(&render(&dashboard)).unwrap();
        for panel in json["panels"].as_array().unwrap().iter().filter(|panel| panel["type"] == "table") {
            let overrides = panel["fieldConfig"]["overrides"].as_array().unwrap();
            let property = |of: &Value, id: &str| {
                let properties = of["properties"].as_array().unwrap();
                properties.iter().find(|property| property["id"] == id).map(|property| property["value"].clone())
            };
            let widths = overrides.iter().map(|one| property(one, "custom.width").unwrap().as_u64().unwrap());
            // On a screen 1,600 pixels wide, without the margins of the page and of the panel.
            let all: u64 = widths.sum();
            assert!(all <= 1_576, "{}: {all} pixels", panel["title"]);
            let columns = panel["transformations"][1]["options"]["renameByName"].as_object().unwrap();
            assert_eq!(overrides.len(), columns.len(), "{}: a column without a width", panel["title"]);
        }
    }
    let has_failed = |panel: &Panel| panel.queries.iter().any(|query| query.legend == "Failed");
    for (name, panel) in panels().into_iter().filter(|(_, panel)| has_failed(panel)) {
        assert_eq!(panel.sort.first(), Some(&"Failed"), "{name}");
    }
}

/// In the terms that users search for.
#[test]
fn titles_use_standard_terms() {
    let titles: Vec<String> = panels().into_iter().map(|(name, _)| name).collect();
    for word in
        ["Retransmits", "RTT p50/p95/p99", "RTT p95", "Failed connections", "Connection duration", "Open connections"]
    {
        assert!(titles.iter().any(|title| title.contains(word)), "no panel is called {word}");
    }
    for odd in ["Sent again", "Round trip", "Attempts", "Lifetime", "of 100"] {
        assert!(!titles.iter().any(|title| title.contains(odd)), "{odd}");
    }
}

/// The row of losses has no panel of events that are usual on a healthy node.
#[test]
fn the_row_of_losses_has_nothing_that_happens_every_day() {
    let itself = all().into_iter().find(|dashboard| dashboard.uid == "longwire-itself").unwrap();
    let losses = itself.rows.iter().find(|row| row.title.starts_with("Loss")).unwrap();
    let expressions: Vec<&str> =
        losses.panels.iter().flat_map(|panel| &panel.queries).map(|query| query.expression.as_str()).collect();
    for expression in &expressions {
        assert!(!expression.contains("unresolved") && !expression.contains("exceptions"), "{expression}");
        for (counter, reason) in
            [("connections_ignored_total", "reason=\"dropped\""), ("records_skipped_total", "reason=~\"invalid_.*\"")]
        {
            assert!(!expression.contains(counter) || expression.contains(reason), "{expression}");
        }
    }
    assert!(expressions.len() >= 4, "{expressions:?}");
}

#[test]
fn prometheus_can_read_every_query() {
    let value = |name: &str| Some(if name.starts_with("__") { "1m" } else { "x" });
    let all: Vec<String> = all().iter().flat_map(expressions).map(|text| promql::fill(&text, value)).collect();
    longwire_testkit::promtool::check(&all).unwrap();
}
