//! The files are what the descriptions say, and hold together.

use super::{Dashboard, OKABE_ITO, Panel, Values, all, render};
use crate::promql;
use longwire_model::series::{
    CONNECTION_LABELS, FAMILIES, Kind, OPERATOR_METRICS, REASON, SELF_METRICS, SERVICE_LABELS,
};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Of the Prometheus client library, on both pages.
const PROCESS: [&str; 2] = ["process_resident_memory_bytes", "process_cpu_seconds_total"];
/// Given by Prometheus to every series it scrapes.
const TARGET: [&str; 2] = ["instance", "job"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../charts/longwire/dashboards")
}

/// Every panel with its dashboard's name, for messages.
fn panels() -> Vec<(String, Panel)> {
    let named = |dashboard: Dashboard| {
        let panels = dashboard.panels().cloned().collect::<Vec<_>>();
        panels.into_iter().map(move |panel| (format!("{}: {}", dashboard.title, panel.title), panel))
    };
    all().into_iter().flat_map(named).collect()
}

fn expressions(dashboard: &Dashboard) -> Vec<String> {
    let queries = dashboard.panels().flat_map(|panel| &panel.queries).map(|query| query.expression.clone());
    let variables = dashboard.variables.iter().map(|variable| match &variable.values {
        Values::Of { series, .. } => series.clone(),
        Values::In { query, .. } => query.clone(),
    });
    queries.chain(variables).collect()
}

/// Every name under which a sample of ours can stand.
fn series() -> BTreeSet<String> {
    let suffixes =
        |kind: Kind| if matches!(kind, Kind::Histogram(_)) { &["_bucket", "_sum", "_count"][..] } else { &[""] };
    let families =
        FAMILIES.iter().flat_map(|family| suffixes(family.kind).iter().map(|end| format!("{}{end}", family.name)));
    let own = SELF_METRICS.iter().chain(&OPERATOR_METRICS).map(|metric| metric.name.to_owned());
    families.chain(own).chain(PROCESS.map(str::to_owned)).collect()
}

fn labels() -> BTreeSet<&'static str> {
    let own = SELF_METRICS.iter().chain(&OPERATOR_METRICS).flat_map(|metric| metric.labels);
    let edges = SERVICE_LABELS.iter().chain(&CONNECTION_LABELS).chain(&[REASON, "le"]).chain(&TARGET);
    // What `label_replace` makes of the two ends' labels.
    let made = ["workload", "workload_namespace"];
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
            "{} is old: UPDATE_DASHBOARDS=1 cargo test -p longwire-e2e --lib grafana writes it anew",
            path.display()
        );
        expected.insert(path.file_name().unwrap().to_owned());
    }
    let found: BTreeSet<_> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(found, expected, "a dashboard that nobody describes");
}

#[test]
fn every_panel_says_what_it_shows_and_every_query_its_name() {
    let mut titles = BTreeSet::new();
    for (name, panel) in panels() {
        assert!(titles.insert(name.clone()), "{name}: twice");
        assert!(panel.description.ends_with('.') && panel.description.len() > 20, "{name}: {:?}", panel.description);
        assert!(!panel.queries.is_empty(), "{name} asks for nothing");
        let legends: BTreeSet<_> = panel.queries.iter().map(|query| query.legend).collect();
        assert_eq!(legends.len(), panel.queries.len(), "{name}: {legends:?}");
        assert!(panel.queries.len() <= 6, "{name}: more queries than colours");
        let is_table = matches!(panel.shape, super::Shape::Table(_));
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

/// Legends and links too: a label that a query does not keep would read as nothing.
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
        // Grafana's own begin with underscores; `$1` is of a regular expression.
        let used = promql::variables(&json["panels"].to_string())
            .into_iter()
            .chain(promql::variables(&json["templating"].to_string()));
        let unknown: Vec<_> = used.filter(|name| !name.starts_with("__") && !defined.contains(name.as_str())).collect();
        assert_eq!(unknown, [""; 0], "{}", dashboard.title);
    }
}

/// Every `url` anywhere in it.
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
fn no_colour_is_used_that_some_people_cannot_tell_from_another() {
    for dashboard in all() {
        let json = render(&dashboard);
        let colours: BTreeSet<&str> = json.split("\"#").skip(1).map(|rest| &rest[..6]).collect();
        let strangers: Vec<_> =
            colours.iter().filter(|colour| !OKABE_ITO.contains(&format!("#{colour}").as_str())).collect();
        assert!(strangers.is_empty() && colours.len() > 1, "{}: {strangers:?}", dashboard.title);
        assert!(!json.contains("palette-classic"), "{}: Grafana's own palette has red and green", dashboard.title);
    }
}

#[test]
fn prometheus_can_read_every_query() {
    let value = |name: &str| Some(if name.starts_with("__") { "1m" } else { "x" });
    let all: Vec<String> = all().iter().flat_map(expressions).map(|text| promql::fill(&text, value)).collect();
    promql::check(&all).unwrap();
}
