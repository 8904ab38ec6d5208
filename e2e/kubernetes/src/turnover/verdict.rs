//! Compares both reporters' series with the truth.

use super::Turn;
use anyhow::{Context, Result, ensure};
use longwire_testkit::{Edge, REPORTERS, Scrape, Truth};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Connections that were reported, once for each reporter.
    pub told: u64,
    /// Reported, but with one end unknown.
    pub unknown: u64,
    /// The pods of the unknown ones: when each was created, and what was said of it.
    pub late: Vec<(Instant, String)>,
}

impl Verdict {
    /// Fails if a connection is missing, or is reported for another pod.
    pub fn of(turns: &[Turn], namespace: &str, scrape: &Scrape) -> Result<Self> {
        let mut verdict = Self::default();
        for reporter in REPORTERS {
            let (mut named, mut truth, mut short) = (0, 0, Vec::new());
            for turn in turns {
                let edge = Edge::between(&turn.source, &turn.destination).within(namespace);
                let said = said_within(&edge, scrape, reporter, turn).with_context(|| owners(turns, turn.address))?;
                named += said.opened;
                truth += turn.truth.opened;
                if said.opened < turn.truth.opened {
                    short.push((turn.began, format!("reporter {reporter} names {} of {turn:?}", said.opened)));
                }
            }
            let [here, there] = match reporter {
                "source" => ["source_workload_namespace", "destination_workload"],
                _ => ["destination_workload_namespace", "source_workload"],
            };
            let labels = [("reporter", reporter), (here, namespace), (there, "unknown")];
            let unknown = scrape.sum("istio_tcp_connections_opened_total", &labels);
            let said =
                || scrape.select("istio_tcp_connections_opened_total", &[("reporter", reporter), (here, namespace)]);
            ensure!(
                named + unknown == truth,
                "reporter {reporter} names {named} connections, {unknown} are unknown, and there were {truth}: only {short:#?} of \
                 {:#?}",
                said()
            );
            verdict.told += truth;
            verdict.unknown += unknown;
            verdict.late.extend(short);
        }
        Ok(verdict)
    }

    /// The time within which the pods of the unknown connections were created.
    pub fn late_within(&self) -> Duration {
        let began = || self.late.iter().map(|(began, _)| *began);
        began().max().zip(began().min()).map_or(Duration::ZERO, |(last, first)| last - first)
    }
}

/// Both reporters report the truth of each of these under its name, but of one: on a busy machine the news of one may be late.
pub fn all_but_one_named<'a>(turns: impl Iterator<Item = &'a Turn>, namespace: &str, scrape: &Scrape) -> Result<usize> {
    let (mut count, mut late) = (0, None);
    for turn in turns {
        let edge = Edge::between(&turn.source, &turn.destination).within(namespace);
        match edge.each_says(scrape, &REPORTERS.map(|reporter| (reporter, turn.truth))) {
            Ok(()) => count += 1,
            Err(error) if late.is_none() => late = Some(error),
            Err(error) => return Err(error),
        }
    }
    if let Some(late) = late.filter(|_| count > 0) {
        println!("one pod's name was late: {late:#}");
    }
    Ok(count)
}

/// No reporter counts more than the truth.
pub fn none_twice(turns: &[Turn], namespace: &str, scrape: &Scrape) -> Result<()> {
    for turn in turns {
        let edge = Edge::between(&turn.source, &turn.destination).within(namespace);
        for reporter in REPORTERS {
            said_within(&edge, scrape, reporter, turn)?;
        }
    }
    Ok(())
}

/// A reporter's counts of a turn, which are not above the truth.
fn said_within(edge: &Edge, scrape: &Scrape, reporter: &str, turn: &Turn) -> Result<Truth> {
    let said = edge.reported(scrape, reporter);
    ensure!(is_within(said, turn.truth), "reporter {reporter} says {said:?} of {turn:?}");
    Ok(said)
}

/// All of it, or exactly the share of a part of the connections.
fn is_within(said: Truth, truth: Truth) -> bool {
    let share = |whole: u64| whole.checked_div(truth.opened).unwrap_or_default() * said.opened;
    said.opened <= truth.opened
        && said.closed == said.opened
        && said.to_server == share(truth.to_server)
        && said.to_client == share(truth.to_client)
}

/// The pods that had the address, in order, with their creation times.
fn owners(turns: &[Turn], address: IpAddr) -> String {
    let mut holders: Vec<&Turn> = turns.iter().filter(|turn| turn.address == address).collect();
    holders.sort_by_key(|turn| turn.began);
    let (first, last) = (turns.iter().map(|turn| turn.began).min(), holders.last().map(|turn| turn.began));
    let ago = last.map_or(0.0, |last| last.elapsed().as_secs_f64());
    let named = holders.iter().map(|turn| {
        let after = first.map_or(0.0, |first| (turn.began - first).as_secs_f64());
        format!("{} to {} after {after:.1} s", turn.source, turn.destination)
    });
    format!("at {address}, the last one {ago:.1} s ago: {}", named.collect::<Vec<_>>().join(", "))
}

/// Number of pods at an address that another one had before.
pub fn successors(turns: &[Turn]) -> usize {
    let mut holders: BTreeMap<IpAddr, usize> = BTreeMap::new();
    for turn in turns {
        *holders.entry(turn.address).or_default() += 1;
    }
    holders.values().map(|holders| holders - 1).sum()
}
