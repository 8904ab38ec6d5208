//! Renders a dashboard as JSON for Grafana 10 and newer.

use super::layout::{Item, Place, lay_out};
use super::{Column, Dashboard, Panel, Shape, Values, Variable, all, field};
use serde_json::{Map, Value, json};

/// Schema of Grafana 10.2, which newer ones read too.
const SCHEMA: u32 = 39;

/// The content of a file of `charts/longwire/dashboards`.
pub fn render(dashboard: &Dashboard) -> String {
    let json = json!({
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.description,
        "tags": ["longwire"],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": true,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "",
        "annotations": {"list": []},
        "links": links(dashboard),
        "templating": {"list": variables(dashboard)},
        "panels": lay_out(dashboard).iter().zip(1..).map(|(item, id)| panel(item, id)).collect::<Vec<_>>(),
    });
    format!("{json:#}\n")
}

/// `A` is the first query.
pub(super) fn reference(index: usize) -> String {
    char::from(b'A' + u8::try_from(index).unwrap_or_default()).to_string()
}

/// Links to the other dashboards, with the time range and the shared variables.
fn links(dashboard: &Dashboard) -> Vec<Value> {
    let others = all().into_iter().filter(|other| other.uid != dashboard.uid);
    let link = |other: Dashboard| {
        json!({
            "type": "link", "title": other.title, "tooltip": other.description, "url": format!("/d/{}", other.uid),
            "icon": "dashboard", "asDropdown": false, "targetBlank": false, "includeVars": true, "keepTime": true,
            "tags": [],
        })
    };
    others.map(link).collect()
}

fn source() -> Value {
    json!({"type": "prometheus", "uid": "${datasource}"})
}

fn variables(dashboard: &Dashboard) -> Vec<Value> {
    let source = json!({
        "name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "hide": 0,
        "includeAll": false, "multi": false, "refresh": 1, "regex": "", "options": [],
    });
    [source].into_iter().chain(dashboard.variables.iter().map(variable)).collect()
}

fn variable(variable: &Variable) -> Value {
    let (query, regex) = match &variable.values {
        Values::Of { series, label } => (format!("label_values({series}, {label})"), String::new()),
        Values::In { query, label } => (format!("query_result({query})"), format!("/{label}=\"([^\"]*)\"/")),
    };
    let mut json = json!({
        "name": variable.name, "label": variable.label, "type": "query", "datasource": source(),
        "query": {"query": query, "refId": variable.name}, "regex": regex,
        // 2: when the time range changes; 1: by name.
        "refresh": 2, "sort": 1, "hide": 0, "options": [], "multi": variable.many, "includeAll": variable.many,
    });
    if variable.many {
        json["allValue"] = ".*".into();
        json["current"] = json!({"selected": true, "text": ["All"], "value": ["$__all"]});
    }
    json
}

fn panel(item: &Item<'_>, id: u32) -> Value {
    let (place, mut json) = match item {
        Item::Heading(title, place) => {
            (place, json!({"type": "row", "title": title, "collapsed": false, "panels": []}))
        }
        Item::Panel(panel, place) => (place, whole(panel)),
    };
    let Place { x, y, width, height } = place;
    json["id"] = id.into();
    json["gridPos"] = json!({"x": x, "y": y, "w": width, "h": height});
    json
}

fn whole(panel: &Panel) -> Value {
    json!({
        "type": match panel.shape { Shape::Figure => "stat", Shape::Lines => "timeseries", Shape::Table(_) => "table" },
        "title": panel.title,
        "description": panel.description,
        "datasource": source(),
        "targets": targets(panel),
        "fieldConfig": {"defaults": field::defaults(panel), "overrides": field::overrides(panel)},
        "options": options(panel),
        "transformations": transformations(panel),
    })
}

fn targets(panel: &Panel) -> Vec<Value> {
    let at_once = !matches!(panel.shape, Shape::Lines);
    let format = if matches!(panel.shape, Shape::Table(_)) { "table" } else { "time_series" };
    let targets = panel.queries.iter().enumerate().map(|(index, query)| {
        json!({
            "refId": reference(index), "datasource": source(), "expr": query.expression, "legendFormat": query.legend,
            "format": format, "instant": at_once, "range": !at_once, "editorMode": "code",
        })
    });
    targets.collect()
}

fn options(panel: &Panel) -> Value {
    match panel.shape {
        Shape::Figure => json!({
            "colorMode": "value", "graphMode": "none", "justifyMode": "auto", "orientation": "auto", "textMode": "auto",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": false},
        }),
        Shape::Lines => json!({
            "legend": legend(panel),
            "tooltip": {"mode": "multi", "sort": "desc"},
        }),
        Shape::Table(_) => {
            let first = panel.queries.first().map_or("", |query| query.legend);
            let order = if panel.sort.is_empty() { &[first][..] } else { panel.sort };
            let order: Vec<Value> = order.iter().map(|name| json!({"displayName": name, "desc": true})).collect();
            json!({"showHeader": true, "cellHeight": "sm", "sortBy": order})
        }
    }
}

/// To the right, because below the graph there is no room for ten lines.
fn legend(panel: &Panel) -> Value {
    let calcs = if panel.is_ranked() { &["lastNotNull"][..] } else { &["lastNotNull", "max"] };
    json!({
        "displayMode": "table", "placement": "right", "showLegend": true, "calcs": calcs,
        "sortBy": "Last *", "sortDesc": true,
    })
}

/// Transformations of the answers before they are shown.
fn transformations(panel: &Panel) -> Vec<Value> {
    match &panel.shape {
        Shape::Figure => Vec::new(),
        // The host name of a Service is long, and equal for all after its namespace.
        Shape::Lines if panel.queries.iter().any(|query| query.legend.contains("{{destination_service}}")) => {
            vec![
                json!({"id": "renameByRegex", "options": {"regex": "^(.*?)\\.svc\\.[^ :]*(.*)$", "renamePattern": "$1$2"}}),
            ]
        }
        Shape::Lines => Vec::new(),
        Shape::Table(columns) => side_by_side(panel, columns),
    }
}

/// A table's queries joined side by side, with one row for each set of labels.
fn side_by_side(panel: &Panel, columns: &[Column]) -> Vec<Value> {
    let values = panel.queries.iter().enumerate().map(|(index, query)| {
        // With a single query its column's name has no letter.
        let name = if panel.queries.len() == 1 { "Value".to_owned() } else { format!("Value #{}", reference(index)) };
        (name, query.legend)
    });
    let shown = columns.iter().filter(|column| column.is_shown());
    let hidden = columns.iter().filter(|column| !column.is_shown()).map(|column| column.label);
    let hidden: Map<String, Value> = hidden.chain(["Time"]).map(|name| (name.to_owned(), true.into())).collect();
    let names: Vec<(String, &str)> =
        shown.map(|column| (column.label.to_owned(), column.heading)).chain(values).collect();
    let order: Map<String, Value> = names.iter().zip(0..).map(|((name, _), at)| (name.clone(), at.into())).collect();
    let headings: Map<String, Value> = names.into_iter().map(|(name, heading)| (name, heading.into())).collect();
    vec![
        json!({"id": "merge", "options": {}}),
        json!({"id": "organize", "options": {"excludeByName": hidden, "indexByName": order, "renameByName": headings}}),
    ]
}
