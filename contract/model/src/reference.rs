//! Renders docs/metrics.md, docs/expressions.md and a section of docs/logs-and-exports.md from the tables that the programs use.

pub mod expressions;
pub mod logs;
mod origin;
mod prose;
#[cfg(test)]
mod tests;

use crate::scope::Scope;
use crate::series::{
    DIRECTION, DIRECTIONS, FAMILIES, Family, Kind, LABEL_VALUES, LabelValues, OPERATOR_METRICS, REASON, SELF_METRICS,
    SERVER_STATISTICS, SelfKind, SelfMetric, SeriesSet,
};
use std::fmt::Write;

/// The whole page of metrics, as Markdown.
#[must_use]
pub fn render() -> String {
    let mut page = String::from(prose::OPENING);
    for set in SeriesSet::ALL {
        page.push_str(&series_set(set));
    }
    page.push_str(prose::CLOSING);
    page.push_str(&self_metrics("Metrics of the probe itself", &SELF_METRICS));
    page.push_str(&self_metrics("Metrics of the operator itself", &OPERATOR_METRICS));
    page.push_str(prose::VALUES);
    LABEL_VALUES.iter().for_each(|row| page.push_str(&values(row)));
    page
}

fn series_set(set: SeriesSet) -> String {
    let families: Vec<&Family> = FAMILIES.iter().filter(|family| family.set == set).collect();
    let mut section = format!("\n## Series set `{}`\n\n{}\n", set.name(), prose::of(set));
    section.push_str(&table(
        ["series", "type", "unit", "meaning", "source"],
        families.iter().map(|family| row_of(family)),
    ));
    section.push_str(&buckets(&families));
    section.push_str(&labels(set, &families));
    if set == SeriesSet::Envoy {
        let rows = SERVER_STATISTICS.iter().map(|row| [code(row.name), code(row.statistic), row.help.to_owned()]);
        section.push_str(prose::SERVER_STATISTICS);
        section.push_str(&table(["series", "statistic", "meaning"], rows));
    }
    section
}

fn row_of(family: &Family) -> [String; 5] {
    let kind = match family.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram(_) => "histogram",
    };
    [code(family.name), kind.to_owned(), unit(family.name).to_owned(), family.help.to_owned(), family.source.to_owned()]
}

/// The unit at the end of a name, as Prometheus' conventions require.
fn unit(name: &str) -> &'static str {
    let name = name.strip_suffix("_total").unwrap_or(name);
    match name.rsplit('_').next() {
        Some("bytes") => "bytes",
        Some("seconds") => "seconds",
        Some("opened" | "closed" | "failed" | "active" | "cx" | "fail" | "destroy" | "local" | "remote") => {
            "connections"
        }
        Some("retrans") => "segments",
        Some("lost" | "loss" | "packets") => "packets",
        _ => "",
    }
}

fn buckets(families: &[&Family]) -> String {
    let histograms = families.iter().filter_map(|family| match family.kind {
        Kind::Histogram(bounds) => Some((family.name, bounds)),
        Kind::Counter | Kind::Gauge => None,
    });
    let mut text = String::new();
    for (name, bounds) in histograms {
        let bounds: Vec<String> = bounds.iter().map(f64::to_string).collect();
        let _ = write!(text, "\nBuckets of `{name}`, in seconds: {}, +Inf.\n", bounds.join(", "));
    }
    text
}

/// Labels that an earlier set has described are not described again.
fn labels(set: SeriesSet, families: &[&Family]) -> String {
    if set == SeriesSet::Longwire {
        let reasons = prose::REASONS.iter().map(|(value, meaning)| [code(value), (*meaning).to_owned()]);
        let reasons = table([REASON, "meaning"], reasons);
        return format!(
            "\nLabels are those of `istio`. `longwire_tcp_connections_failed_total` has one more, `{REASON}`:\n\n{reasons}"
        );
    }
    let names = families.first().map_or(&[][..], |family| family.labels());
    let rows = names.iter().map(|name| [code(name), origin::of(name).to_owned()]);
    let mut text = format!("\nLabels, {} of them, in this order:\n\n{}", names.len(), table(["label", "value"], rows));
    if set == SeriesSet::Locality {
        text.push_str(&localities());
    }
    text
}

fn localities() -> String {
    let directions = DIRECTIONS.iter().zip(prose::DIRECTIONS);
    let directions = directions.map(|(value, meaning)| [code(value), meaning.to_owned()]);
    let scopes = Scope::ALL.iter().map(|scope| [code(scope.name()), scope.meaning().to_owned()]);
    format!(
        "\nThere is one more, `{DIRECTION}`:\n\n{}\nValues of `scope`, and `overflow` in overflow series:\n\n{}",
        table([DIRECTION, "meaning"], directions),
        table(["scope", "meaning"], scopes)
    )
}

fn self_metrics(title: &str, metrics: &[SelfMetric]) -> String {
    let row = |metric: &SelfMetric| {
        let kind = match metric.kind {
            SelfKind::Counter => "counter",
            SelfKind::Gauge => "gauge",
            SelfKind::Histogram => "histogram",
        };
        let labels: Vec<String> = metric.labels.iter().map(|label| code(label)).collect();
        [code(metric.name), kind.to_owned(), labels.join(", "), metric.help.to_owned()]
    };
    let rows = table(["series", "type", "labels", "meaning"], metrics.iter().map(row));
    format!("\n## {title}\n\n{}\n{rows}", prose::SELF_METRICS)
}

fn values(LabelValues { metrics, label, values }: &LabelValues) -> String {
    let metrics: Vec<String> = metrics.iter().map(|metric| code(metric)).collect();
    let rows = values.iter().map(|(value, meaning)| [code(value), (*meaning).to_owned()]);
    format!("\n{}, label {}:\n\n{}", metrics.join(", "), code(label), table(["value", "meaning"], rows))
}

fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(&head.map(str::to_owned));
    text.push_str(&line(&["---"; N].map(str::to_owned)));
    text.extend(rows.map(|cells| line(&cells.map(|cell| cell.replace('|', "\\|")))));
    text
}

fn code(name: &str) -> String {
    format!("`{name}`")
}
