//! Longwire's dashboards: short descriptions, and the JSON that Grafana reads made from them.
//!
//! ```text
//! mesh, service, workload, connections, longwire: Dashboard --render--> charts/longwire/dashboards/*.json
//!                                                      `---- queries ----> a real Prometheus, in the tests
//! charts/longwire/dashboards/*.json --Grafana's own panels (e2e/grafana/pictures)--> docs/pictures/*.png
//! ```

mod connections;
mod field;
mod layout;
mod longwire;
mod mesh;
mod once;
mod palette;
mod render;
mod service;
#[cfg(test)]
mod tests;
mod workload;

pub use once::{CONNECTION, EDGE};
pub use palette::{LINES, OKABE_ITO};
pub use render::render;

/// All of them, in the order in which they link to each other.
#[must_use]
pub fn all() -> [Dashboard; 5] {
    [mesh::dashboard(), service::dashboard(), workload::dashboard(), connections::dashboard(), longwire::dashboard()]
}

#[derive(Clone, Debug)]
pub struct Dashboard {
    /// What links name it by, and its file.
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

/// What a person chooses at the top of a dashboard.
#[derive(Clone, Debug)]
pub struct Variable {
    pub name: &'static str,
    pub label: &'static str,
    pub values: Values,
    /// Any number of values, and all of them at first.
    pub many: bool,
}

/// Where a variable's values come from; always from series of ours.
#[derive(Clone, Debug)]
pub enum Values {
    /// Those that a label has in the series that match.
    Of { series: String, label: &'static str },
    /// Those that a label has in the answer to a query.
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
    /// What it shows, in words that need no knowledge of TCP.
    pub description: &'static str,
    pub shape: Shape,
    pub unit: Unit,
    pub queries: Vec<Query>,
    /// From where on a figure is worth a look, and from where on it is bad.
    pub bounds: Option<[f64; 2]>,
    /// Where a click on one of its series leads.
    pub link: Option<Link>,
    /// What stands where a query has no answer.
    pub absent: &'static str,
    /// What an axis shows at least, where this is another height than its unit's.
    pub up_to: Option<f64>,
    /// Headings by which a table's rows are sorted, the highest first; the first query's if there is none.
    pub sort: &'static [&'static str],
}

/// Nothing was counted: that is a number.
pub const ZERO: &str = "0";
/// Nothing was measured: that is not 0.
pub const NO_SAMPLES: &str = "no samples";

#[derive(Clone, Debug)]
pub enum Shape {
    /// One figure, large.
    Figure,
    /// Lines over time.
    Lines,
    /// A row for each set of values of these columns, and a column more for each query.
    Table(Vec<Column>),
}

#[derive(Clone, Debug)]
pub struct Query {
    pub expression: String,
    /// Of a line, with `{{label}}`s; or a column's heading.
    pub legend: &'static str,
    /// Where a column of a table has another one than the panel.
    pub unit: Option<Unit>,
    /// As a panel's, of a table's column.
    pub bounds: Option<[f64; 2]>,
}

/// A label as a column.
#[derive(Clone, Debug)]
pub struct Column {
    pub label: &'static str,
    pub heading: &'static str,
    pub link: Option<Link>,
    /// Pixels that the longest usual value needs; 0: it tells rows apart, and is not shown.
    pub width: u32,
    /// The part of a value that is shown, as a regular expression with one group; all of it where there is none.
    pub part: Option<&'static str>,
}

/// Another dashboard, for what was clicked on: its variables and the labels that they are filled from.
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
    /// Connections, packets or other things that are counted, each second.
    PerSecond,
    Count,
    Seconds,
    /// Of one.
    Share,
}

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

    pub(crate) fn column(mut self, heading: &'static str, unit: Unit, expression: String) -> Self {
        self.queries.push(Query { expression, legend: heading, unit: Some(unit), bounds: None });
        self
    }

    /// A column whose figures are coloured from these bounds on.
    pub(crate) fn judged(mut self, heading: &'static str, unit: Unit, bounds: [f64; 2], expression: String) -> Self {
        self.queries.push(Query { expression, legend: heading, unit: Some(unit), bounds: Some(bounds) });
        self
    }

    pub(crate) fn sort(self, sort: &'static [&'static str]) -> Self {
        Self { sort, ..self }
    }

    /// It measures: where nothing happened there is no figure, and 0 would be wrong.
    pub(crate) fn measured(self) -> Self {
        Self { absent: NO_SAMPLES, ..self }
    }

    pub(crate) fn up_to(self, value: f64) -> Self {
        Self { up_to: Some(value), ..self }
    }

    /// Lines of the highest of many, each with its place among them; see [`once::top`].
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

    /// Any number of the values that a label has in one of our series.
    pub(crate) fn many(name: &'static str, label: &'static str, series: &str, of: &'static str) -> Self {
        Self::new(name, label, Values::Of { series: series.to_owned(), label: of }, true)
    }

    /// One of them.
    pub(crate) fn one(name: &'static str, label: &'static str, series: &str, of: &'static str) -> Self {
        Self { many: false, ..Self::many(name, label, series, of) }
    }

    /// One of the values that a label has at either end of an edge, written as `end` (`workload_namespace`).
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
