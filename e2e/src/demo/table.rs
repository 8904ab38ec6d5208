//! The live output.

use super::film::Film;
use super::ledger::{Pair, Server};
use longwire_testkit::{Edge, REPORTERS, Sample, Scrape, Truth};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write, stdout};
use std::time::Duration;

/// A terminal, on which each table replaces the previous one, or a plain stream of lines.
#[derive(Debug)]
pub(super) struct Screen {
    is_terminal: bool,
    /// Lines of the last table, which the next one replaces.
    drawn: usize,
    film: Option<Film>,
}

impl Screen {
    /// Recorded, if a picture is requested.
    pub(super) fn new(is_filmed: bool) -> Self {
        Self { is_terminal: stdout().is_terminal(), drawn: 0, film: is_filmed.then(Film::new) }
    }

    pub(super) fn say(&mut self, line: &str) {
        self.drawn = 0;
        if let Some(film) = &mut self.film {
            film.say(line);
        }
        self.put(&format!("{line}\n"));
    }

    pub(super) fn refresh(&mut self, table: &str) {
        let mut text = String::new();
        if self.is_terminal && self.drawn > 0 {
            // Up to the first line of the last table, then clear to the end of the screen.
            let _ = write!(text, "\x1b[{}A\x1b[J", self.drawn);
        }
        text += table;
        if let Some(film) = &mut self.film {
            film.refresh(self.drawn, table);
        }
        self.put(&text);
        self.drawn = table.lines().count();
    }

    /// A word in a colour, if the output has colours.
    pub(super) fn paint(&self, colour: Colour, word: &str) -> String {
        let has_colours = self.is_terminal || self.film.is_some();
        if has_colours { format!("\x1b[{}m{word}\x1b[0m", colour as u8) } else { word.to_owned() }
    }

    pub(super) fn develop(self) -> Option<String> {
        self.film.map(Film::develop)
    }

    fn put(&self, text: &str) {
        let mut out = stdout().lock();
        // The output may be closed. The demo continues to its end, because its exit status is the result.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Colour {
    Red = 31,
    Green = 32,
}

pub(super) fn edges(scrape: &Scrape) -> BTreeSet<Pair> {
    let named = ["istio_tcp_connections_opened_total", "longwire_tcp_connections_failed_total"];
    let samples = named.into_iter().flat_map(|name| scrape.select(name, &[]));
    let label = |sample: &Sample, name: &str| sample.labels.get(name).cloned().unwrap_or_default();
    let pair = |sample: &Sample| Pair {
        client: label(sample, "source_workload"),
        server: match label(sample, "destination_workload") {
            unknown if unknown == "unknown" => Server::Service(label(sample, "destination_service_name")),
            workload => Server::Workload(workload),
        },
    };
    samples.map(pair).collect()
}

pub(super) fn live(scrape: &Scrape, elapsed: Duration) -> String {
    let mut table = format!(
        "{:<28} {:>5} {:>7} {:>7} {:>6} {:>10} {:>10} {:>8} {:>8}\n",
        format!("edge, after {} s", elapsed.as_secs()),
        "open",
        "opened",
        "closed",
        "failed",
        "to server",
        "to client",
        "again",
        "RTT"
    );
    for pair in edges(scrape) {
        let edge = pair.edge();
        let Truth { opened, closed, to_server, to_client } = edge.reported(scrape, "source");
        let sum = |family: &str| edge.sum(scrape, family, "source");
        let again: u64 =
            REPORTERS.iter().map(|end| edge.sum(scrape, "longwire_tcp_retransmitted_bytes_total", end)).sum();
        let _ = writeln!(
            table,
            "{pair:<28} {:>5} {opened:>7} {closed:>7} {:>6} {:>10} {:>10} {:>8} {:>8}",
            sum("longwire_tcp_connections_active"),
            sum("longwire_tcp_connections_failed_total"),
            size(to_server),
            size(to_client),
            size(again),
            mean(scrape, &edge),
        );
    }
    table
}

/// The mean round-trip time of an edge, by the client.
fn mean(scrape: &Scrape, edge: &Edge) -> String {
    let count = edge.sum(scrape, "longwire_tcp_rtt_seconds_count", "source");
    if count == 0 {
        return "-".to_owned();
    }
    let seconds = edge.total(scrape, "longwire_tcp_rtt_seconds_sum", "source");
    format!("{:.2} ms", seconds / count as f64 * 1_000.0)
}

/// Bytes in a readable unit.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["B", "KiB", "MiB", "GiB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests;
