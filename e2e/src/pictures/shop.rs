//! A shop of eleven services. Each of its lines moves the same bytes at the same pace, and counts them.

use anyhow::{Context, Result, ensure};
use longwire_testkit::{Counts, Crew, Ledger, Machine, PodSpec, SERVICE_PORT, Truth, exchange, now, pass_both};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

/// A line: client, server, milliseconds between two turns, bytes to the server and back.
type Line = (&'static str, &'static str, u64, u64, u64);

/// Short connections.
const SHORT: [Line; 12] = [
    ("frontend", "catalog", 60, 400, 18_000),
    ("frontend", "cart", 90, 900, 6_000),
    ("frontend", "recommendation", 120, 300, 9_000),
    ("frontend", "ads", 150, 200, 7_000),
    ("frontend", "currency", 80, 150, 500),
    ("frontend", "checkout", 300, 2_500, 1_500),
    ("recommendation", "catalog", 140, 350, 12_000),
    ("checkout", "cart", 300, 300, 4_000),
    ("checkout", "currency", 300, 150, 500),
    ("checkout", "payment", 300, 1_800, 700),
    ("checkout", "shipping", 300, 1_200, 900),
    ("checkout", "email", 400, 5_000, 300),
];
/// Connections that stay open.
const LONG: [Line; 3] =
    [("cart", "redis", 40, 700, 2_500), ("cart", "redis", 70, 700, 2_500), ("catalog", "redis", 100, 300, 9_000)];
/// The server's port is closed.
const REFUSED: (&str, &str, u64) = ("checkout", "fraud", 1_500);
/// The pod to and from which every hundredth packet is dropped.
const LOSSY: &str = "redis";

pub(super) fn pods() -> Vec<PodSpec> {
    let ends = SHORT.iter().chain(&LONG).flat_map(|(from, to, ..)| [*from, *to]).chain([REFUSED.0, REFUSED.1]);
    let names: BTreeSet<_> = ends.collect();
    names.into_iter().map(PodSpec::new).collect()
}

/// All lines, until dropped.
#[derive(Debug)]
pub(super) struct Shop {
    /// The traffic of all lines together.
    ledger: Arc<Ledger<()>>,
    /// When its lines were last looked at.
    moment: f64,
    lines: Crew,
}

/// Listeners by workload. Connect and accept run under the lock, so that no line accepts another's connection.
type Doors = BTreeMap<String, Mutex<TcpListener>>;

impl Shop {
    pub(super) fn open(machine: &Machine) -> Result<Self> {
        let mut doors = Doors::new();
        for (_, to, ..) in SHORT.iter().chain(&LONG) {
            let pod = machine.pod(to)?;
            if !doors.contains_key(*to) {
                doors.insert((*to).to_owned(), Mutex::new(pod.listen()?));
                machine.publish(pod)?;
            }
        }
        machine.publish(machine.pod(REFUSED.1)?)?;
        machine.node.lose(machine.pod(LOSSY)?, 0.01)?;
        let doors = Arc::new(doors);
        let mut shop = Self { ledger: Arc::default(), moment: now(), lines: Crew::default() };
        for (from, to, pace, up, down) in SHORT {
            let (client, server) = (machine.pod(from)?.clone(), machine.pod(to)?.clone());
            let (ledger, doors) = (Arc::clone(&shop.ledger), Arc::clone(&doors));
            shop.lines.repeat(Duration::from_millis(pace), move || {
                let ends = client.connect_to((server.service_ip, SERVICE_PORT), &doors[to].lock());
                let truth = ends.and_then(|(near, far)| exchange(near, far, up, down));
                ledger.add(&(), truth.with_context(|| format!("{from} to {to}"))?.into(), &[]);
                Ok(())
            });
        }
        for (from, to, pace, up, down) in LONG {
            let (client, server) = (machine.pod(from)?, machine.pod(to)?);
            let (near, far) = client.connect_to((server.service_ip, SERVICE_PORT), &doors[to].lock())?;
            let ledger = Arc::clone(&shop.ledger);
            ledger.add(&(), Truth::open(0, 0).into(), &[]);
            shop.lines.repeat(Duration::from_millis(pace), move || {
                pass_both(&near, &far, up, down).with_context(|| format!("{from} to {to}"))?;
                ledger.add(&(), Truth { to_server: up, to_client: down, ..Truth::default() }.into(), &[]);
                Ok(())
            });
        }
        let (from, to, pace) = REFUSED;
        let (client, server, ledger) =
            (machine.pod(from)?.clone(), machine.pod(to)?.service_ip, Arc::clone(&shop.ledger));
        shop.lines.repeat(Duration::from_millis(pace), move || {
            ensure!(client.connect((server, SERVICE_PORT)).is_err(), "somebody listens at {to}");
            ledger.add(&(), Counts { failed: 1, ..Counts::default() }, &[]);
            Ok(())
        });
        Ok(shop)
    }

    /// Fails once a line has failed.
    pub(super) fn check(&mut self) -> Result<()> {
        self.moment = now();
        self.lines.check()
    }

    /// Rates over the last seconds: bytes, opened, failed.
    pub(super) fn per_second(&self, window: Duration) -> Result<[f64; 3]> {
        let book = self.ledger.books().pop().context("nothing was counted")?;
        let (first, last) = (book.at(self.moment - window.as_secs_f64()), book.at(self.moment));
        let bytes = |truth: Truth| truth.to_server + truth.to_client;
        let gained = [
            bytes(last.truth) - bytes(first.truth),
            last.truth.opened - first.truth.opened,
            last.failed - first.failed,
        ];
        Ok(gained.map(|count| count as f64 / window.as_secs_f64()))
    }
}

/// Number of lines whose connection stays open.
pub(super) const OPEN: usize = LONG.len();
/// The edge that always fails, as the first columns of a table's row.
pub(super) const FAILING: [&str; 2] = [REFUSED.0, REFUSED.1];
