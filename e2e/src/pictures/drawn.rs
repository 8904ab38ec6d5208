//! Checks the texts on the pictures against the rules for dashboards and against the known traffic.

use super::shop::{self, Shop};
use anyhow::{Context, Result, ensure};
use longwire_testkit::confirm;
use serde::Deserialize;
use std::time::Duration;

/// A dashboard, drawn.
#[derive(Debug, Deserialize)]
pub(super) struct Picture {
    dashboard: String,
    /// Errors of the page.
    problems: Vec<String>,
    panels: Vec<Panel>,
}

#[derive(Debug, Deserialize)]
struct Panel {
    panel: String,
    text: String,
    /// Names of its lines.
    legend: Vec<String>,
    /// Texts that are truncated.
    cut: Vec<String>,
    /// Directions in which the content can be scrolled.
    scrolls: Vec<String>,
}

/// Texts that no panel may have.
const WRONG: [&str; 4] = ["No data", "NaN", "undefined", "Infinity"];
/// The window of a panel's value: four scrapes and one late sample.
const WINDOW: Duration = Duration::from_secs(25);
/// Most relative error of a value: its window is short, and turns and scrapes may fall into it or not.
const WITHIN: f64 = 0.3;

/// Fails with all errors.
pub(super) fn check(pictures: &[Picture], shop: &Shop) -> Result<()> {
    let mut wrong = Vec::new();
    for picture in pictures {
        wrong.extend(picture.problems.iter().map(|problem| format!("{}: {problem}", picture.dashboard)));
        for panel in &picture.panels {
            let found = panel.wrong();
            wrong.extend(found.into_iter().map(|what| format!("{}: {}: {what}", picture.dashboard, panel.panel)));
        }
    }
    if let Err(error) = figures(pictures, shop) {
        wrong.push(format!("{error:#}"));
    }
    confirm!(wrong.is_empty(), "{} things are wrong:\n{}", wrong.len(), wrong.join("\n"))
}

impl Panel {
    fn wrong(&self) -> Vec<String> {
        let said = WRONG.iter().filter(|word| self.text.contains(**word)).map(|word| format!("it says {word}"));
        let cut = self.cut.iter().map(|text| format!("{text:?} is cut off"));
        // A table has as many rows as there are edges, so it may scroll.
        let scrolls = self.scrolls.iter().filter(|direction| *direction == "right" || !self.legend.is_empty());
        let scrolls = scrolls.map(|direction| format!("one must scroll {direction} to see all"));
        said.chain(cut).chain(scrolls).collect()
    }
}

/// The mesh's values equal the traffic's, every service has a line, and the failing edge comes first.
fn figures(pictures: &[Picture], shop: &Shop) -> Result<()> {
    let mesh = pictures.iter().find(|picture| picture.dashboard == "longwire-mesh").context("no mesh")?;
    let panel = |name: &str| {
        mesh.panels.iter().find(|panel| panel.panel == name).with_context(|| format!("the mesh has no panel {name}"))
    };
    let [bytes, opened, failed] = shop.per_second(WINDOW)?;
    for (name, expected) in [("Traffic", bytes), ("Connections opened", opened), ("Failed connections", failed)] {
        let shown = figure(&panel(name)?.text).with_context(|| format!("{name}: no figure"))?;
        ensure!((shown / expected - 1.0).abs() < WITHIN, "{name} shows {shown}, and the traffic was {expected:.2}");
    }
    let open = figure(&panel("Open connections")?.text).context("no figure of open connections")?;
    // A short connection may be seen open.
    let least = shop::OPEN as f64;
    ensure!((least..least + 5.0).contains(&open), "{open} connections are open, and {least} stay open");
    let lines = panel("Traffic by service")?.legend.len();
    ensure!(lines == 10, "{lines} of ten services have a line");
    let table = &panel("Who talks to whom")?.text;
    let first = table.find(shop::FAILING[1]).context("the edge that fails is not in the table")?;
    confirm!(table.find("catalog").is_some_and(|other| first < other), "the edge that fails does not stand first")
}

/// `1.25 MB/s` as a number.
fn figure(text: &str) -> Option<f64> {
    let line = text.lines().map(str::trim).rfind(|line| line.starts_with(|first: char| first.is_ascii_digit()))?;
    let end = line.find(|at: char| !at.is_ascii_digit() && at != '.').unwrap_or(line.len());
    let (number, unit) = line.split_at(end);
    let factor = match unit.trim().chars().next() {
        Some('k' | 'K') => 1e3,
        Some('M') => 1e6,
        Some('G') => 1e9,
        _ => 1.0,
    };
    Some(number.parse::<f64>().ok()? * factor)
}

#[cfg(test)]
mod tests {
    use super::{Panel, figure};

    #[test]
    fn a_figure_is_read_with_its_unit() {
        for (text, value) in [
            ("Traffic\n1.25 MB/s", Some(1_250_000.0)),
            ("Traffic\n800 B/s", Some(800.0)),
            ("Failed connections\n0.667 c/s", Some(0.667)),
            ("Open connections\n3", Some(3.0)),
            ("RTT p95\nno samples", None),
        ] {
            assert_eq!(figure(text), value, "{text}");
        }
    }

    #[test]
    fn an_empty_or_truncated_panel_is_an_error() {
        let panel = |text: &str, legend: &[&str], cut: &[&str], scrolls: &[&str]| {
            let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
            let panel = Panel {
                panel: String::new(),
                text: text.to_owned(),
                legend: owned(legend),
                cut: owned(cut),
                scrolls: owned(scrolls),
            };
            panel.wrong()
        };
        assert_eq!(panel("0", &["a"], &[], &[]), [""; 0]);
        assert_eq!(panel("rows", &[], &[], &["down"]), [""; 0], "a long table");
        assert_eq!(panel("No data", &[], &[], &[]), ["it says No data"]);
        assert_eq!(
            panel("0", &["a"], &["Open sin"], &["down"]),
            ["\"Open sin\" is cut off", "one must scroll down to see all"]
        );
        assert_eq!(panel("rows", &[], &[], &["right"]), ["one must scroll right to see all"]);
    }
}
