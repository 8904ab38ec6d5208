//! The screen: a head, the table, and the keys. Pure.

use super::app::App;
use super::kind::Kind;
use super::table::Table;
use crate::amount::counted;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Paragraph};
use std::time::Duration;

#[cfg(test)]
mod tests;

/// What stands above the table beside what was chosen. It cannot move the cursor.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    pub(super) context: String,
    /// Such as `9 of 10`.
    pub(super) nodes: String,
    /// Since the API said something last.
    pub(super) age: Duration,
    /// What the person should know.
    pub(super) notice: Option<String>,
    /// Without colours there are other marks.
    pub(super) has_colors: bool,
}

const HELP: [&str; 15] = [
    "arrows, j k     select a line",
    "PgUp PgDn       a screen up or down",
    "g G             the first line, the last",
    "Enter           the connections of the line",
    "Esc             back; or without the filter",
    "Tab, Shift-Tab  pods, connections, edges, ...",
    "s               sort by the next column",
    "r               the other way round",
    "/               filter by a part of a name",
    "p               pause, or go on",
    "q, Ctrl-C       quit",
    "",
    "SENT/S and RECV/S are bytes a second of the",
    "line's side, RETRANS/S what it retransmits a",
    "second. FAILED: of the last minute.",
];

pub(super) fn draw(frame: &mut Frame<'_>, app: &mut App, head: &Head) {
    let [above, titles, body, below] =
        Layout::vertical([Constraint::Length(2), Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)])
            .areas(frame.area());
    app.height = body.height.into();
    app.scroll();
    frame.render_widget(Paragraph::new(vec![first(app, head), second(app, head)]), above);
    let table = Table::new(app.kind, &app.rows, Some(body.width.into()));
    let sorted = Some((app.sort, app.is_reversed));
    frame.render_widget(Line::styled(table.titles(sorted), Modifier::BOLD), titles);
    let lines = app.rows.iter().enumerate().skip(app.top).take(app.height).map(|(at, row)| {
        let is_bad = head.has_colors && (row.sum.retransmit_rate > 0.0 || row.phase.is_none() && row.sum.failed > 0);
        let style = if is_bad { Style::new().fg(Color::Red) } else { Style::new() };
        let style = if at == app.at { style.add_modifier(Modifier::REVERSED) } else { style };
        let width = usize::from(body.width);
        Line::styled(format!("{:width$}", table.row(row)), style)
    });
    let lines: Vec<_> = lines.collect();
    let lines = if lines.is_empty() { vec![Line::raw(nothing(app))] } else { lines };
    frame.render_widget(Paragraph::new(lines), body);
    frame.render_widget(Line::styled(foot(app), Modifier::DIM), below);
    if app.is_helping {
        help(frame);
    }
}

fn first<'a>(app: &App, head: &Head) -> Line<'a> {
    let namespace =
        app.namespace.as_ref().map_or_else(|| "all namespaces".to_owned(), |name| format!("namespace {name}"));
    let age = head.age.as_secs();
    let paused = if app.is_paused { "  PAUSED" } else { "" };
    Line::raw(format!("context {}, {namespace}, nodes {}, updated {age} s ago{paused}", head.context, head.nodes))
}

fn second<'a>(app: &App, head: &Head) -> Line<'a> {
    if let Some(notice) = &head.notice {
        let style = if head.has_colors { Style::new().fg(Color::Yellow) } else { Style::new() };
        return Line::styled(notice.clone(), style.add_modifier(Modifier::BOLD));
    }
    let count = counted(app.rows.len() as u64, singular(app.kind));
    let filter = if app.filter.is_empty() { String::new() } else { format!(", with {:?}", app.filter) };
    let within = app.within.as_ref().map(|(kind, names)| format!(" of {} {}", singular(*kind), names.join(" -> ")));
    Line::raw(format!("{count}{}{filter}", within.unwrap_or_default()))
}

fn singular(kind: Kind) -> &'static str {
    kind.name().strip_suffix('s').unwrap_or_default()
}

fn nothing(app: &App) -> &'static str {
    if app.filter.is_empty() { "Nothing now." } else { "Nothing has this in its name. Esc shows all." }
}

fn foot(app: &App) -> String {
    if app.is_typing {
        return format!("/{}_  Enter: done  Esc: all", app.filter);
    }
    let back = if app.within.is_some() { "Esc back  " } else { "" };
    format!("{back}? help  q quit  s sort  r reverse  / filter  Tab kind  Enter connections  p pause")
}

fn help(frame: &mut Frame<'_>) {
    let all = frame.area();
    let width = HELP.iter().map(|line| line.chars().count()).max().unwrap_or_default() + 4;
    let (width, height) = (u16::try_from(width).unwrap_or(u16::MAX), u16::try_from(HELP.len() + 2).unwrap_or(u16::MAX));
    let (width, height) = (width.min(all.width), height.min(all.height));
    let place = Rect::new((all.width - width) / 2, (all.height - height) / 2, width, height);
    frame.render_widget(Clear, place);
    let lines: Vec<_> = HELP.iter().map(|line| Line::raw(format!(" {line}"))).collect();
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" Keys ")), place);
}
