//! A description for a person: a section for each sort of thing, a line for each of them, and where it is from. Pure.

use super::Description;
use super::feeds::{Feed, Role};
use super::groups::{Canonical, Group};
use crate::amount::{bytes, counted};
use crate::options::Described;
use crate::plain::plain;
use anstyle::{AnsiColor, Style};
use longwire_live::effective_telemetry::{
    EffectiveSet, EffectiveTelemetryStatus, Loser, MetricSelection, ObjectReference, Origin, Provenance,
};
use std::fmt::Write;

const TITLE: Style = Style::new().bold();
const ON: Style = AnsiColor::Green.on_default();
const PROBLEM: Style = AnsiColor::Red.on_default().bold();
const LOST: Style = Style::new().dimmed();

/// Pods that a group names.
const PODS: usize = 8;
/// Peers that are shown.
const PEERS: usize = 20;
/// A longer value has its origin on the next line.
const WIDEST: usize = 48;

/// What there is, and where it is from.
struct Entry {
    style: Style,
    value: String,
    /// What is said behind the origin.
    more: String,
    provenance: Provenance,
}

impl Entry {
    fn new(value: String, more: String, provenance: &Provenance) -> Self {
        Self { style: Style::new(), value, more, provenance: provenance.clone() }
    }
}

pub(super) fn text(description: &Description) -> String {
    let Description { kind, namespace, name, groups, feeds } = description;
    let title = match kind {
        Described::Pod => "Pod",
        Described::Service => "Service",
    };
    let mut text = format!("{TITLE}{title} {}/{}{TITLE:#}\n", plain(namespace), plain(name));
    if *kind == Described::Service {
        let pods = groups.iter().map(|group| group.pods.len()).sum::<usize>() as u64;
        let different =
            if groups.len() > 1 { format!(", with {} different telemetries", groups.len()) } else { String::new() };
        let _ = writeln!(text, "It leads to {}{different}.", counted(pods, "pod"));
    }
    for group in groups {
        text += &head(group, *kind);
        text += &sections(&group.telemetry);
    }
    text += "\n";
    text += &talks(feeds.as_deref());
    text
}

/// Who is in the group.
fn head(group: &Group, kind: Described) -> String {
    let Group { pods, workloads, nodes, canonical_services, services, telemetry: _ } = group;
    let mut rows = Vec::new();
    if kind == Described::Service {
        rows.push((if pods.len() == 1 { "Pod" } else { "Pods" }, some(pods.iter().map(String::as_str))));
    }
    rows.push(("Workload", some(workloads.iter().map(String::as_str))));
    rows.push(("Node", some(nodes.iter().map(String::as_str))));
    let canonical = |Canonical { name, revision }: &Canonical| format!("{name}, revision {revision}");
    let canonical: Vec<String> = canonical_services.iter().map(canonical).collect();
    rows.push(("Canonical service", some(canonical.iter().map(String::as_str))));
    if kind == Described::Pod {
        rows.push(("Services", some(services.iter().map(String::as_str))));
    }
    let row = |(name, value): (&str, String)| format!("  {name:<17}  {value}\n");
    let rows: String = rows.into_iter().map(row).collect();
    if kind == Described::Service { format!("\n{rows}") } else { rows }
}

/// The first few.
fn some<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let more = names.len().saturating_sub(PODS);
    let mut shown: Vec<String> = names.take(PODS).map(plain).collect();
    if shown.is_empty() {
        return "none".to_owned();
    }
    shown.extend((more > 0).then(|| format!("and {more} more")));
    shown.join(", ")
}

fn sections(telemetry: &EffectiveTelemetryStatus) -> String {
    let EffectiveTelemetryStatus { series_sets, overrides, tags, settings, objects, annotations, problems, left_out } =
        telemetry;
    let mut text = section("Series sets", sets(series_sets));
    let overrides = overrides.iter().map(|it| {
        let value = format!("{} {}", if it.disabled { "disabled:" } else { "enabled:" }, metrics(&it.metrics));
        Entry::new(value, String::new(), &it.provenance)
    });
    text += &section("Overrides", overrides.collect());
    let tags = tags.iter().map(|it| {
        let value =
            it.value.as_ref().map_or_else(|| format!("{} removed", it.name), |value| format!("{} = {value}", it.name));
        let most = it.max_values.map(|most| format!(", at most {most} values")).unwrap_or_default();
        let only = if it.metrics.is_all() { String::new() } else { format!(", {}", metrics(&it.metrics)) };
        Entry::new(value, format!("{most}{only}"), &it.provenance)
    });
    text += &section("Tags", tags.collect());
    let settings =
        settings.iter().map(|it| Entry::new(format!("{} = {}", it.name, it.value), String::new(), &it.provenance));
    let settings: Vec<_> = settings.collect();
    if !settings.is_empty() {
        text += &section("Other settings", settings);
    }
    if !annotations.is_empty() {
        text += &lines("Annotations of the pod", annotations.iter().map(|it| format!("{}: {:?}", it.name, it.value)));
    }
    text += &lines("Objects that apply", objects.iter().map(reference));
    for (at, problem) in problems.iter().enumerate() {
        if at == 0 {
            let _ = writeln!(text, "\n{TITLE}Problems{TITLE:#}");
        }
        let about = problem.object.as_ref().map_or_else(|| "the pod".to_owned(), reference);
        let (about, reason) = (plain(&about), plain(&problem.reason));
        let _ = writeln!(text, "  {PROBLEM}{reason}{PROBLEM:#} {about}: {}", plain(&problem.message));
    }
    if *left_out > 0 {
        let _ = writeln!(text, "\n{left_out} more entries are not shown.");
    }
    text
}

