//! Longwire's dashboards: short descriptions, and the JSON that Grafana reads made from them.
//!
//! ```text
//! mesh, service, workload, connections, longwire: Dashboard --render--> charts/longwire/dashboards/*.json
//!                                                      `---- queries ----> a real Prometheus, in the tests
//! charts/longwire/dashboards/*.json --Grafana's own panels (e2e/grafana/pictures)--> docs/pictures/*.png
//! ```

pub mod alerts;
mod connections;
pub mod consumers;
mod field;
pub mod kiali;
mod layout;
mod longwire;
mod mesh;
mod once;
mod palette;
pub mod promql;
mod render;
mod service;
#[cfg(test)]
mod tests;
mod workload;

pub use once::{CONNECTION, EDGE};
pub use palette::{LINES, OKABE_ITO};
pub use render::render;

/// All dashboards, in the order of their links.
pub fn all() -> [Dashboard; 5] {
    [mesh::dashboard(), service::dashboard(), workload::dashboard(), connections::dashboard(), longwire::dashboard()]
}

#[derive(Clone, Debug)]
pub struct Dashboard {
    /// Its id in links, and the name of its file.
    pub uid: &'static str,
    pub title: &'static str,
    pub description: &'static str,
    pub variables: Vec<Variable>,
    pub rows: Vec<Row>,
}

impl Dashboard {
    pub fn panels(&self) -> impl Iterator<Item = &Panel> {
        self.rows.iter().flat_map(|row| &row.panels)
    }
}

/// A variable at the top of a dashboard.
#[derive(Clone, Debug)]
pub struct Variable {
    pub name: &'static str,
    pub label: &'static str,
    pub values: Values,
    /// Multiple values; all of them by default.
    pub many: bool,
}

/// The source of a variable's values, always our series.
#[derive(Clone, Debug)]
pub enum Values {
    /// A label's values in the matching series.
    Of { series: String, label: &'static str },
    /// A label's values in the answer to a query.
    In { query: String, label: &'static str },
}

#[derive(Clone, Debug)]
pub struct Row {
    pub title: &'static str,
    pub panels: Vec<Panel>,
}

#[derive(Clone, Debug)]
pub struct Panel {
    pub title: &'static str,
    /// Its description, for readers without knowledge of TCP.
    pub description: &'static str,
    pub shape: Shape,
    pub unit: Unit,
    pub queries: Vec<Query>,
    /// Thresholds of the colours for a warning and an error.
    pub bounds: Option<[f64; 2]>,
    /// Target of a click on one of its series.
    pub link: Option<Link>,
    /// Text if a query has no answer.
    pub absent: &'static str,
    /// Least height of an axis, if it is not the unit's.
    pub up_to: Option<f64>,
    /// Headings by which a table is sorted in descending order; by default the first query's.
    pub sort: &'static [&'static str],
}

/// If nothing was counted, the value is 0.
pub const ZERO: &str = "0";
/// If nothing was measured, there is no value, not 0.
pub const NO_SAMPLES: &str = "no samples";

#[derive(Clone, Debug)]
pub enum Shape {
    /// One large number.
    Figure,
    /// Lines over time.
    Lines,
    /// A row for each set of values of these columns, and a further column for each query.
    Table(Vec<Column>),
}

#[derive(Clone, Debug)]
pub struct Query {
    pub expression: String,
    /// Of a line, with `{{label}}`s; or the heading of a column.
    pub legend: &'static str,
    /// Unit of a table's column, if it is not the panel's.
    pub unit: Option<Unit>,
    /// Thresholds of a table's column.
    pub bounds: Option<[f64; 2]>,
}

/// A label as a column.
#[derive(Clone, Debug)]
pub struct Column {
    pub label: &'static str,
    pub heading: &'static str,
    pub link: Option<Link>,
    /// Pixels for the longest usual value. 0: distinguishes rows, and is hidden.
    pub width: u32,
    /// The displayed part of a value, as a regular expression with one group. `None`: all of it.
    pub part: Option<&'static str>,
}

/// A link to another dashboard: its variables and the labels that they are set from.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    pub title: &'static str,
    pub uid: &'static str,
    pub variables: &'static [(&'static str, &'static str)],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Bytes,
    BytesPerSecond,
    /// Counted things, such as connections or packets, per second.
    PerSecond,
    Count,
    Seconds,
    /// A ratio, 0 to 1.
    Share,
}

/// Its name, and itself.
pub(crate) type Quantile = (&'static str, &'static str);
pub(crate) const P50: Quantile = ("p50", "0.5");
pub(crate) const P95: Quantile = ("p95", "0.95");
pub(crate) const P99: Quantile = ("p99", "0.99");

impl Column {
    pub(crate) fn new(label: &'static str, heading: &'static str, width: u32) -> Self {
        Self { label, heading, link: None, width, part: None }
    }

