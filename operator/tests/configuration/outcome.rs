//! What came of a cluster's objects, in words.

use crate::cluster::Cluster;
use k8s_openapi::jiff::Timestamp;
use longwire_model::access_log::{AccessLog, LogEvent, LogFormat};
use longwire_model::matcher::{Pattern, StatsMatcher, StringMatcher};
use longwire_model::series::{Metrics, SeriesSet};
use longwire_model::telemetry::{Group, NodeSettings, Tag, Telemetry};
use std::fmt::Write;

/// Pods first, those with the same outcome together, then what is for every node, then what is wrong with whom.
pub(crate) fn outcome(cluster: &Cluster) -> String {
    let mut text = String::new();
    let locals = cluster.nodes.values().flat_map(|node| node.pods.values()).map(|(_, local)| local);
    let mut shared: Vec<(&Telemetry, Vec<String>)> = Vec::new();
    for local in locals {
        let name = format!("{}/{}", local.pod.workload.namespace, local.pod.name);
        match shared.iter_mut().find(|(telemetry, _)| **telemetry == *local.telemetry) {
            Some((_, names)) => names.push(name),
            None => shared.push((&local.telemetry, vec![name])),
        }
    }
    shared.iter_mut().for_each(|(_, names)| names.sort());
    shared.sort_by_key(|(_, names)| names.clone());
    for (telemetry, names) in shared {
        writeln!(text, "{}", names.join(", ")).unwrap();
        describe(telemetry, &mut text);
    }
    every_node(&cluster.settings, &mut text);
    for (key, state) in &cluster.policy_states {
        if let Err(refusal) = &state.accepted {
            writeln!(text, "{key} is not accepted: {refusal}").unwrap();
        }
        for warning in &state.warnings {
            writeln!(text, "{key} is accepted with a warning: {warning}").unwrap();
        }
        if let Some(conflict) = &state.conflicted {
            writeln!(text, "{key} is conflicted: {conflict}").unwrap();
        }
    }
    for warning in &cluster.warnings {
        let (namespace, name, note) = (&warning.namespace, &warning.name, &warning.note);
        writeln!(text, "Event on {namespace}/{name}: {note}").unwrap();
    }
    text
}

fn describe(telemetry: &Telemetry, text: &mut String) {
    let Telemetry { long_connections, source, destination, stats, access_log } = telemetry;
    let mut ends = vec![("source", source), ("destination", destination)];
    if source == destination {
        ends = vec![("both ends", source)];
    }
    for (end, groups) in ends {
        if groups.is_empty() {
            writeln!(text, "  {end}: nothing").unwrap();
        }
        for Group { metrics: own, tags } in groups {
            let tags: Vec<String> = tags.iter().map(tag).collect();
            let separator = if tags.is_empty() { "" } else { "; " };
            writeln!(text, "  {end}: {}{separator}{}", metrics(*own), tags.join(", ")).unwrap();
        }
    }
    if let Some(threshold) = long_connections {
        writeln!(text, "  long connections: from {threshold:?}").unwrap();
    }
    match stats {
        None => {}
        Some(StatsMatcher::RejectAll) => writeln!(text, "  statistics: none").unwrap(),
        Some(StatsMatcher::Inclusion(list)) => writeln!(text, "  statistics: {}", matchers(list)).unwrap(),
        Some(StatsMatcher::Exclusion(list)) => writeln!(text, "  statistics: all but {}", matchers(list)).unwrap(),
    }
    if let Some(access_log) = access_log {
        writeln!(text, "  access log: {}", logged(access_log)).unwrap();
    }
}

/// Events and format, and what is not as usual.
fn logged(log: &AccessLog) -> String {
    let usual = AccessLog::default();
    let AccessLog { events, interval, min_duration, filter, sample, rate_limit, until, format, outputs } = log;
    let events: Vec<&str> = events.iter().map(LogEvent::name).collect();
    let format = match format {
        LogFormat::Text(template) => template.text().to_owned(),
        preset => format!("{preset:?}").to_lowercase(),
    };
    let time = |nanos: u64| Timestamp::from_nanosecond(nanos.into()).unwrap();
    let parts = [
        Some(format!("{} as {format}", events.join(", "))),
        (*interval != usual.interval).then(|| format!("every {interval:?}")),
        (*min_duration != usual.min_duration).then(|| format!("from {min_duration:?}")),
        filter.as_ref().map(|filter| format!("if {}", filter.text())),
        (*sample != usual.sample).then(|| format!("{}% of connections", f64::from(sample.millionths()) / 10_000.0)),
        rate_limit.map(|most| format!("at most {most} lines a second")),
        until.map(|until| format!("until {}", time(until))),
        (*outputs != usual.outputs).then(|| format!("to {}", outputs.names().collect::<Vec<_>>().join(", "))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// Whole sets by their names, of others the metrics that are there, or that are not.
fn metrics(metrics: Metrics) -> String {
    let names = |metrics: Metrics| {
        let names: Vec<&str> = metrics.iter().map(|metric| metric.family().name).collect();
        names.join(" and ")
    };
    let describe = |set: SeriesSet| {
        let (all, own) = (Metrics::of(set), Metrics::of(set).intersection(metrics));
        let missing = all.difference(own);
        match (own.is_empty(), missing.is_empty(), missing.iter().count() < own.iter().count()) {
            (true, ..) => None,
            (_, true, _) => Some(set.name().to_owned()),
            (_, _, true) => Some(format!("{} without {}", set.name(), names(missing))),
            _ => Some(names(own)),
        }
    };
    SeriesSet::NAMED.into_iter().filter_map(describe).collect::<Vec<_>>().join(", ")
}

fn tag(Tag { name, value }: &Tag) -> String {
    match value {
        None => format!("without {name}"),
        Some(value) => {
            let most = value.max_values.filter(|most| *most != 100).map(|most| format!(" (at most {most})"));
            format!("{name} = {}{}", value.expression.text(), most.unwrap_or_default())
        }
    }
}

fn matchers(list: &[StringMatcher]) -> String {
    let matcher = |matcher: &StringMatcher| {
        let kind = match matcher.pattern() {
            Pattern::Exact(_) => "exact",
            Pattern::Prefix(_) => "prefix",
            Pattern::Suffix(_) => "suffix",
            Pattern::Contains(_) => "contains",
            Pattern::Regex(_) => "regex",
        };
        format!("{kind} {}", matcher.pattern().text())
    };
    list.iter().map(matcher).collect::<Vec<_>>().join(", ")
}

fn every_node(settings: &NodeSettings, text: &mut String) {
    let NodeSettings { reporting_interval, series, long_connections, series_per_namespace, access_log_rate, exporters } =
        settings;
    let exporters: Vec<&str> = exporters.iter().map(|exporter| exporter.name.as_str()).collect();
    let settings = [
        reporting_interval.map(|interval| format!("reporting interval {interval:?}")),
        series.map(|most| format!("at most {most} series")),
        long_connections.map(|most| format!("at most {most} long connections")),
        series_per_namespace.map(|most| format!("at most {most} series a namespace")),
        access_log_rate.map(|most| format!("at most {most} lines of access logs a second")),
        (!exporters.is_empty()).then(|| format!("exports to {}", exporters.join(", "))),
    ];
    let settings: Vec<String> = settings.into_iter().flatten().collect();
    if !settings.is_empty() {
        writeln!(text, "every node: {}", settings.join(", ")).unwrap();
    }
}
