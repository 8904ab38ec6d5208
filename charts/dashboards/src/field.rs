//! Display of a panel's values: unit, axis, colours, widths, and links.

use super::once::TOP;
use super::palette::{BAD, GOOD, LINES, LOOK};
use super::{Column, Link, Panel, Query, Shape, Unit, ZERO};
use serde_json::{Value, json};

/// Width of a column of numbers with its heading, pixels.
const FIGURES: u32 = 100;

impl Unit {
    /// Grafana's id of the unit.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::BytesPerSecond => "Bps",
            Self::PerSecond => "suffix:/s",
            Self::Count => "short",
            Self::Seconds => "s",
            Self::Share => "percentunit",
        }
    }

    /// Least height of an axis. Smaller differences do not matter, and an axis that is scaled to them would alarm.
    pub(super) fn up_to(self) -> f64 {
        match self {
            Self::Bytes => 1_048_576.0,
            Self::BytesPerSecond => 1_000.0,
            Self::PerSecond => 1.0,
            Self::Count => 10.0,
            Self::Seconds => 0.001,
            Self::Share => 0.05,
        }
    }
}

/// Settings for all fields of a panel.
pub(super) fn defaults(panel: &Panel) -> Value {
    let mut defaults = json!({
        "unit": panel.unit.id(),
        "min": 0,
        "noValue": panel.absent,
        "thresholds": thresholds(panel.bounds),
        "color": {"mode": "thresholds"},
        "links": panel.link.iter().map(|link| of_series(*link)).collect::<Vec<_>>(),
    });
    if matches!(panel.shape, Shape::Figure) && panel.unit == Unit::Share {
        defaults["decimals"] = 2.into();
    }
    if matches!(panel.shape, Shape::Lines) {
        // Lines without an override, which do not exist, would have colours by their order in the answer.
        defaults["color"] = json!({"mode": "fixed", "fixedColor": LINES[0]});
        let bounds = if panel.bounds.is_some() { "dashed" } else { "off" };
        defaults["custom"] = json!({
            "drawStyle": "line", "lineWidth": 2, "fillOpacity": 0, "showPoints": "never", "spanNulls": false,
            "thresholdsStyle": {"mode": bounds}, "axisSoftMin": 0,
            "axisSoftMax": panel.up_to.unwrap_or(panel.unit.up_to()),
        });
    }
    defaults
}

fn thresholds(bounds: Option<[f64; 2]>) -> Value {
    let [look, bad] = bounds.map_or([None; 2], |bounds| bounds.map(Some));
    let mut steps = vec![json!({"color": GOOD, "value": null})];
    steps.extend(look.map(|from| json!({"color": LOOK, "value": from})));
    steps.extend(bad.map(|from| json!({"color": BAD, "value": from})));
    json!({"mode": "absolute", "steps": steps})
}

/// Settings for some fields.
pub(super) fn overrides(panel: &Panel) -> Vec<Value> {
    match &panel.shape {
        Shape::Figure => Vec::new(),
        Shape::Lines if panel.is_ranked() => (1..=TOP).map(placed).collect(),
        Shape::Lines => (0..panel.queries.len()).map(hue).collect(),
        Shape::Table(columns) => {
            let labels = columns.iter().filter(|column| column.is_shown()).map(|column| label(columns, column));
            labels.chain(panel.queries.iter().map(figures)).collect()
        }
    }
}

fn override_of(matcher: &str, options: &str, properties: &[Value]) -> Value {
    json!({"matcher": {"id": matcher, "options": options}, "properties": properties})
}

fn property(id: &str, value: impl Into<Value>) -> Value {
    json!({"id": id, "value": value.into()})
}

fn line(colour: usize) -> Vec<Value> {
    vec![property("color", json!({"mode": "fixed", "fixedColor": LINES[colour % LINES.len()]}))]
}

/// The colour of a query's line.
fn hue(query: usize) -> Value {
    override_of("byFrameRefID", &super::render::reference(query), &line(query))
}

/// The colour of the line with this rank.
fn placed(place: usize) -> Value {
    override_of("byRegexp", &format!("/^{place}\\. /"), &line(place - 1))
}

fn figures(query: &Query) -> Value {
    let mut properties = vec![
        property("unit", query.unit.map_or("short", Unit::id)),
        property("noValue", ZERO),
        property("custom.width", FIGURES),
    ];
    if query.unit == Some(Unit::Share) {
        properties.push(property("decimals", 2));
    }
    if query.bounds.is_some() {
        properties.push(property("thresholds", thresholds(query.bounds)));
        properties.push(property("custom.cellOptions", json!({"type": "color-text"})));
    }
    override_of("byName", query.legend, &properties)
}

/// A column of labels, with its width, shortened value and link.
fn label(columns: &[Column], column: &Column) -> Value {
    let heading = |label: &str| columns.iter().find(|column| column.label == label).map(|column| column.heading);
    // Links in a table refer to its columns by their headings.
    let value = |label: &str| heading(label).map(|heading| format!("${{__data.fields[\"{heading}\"]}}"));
    let mut properties = vec![property("custom.width", column.width)];
    properties.extend(column.part.map(|pattern| {
        let shown = json!({"type": "regex", "options": {"pattern": pattern, "result": {"text": "$1", "index": 0}}});
        property("mappings", json!([shown]))
    }));
    properties.extend(column.link.map(|link| property("links", json!([to(link, value)]))));
    override_of("byName", column.heading, &properties)
}

fn of_series(link: Link) -> Value {
    to(link, |label| Some(format!("${{__field.labels.{label}}}")))
}

/// Passes on the clicked value, the data source, and the time range.
fn to(link: Link, value: impl Fn(&str) -> Option<String>) -> Value {
    let variables = link.variables.iter().filter_map(|(name, label)| Some(format!("var-{name}={}&", value(label)?)));
    let variables: String = variables.collect();
    json!({
        "title": link.title,
        "url": format!("/d/{}?{variables}${{datasource:queryparam}}&${{__url_time_range}}", link.uid),
    })
}
