//! The end of the demo: compares the probe's sums with the programs' counters.

use super::ledger::{Account, Ledger, Pair, accounts};
use super::table::{Colour, Screen, edges};
use anyhow::Result;
use longwire_testkit::{Probe, Scrape, Truth, confirm, eventually};
use std::collections::BTreeMap;
use std::time::Duration;

/// The probe needs a pass or two for the last bytes.
const PATIENCE: Duration = Duration::from_secs(15);

type Figure = fn(&Truth) -> u64;

const FIGURES: [(&str, Figure); 4] = [
    ("opened", |truth| truth.opened),
    ("closed", |truth| truth.closed),
    ("to server", |truth| truth.to_server),
    ("to client", |truth| truth.to_client),
];

/// One value from all that counted it: client, server, reporter `source`, reporter `destination`.
struct Line {
    what: &'static str,
    counts: [Option<u64>; 4],
}

impl Line {
    fn agrees(&self) -> bool {
        self.counts.into_iter().flatten().all(|count| Some(count) == self.counts[0])
    }
}

/// Waits until they agree, prints the table, and returns whether all are equal.
pub(super) fn compare(probe: &Probe, ledger: &Ledger, screen: &mut Screen) -> Result<bool> {
    let accounts = accounts(ledger);
    // The table shows whether they agree.
    let _ = eventually(PATIENCE, || confirm!(agrees(&probe.scrape()?, &accounts), "not yet"));
    let scrape = probe.scrape()?;
    screen.say(&format!("\n{:<28} {:<10} {:>12} {:>12} | {:>12} {:>12}", "", "", "programs:", "", "/metrics:", ""));
    screen.say(&format!(
        "{:<28} {:<10} {:>12} {:>12} | {:>12} {:>12}",
        "edge", "figure", "client", "server", "source", "destination"
    ));
    for (pair, account) in &accounts {
        print(screen, pair, &lines(&scrape, pair, account));
    }
    for pair in strangers(&scrape, &accounts) {
        let warning = screen.paint(Colour::Red, "no program knows this edge");
        screen.say(&format!("{pair:<28} {warning}"));
    }
    let agreed = agrees(&scrape, &accounts);
    screen.say("");
    screen.say(&match agreed {
        true => screen.paint(Colour::Green, "Equal to the byte and to the connection."),
        false => screen.paint(Colour::Red, "The sums differ."),
    });
    if !agreed {
        screen.say(&probe.process().last_words());
    }
    Ok(agreed)
}

fn agrees(scrape: &Scrape, accounts: &BTreeMap<Pair, Account>) -> bool {
    strangers(scrape, accounts).is_empty()
        && accounts.iter().all(|(pair, account)| lines(scrape, pair, account).iter().all(Line::agrees))
}

/// Edges on /metrics without a client program.
fn strangers(scrape: &Scrape, accounts: &BTreeMap<Pair, Account>) -> Vec<Pair> {
    edges(scrape).into_iter().filter(|pair| !accounts.contains_key(pair)).collect()
}

fn lines(scrape: &Scrape, pair: &Pair, account: &Account) -> Vec<Line> {
    let edge = pair.edge();
    let (by_source, by_destination) = (edge.reported(scrape, "source"), edge.reported(scrape, "destination"));
    let mut lines = Vec::new();
    if account.client.opened > 0 {
        let counted = [account.client, account.server, by_source, by_destination];
        lines.extend(FIGURES.map(|(what, figure)| Line { what, counts: counted.map(|truth| Some(figure(&truth))) }));
    }
    let failed = edge.sum(scrape, "longwire_tcp_connections_failed_total", "source");
    if account.refused > 0 || failed > 0 {
        // A refused connection has no server.
        lines.push(Line { what: "refused", counts: [Some(account.refused), None, Some(failed), None] });
    }
    lines
}

fn print(screen: &mut Screen, pair: &Pair, lines: &[Line]) {
    let mut name = pair.to_string();
    for line in lines {
        let or_nothing = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
        let [client, server, source, destination] = line.counts.map(or_nothing);
        let mark = match line.agrees() {
            true => screen.paint(Colour::Green, "="),
            false => screen.paint(Colour::Red, "DIFFERS"),
        };
        screen.say(&format!(
            "{name:<28} {:<10} {client:>12} {server:>12} | {source:>12} {destination:>12} {mark}",
            line.what
        ));
        name.clear();
    }
}
