//! Edges as text. Pure.

use super::sum::{Edges, Sum};
use crate::plain::plain;
use anstyle::{AnsiColor, Style};
use std::collections::BTreeMap;
use std::fmt::Write;

const SOURCE: Style = Style::new().bold();
const FAILED: Style = AnsiColor::Red.on_default().bold();

pub(super) fn tree(edges: &Edges) -> String {
    let mut sources = BTreeMap::<&str, Vec<(&str, &Sum)>>::new();
    for ((source, destination), sum) in edges {
        sources.entry(source).or_default().push((destination, sum));
    }
    let mut parts = Vec::new();
    for (source, destinations) in sources {
        let mut part = format!("{SOURCE}{}{SOURCE:#}\n", plain(source));
        for (at, (destination, sum)) in destinations.iter().enumerate() {
            let branch = if at + 1 == destinations.len() { "└─" } else { "├─" };
            let Sum { open, closed, failed, bytes_per_second, retransmits } = sum;
            let style = if *failed > 0 { FAILED } else { Style::new() };
            let _ = writeln!(
                part,
                "{branch} {}  {open} open, {closed} closed, {style}{failed} failed{style:#}, {bytes_per_second} B/s, {retransmits} retransmits",
                plain(destination)
            );
        }
        parts.push(part);
    }
    if parts.is_empty() { "No connections.\n".to_owned() } else { parts.join("\n") }
}

pub(super) fn dot(edges: &Edges) -> String {
    let quoted = |name: &str| format!("\"{}\"", plain(name).replace('\\', "\\\\").replace('"', "\\\""));
    let mut text = "digraph edges {\n  rankdir=LR;\n".to_owned();
    for ((source, destination), sum) in edges {
        let color = if sum.failed > 0 { ", color=red" } else { "" };
        let (source, destination) = (quoted(source), quoted(destination));
        let _ = writeln!(text, "  {source} -> {destination} [label=\"{}\"{color}];", label(sum));
    }
    text + "}\n"
}

pub(super) fn mermaid(edges: &Edges) -> String {
    let names = edges.keys().flat_map(|(source, destination)| [source, destination]);
    let mut numbers: BTreeMap<&str, usize> = names.map(|name| (name.as_str(), 0)).collect();
    let mut text = "flowchart LR\n".to_owned();
    for (at, (name, number)) in numbers.iter_mut().enumerate() {
        *number = at;
        let _ = writeln!(text, "  n{at}[\"{}\"]", plain(name).replace('#', "#35;").replace('"', "#quot;"));
    }
    for ((source, destination), sum) in edges {
        let number = |name: &String| numbers.get(name.as_str()).copied().unwrap_or_default();
        let _ = writeln!(text, "  n{} -->|\"{}\"| n{}", number(source), label(sum), number(destination));
    }
    text
}

fn label(sum: &Sum) -> String {
    let failed = if sum.failed > 0 { format!(", {} failed", sum.failed) } else { String::new() };
    format!("{} B/s{failed}", sum.bytes_per_second)
}