    pub(crate) fn hidden(label: &'static str) -> Self {
        Self::new(label, label, 0)
    }

    pub(crate) fn is_shown(&self) -> bool {
        self.width > 0
    }

    pub(crate) fn link(self, link: Link) -> Self {
        Self { link: Some(link), ..self }
    }

    pub(crate) fn part(self, pattern: &'static str) -> Self {
        Self { part: Some(pattern), ..self }
    }
}

impl Panel {
    fn new(title: &'static str, shape: Shape, unit: Unit, description: &'static str) -> Self {
        let (queries, bounds, link, up_to) = (Vec::new(), None, None, None);
        Self { title, description, shape, unit, queries, bounds, link, absent: ZERO, up_to, sort: &[] }
    }

    pub(crate) fn figure(title: &'static str, unit: Unit, description: &'static str) -> Self {
        Self::new(title, Shape::Figure, unit, description)
    }

    pub(crate) fn lines(title: &'static str, unit: Unit, description: &'static str) -> Self {
        Self::new(title, Shape::Lines, unit, description)
    }

    pub(crate) fn table(title: &'static str, columns: Vec<Column>, description: &'static str) -> Self {
        Self::new(title, Shape::Table(columns), Unit::BytesPerSecond, description)
    }

    pub(crate) fn query(mut self, legend: &'static str, expression: String) -> Self {
        self.queries.push(Query { expression, legend, unit: None, bounds: None });
        self
    }

    /// A line for each quantile of a histogram.
    pub(crate) fn quantiles(self, quantiles: &[Quantile], histogram: &str, chosen: &str) -> Self {
        let with = |panel: Self, (name, quantile): &Quantile| {
            panel.query(name, once::quantile(quantile, &[], histogram, chosen))
        };
        quantiles.iter().fold(self, with).measured()
    }

    pub(crate) fn column(mut self, heading: &'static str, unit: Unit, expression: String) -> Self {
        self.queries.push(Query { expression, legend: heading, unit: Some(unit), bounds: None });
        self
    }

    /// A column whose values are coloured by these thresholds.
    pub(crate) fn judged(mut self, heading: &'static str, unit: Unit, bounds: [f64; 2], expression: String) -> Self {
        self.queries.push(Query { expression, legend: heading, unit: Some(unit), bounds: Some(bounds) });
        self
    }

    pub(crate) fn sort(self, sort: &'static [&'static str]) -> Self {
        Self { sort, ..self }
    }

    /// A measurement: without events there is no value, and 0 would be wrong.
    pub(crate) fn measured(self) -> Self {
        Self { absent: NO_SAMPLES, ..self }
    }

    pub(crate) fn up_to(self, value: f64) -> Self {
        Self { up_to: Some(value), ..self }
    }

    /// Shows only the highest lines, each with its rank; see [`once::top`].
    pub(crate) fn is_ranked(&self) -> bool {
        self.queries.iter().any(|query| query.legend.starts_with(once::PLACED))
    }

    pub(crate) fn bounds(self, look: f64, bad: f64) -> Self {
        Self { bounds: Some([look, bad]), ..self }
    }

    pub(crate) fn link(self, link: Link) -> Self {
        Self { link: Some(link), ..self }
    }
}

impl Variable {
    fn new(name: &'static str, label: &'static str, values: Values, many: bool) -> Self {
        Self { name, label, values, many }
    }

    /// A variable with multiple values, from a label of one of our series.
    pub(crate) fn many(name: &'static str, label: &'static str, series: &str, of: &'static str) -> Self {
        Self::new(name, label, Values::Of { series: series.to_owned(), label: of }, true)
    }

    /// The namespaces of both ends, from one of our series.
    pub(crate) fn namespaces(series: &str) -> Vec<Self> {
        vec![
            Self::many("source_namespace", "From namespace", series, "source_workload_namespace"),
            Self::many("destination_namespace", "To namespace", series, "destination_service_namespace"),
        ]
    }

    /// A variable with one of them.
    pub(crate) fn one(name: &'static str, label: &'static str, series: &str, of: &'static str) -> Self {
        Self { many: false, ..Self::many(name, label, series, of) }
    }

    /// A variable with one of a label's values at either end of an edge; the label is `end` without its prefix
    /// (`workload_namespace`).
    pub(crate) fn at_either_end(name: &'static str, label: &'static str, select: [&str; 2], end: &'static str) -> Self {
        let [source, destination] = [("source", select[0]), ("destination", select[1])].map(|(side, select)| {
            format!(
                "label_replace(istio_tcp_connections_opened_total{{{select}}}, \"{end}\", \"$1\", \"{side}_{end}\", \"(.*)\")"
            )
        });
        let query = format!("count by ({end}) ({source} or {destination})");
        Self::new(name, label, Values::In { query, label: end }, false)
    }
}
