//! How a panel's values look: unit, colours, and where a click leads.

use super::palette::{BAD, GOOD, LOOK, OKABE_ITO, SHADED};
use super::{Column, Link, Panel, Query, Shape, Unit};
use serde_json::{Value, json};

impl Unit {
    /// Grafana's name of it.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::BytesPerSecond => "Bps",
            Self::PerSecond => "cps",
            Self::Count => "short",
            Self::Seconds => "s",
            Self::Share => "percentunit",
        }
    }
}

/// What holds for all fields of a panel.
pub(super) fn defaults(panel: &Panel) -> Value {
    let [look, bad] = panel.bounds.map_or([None; 2], |bounds| bounds.map(Some));
    let mut steps = vec![json!({"color": GOOD, "value": null})];
    steps.extend(look.map(|from| json!({"color": LOOK, "value": from})));
    steps.extend(bad.map(|from| json!({"color": BAD, "value": from})));
    let mut defaults = json!({
        "unit": panel.unit.id(),
        "min": 0,
        "thresholds": {"mode": "absolute", "steps": steps},
        "color": {"mode": "thresholds"},
        "links": panel.link.iter().map(|link| of_series(*link)).collect::<Vec<_>>(),
    });
    if matches!(panel.shape, Shape::Lines) {
        // Lightness tells many lines of one query apart; the queries have a hue each, see `overrides`.
        defaults["color"] = json!({"mode": "shades", "fixedColor": SHADED});
        let bounds = if panel.bounds.is_some() { "dashed" } else { "off" };
        defaults["custom"] = json!({
            "drawStyle": "line", "lineWidth": 1, "fillOpacity": 8, "showPoints": "never", "spanNulls": false,
            "thresholdsStyle": {"mode": bounds},
        });
    }
    defaults
}

/// What holds for some fields alone.
pub(super) fn overrides(panel: &Panel) -> Vec<Value> {
    match &panel.shape {
        Shape::Figure => Vec::new(),
        Shape::Lines if panel.queries.len() > 1 => panel.queries.iter().enumerate().map(hue).collect(),
        Shape::Lines => Vec::new(),
        Shape::Table(columns) => {
            let links = columns.iter().filter_map(|column| Some((column, column.link?)));
            links.map(|(column, link)| linked(columns, column, link)).chain(panel.queries.iter().map(column)).collect()
        }
    }
}

/// One query's lines, in shades of its own colour where there are several.
fn hue((index, query): (usize, &Query)) -> Value {
    let mode = if query.legend.contains("{{") { "shades" } else { "fixed" };
    let color = json!({"mode": mode, "fixedColor": OKABE_ITO[index % OKABE_ITO.len()]});
    json!({
        "matcher": {"id": "byFrameRefID", "options": super::render::reference(index)},
        "properties": [{"id": "color", "value": color}],
    })
}

fn column(query: &Query) -> Value {
    let unit = query.unit.map_or("short", Unit::id);
    json!({
        "matcher": {"id": "byName", "options": query.legend},
        "properties": [{"id": "unit", "value": unit}, {"id": "custom.width", "value": 110}],
    })
}

fn linked(columns: &[Column], column: &Column, link: Link) -> Value {
    let heading = |label: &str| columns.iter().find(|column| column.label == label).map(|column| column.heading);
    // A table's links read its columns, by their headings.
    let value = |label: &str| heading(label).map(|heading| format!("${{__data.fields[\"{heading}\"]}}"));
    json!({
        "matcher": {"id": "byName", "options": column.heading},
        "properties": [{"id": "links", "value": [to(link, value)]}],
    })
}

fn of_series(link: Link) -> Value {
    to(link, |label| Some(format!("${{__field.labels.{label}}}")))
}

/// Carries what was clicked on, the data source, and the time range.
fn to(link: Link, value: impl Fn(&str) -> Option<String>) -> Value {
    let variables = link.variables.iter().filter_map(|(name, label)| Some(format!("var-{name}={}&", value(label)?)));
    let variables: String = variables.collect();
    json!({
        "title": link.title,
        "url": format!("/d/{}?{variables}${{datasource:queryparam}}&${{__url_time_range}}", link.uid),
    })
}