/// Those that are alike in one entry.
fn sets(sets: &[EffectiveSet]) -> Vec<Entry> {
    let mut alike: Vec<(Vec<&str>, &EffectiveSet)> = Vec::new();
    for set in sets {
        let is_like = |other: &EffectiveSet| {
            (other.on, &other.reason, &other.provenance) == (set.on, &set.reason, &set.provenance)
        };
        match alike.iter_mut().find(|(_, other)| is_like(other)) {
            Some((names, _)) => names.push(&set.name),
            None => alike.push((vec![&set.name], set)),
        }
    }
    alike.sort_by_key(|(_, set)| !set.on);
    let entry = |(names, set): (Vec<&str>, &EffectiveSet)| {
        let EffectiveSet { name: _, on, reason, provenance } = set;
        let value = format!("{} {}", if *on { "on: " } else { "off:" }, names.join(", "));
        let why = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        Entry { style: if *on { ON } else { Style::new() }, ..Entry::new(value, why, provenance) }
    };
    alike.into_iter().map(entry).collect()
}

fn metrics(selection: &MetricSelection) -> String {
    let MetricSelection { source, destination, none_on } = selection;
    if *none_on {
        return "metrics of series sets that are off, so without effect".to_owned();
    }
    let of = |names: &[String], end: &str| (!names.is_empty()).then(|| format!("{} as the {end}", names.join(", ")));
    match (source.is_empty(), destination.is_empty()) {
        (true, true) => "all metrics".to_owned(),
        _ if source == destination => source.join(", "),
        _ => {
            [of(source, "source"), of(destination, "destination")].into_iter().flatten().collect::<Vec<_>>().join("; ")
        }
    }
}

fn section(title: &str, entries: Vec<Entry>) -> String {
    let mut text = format!("\n{TITLE}{title}{TITLE:#}\n");
    if entries.is_empty() {
        text += "  none\n";
    }
    let width = |entry: &Entry| entry.value.chars().count();
    let widest = entries.iter().map(width).filter(|width| *width <= WIDEST).max().unwrap_or(0);
    for entry in entries {
        let Entry { style, value, more, provenance: Provenance { from, lost, more_lost } } = &entry;
        let by = from.as_ref().map_or_else(|| "Longwire's default".to_owned(), |from| format!("from {}", origin(from)));
        let gap =
            if width(&entry) > widest { format!("\n  {:widest$}", "") } else { " ".repeat(widest - width(&entry)) };
        let _ = writeln!(text, "  {style}{}{style:#}{gap}   {}{}", plain(value), plain(&by), plain(more));
        for Loser { origin: loser, why } in lost {
            let _ = writeln!(text, "  {:widest$}   {LOST}lost: {}: {}{LOST:#}", "", plain(&origin(loser)), plain(why));
        }
        if *more_lost > 0 {
            let _ = writeln!(text, "  {:widest$}   {LOST}lost: {more_lost} more{LOST:#}", "");
        }
    }
    text
}

fn lines(title: &str, lines: impl ExactSizeIterator<Item = String>) -> String {
    let none = (lines.len() == 0).then(|| "  none\n".to_owned());
    let lines: String = lines.map(|line| format!("  {}\n", plain(&line))).chain(none).collect();
    format!("\n{TITLE}{title}{TITLE:#}\n{lines}")
}

fn talks(feeds: Option<&[Feed]>) -> String {
    let mut text = format!("{TITLE}Open connections that feed it now{TITLE:#}\n");
    let Some(feeds) = feeds else { return text + "  not known: connections could not be read\n" };
    if feeds.is_empty() {
        text += "  none\n";
    }
    let name = |feed: &Feed| {
        let service = feed.service.as_ref().map(|service| format!(" ({service})")).unwrap_or_default();
        let role = if feed.role == Role::Source { "to" } else { "from" };
        plain(&format!("{role:<4} {}{service}", feed.peer))
    };
    let names: Vec<String> = feeds.iter().take(PEERS).map(name).collect();
    let widest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    for (name, Feed { open, sent_bytes, received_bytes, .. }) in names.iter().zip(feeds) {
        let (sent, received) = (bytes(*sent_bytes), bytes(*received_bytes));
        let _ = writeln!(text, "  {name:widest$}   {open} open, {sent} sent, {received} received");
    }
    let more = feeds.len().saturating_sub(PEERS);
    if more > 0 {
        let _ = writeln!(text, "  and {more} more peers");
    }
    text
}

fn origin(Origin { object, field }: &Origin) -> String {
    format!("{} ({field})", reference(object))
}

fn reference(ObjectReference { kind, namespace, name }: &ObjectReference) -> String {
    match (kind.as_str(), namespace, name) {
        ("Pod", _, _) => "the pod".to_owned(),
        ("Defaults", _, _) => "the installation's defaults".to_owned(),
        (kind, Some(namespace), Some(name)) => format!("{kind} {namespace}/{name}"),
        (kind, None, Some(name)) => format!("{kind} {name}"),
        (kind, _, None) => kind.to_owned(),
    }
}
