//! Checks that both reporters report the truth about an edge.

use crate::pod::Pod;
use crate::probe::{Probe, SAMPLE_INTERVAL};
use crate::scrape::{Labels, Scrape};
use crate::wait::throughout;
use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::ops::{Add, AddAssign};

/// What happened on an edge, in Istio's metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    pub opened: u64,
    pub closed: u64,
    /// Payload bytes from client to server.
    pub to_server: u64,
    /// Payload bytes from server to client.
    pub to_client: u64,
}

impl Truth {
    /// What a page says of all series with these labels.
    pub fn of(scrape: &Scrape, labels: &[(&str, &str)]) -> Self {
        let sum = |family: &str| scrape.sum(&format!("istio_tcp_{family}_total"), labels);
        Self {
            opened: sum("connections_opened"),
            closed: sum("connections_closed"),
            to_server: sum("received_bytes"),
            to_client: sum("sent_bytes"),
        }
    }

    /// One connection that was opened and closed.
    pub fn whole(to_server: u64, to_client: u64) -> Self {
        Self { opened: 1, closed: 1, to_server, to_client }
    }

    /// One that is still open.
    pub fn open(to_server: u64, to_client: u64) -> Self {
        Self { closed: 0, ..Self::whole(to_server, to_client) }
    }
}

impl Add for Truth {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            opened: self.opened + other.opened,
            closed: self.closed + other.closed,
            to_server: self.to_server + other.to_server,
            to_client: self.to_client + other.to_client,
        }
    }
}

impl AddAssign for Truth {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::iter::Sum for Truth {
    fn sum<I: Iterator<Item = Self>>(truths: I) -> Self {
        truths.fold(Self::default(), Self::add)
    }
}

pub const REPORTERS: [&str; 2] = ["source", "destination"];

/// All connections between two workloads, or to a Service if the pod that answered is unknown.
#[derive(Clone, Debug)]
pub struct Edge {
    source: String,
    destination: String,
    service: Option<String>,
    /// Of the source, or of the destination if the source is unknown. `None`: these names are unique.
    namespace: Option<String>,
}

impl Edge {
    pub fn between(source: &str, destination: &str) -> Self {
        Self { source: source.to_owned(), destination: destination.to_owned(), service: None, namespace: None }
    }

    pub fn to_service(source: &str, service: &str) -> Self {
        Self { service: Some(service.to_owned()), ..Self::between(source, "unknown") }
    }

    /// Only workloads of this Kubernetes namespace.
    pub fn within(self, namespace: &str) -> Self {
        Self { namespace: Some(namespace.to_owned()), ..self }
    }

    pub fn of(source: &Pod, destination: &Pod) -> Self {
        Self::between(&source.workload, &destination.workload)
    }

    /// What one reporter reports about the edge.
    pub fn reported(&self, scrape: &Scrape, reporter: &str) -> Truth {
        Truth::of(scrape, &self.labels(reporter))
    }

    /// The sum of a family over the edge.
    pub fn sum(&self, scrape: &Scrape, family: &str, reporter: &str) -> u64 {
        scrape.sum(family, &self.labels(reporter))
    }

    /// The same for values that are not integers.
    pub fn total(&self, scrape: &Scrape, family: &str, reporter: &str) -> f64 {
        scrape.select(family, &self.labels(reporter)).iter().map(|sample| sample.value).sum()
    }

    fn labels<'a>(&'a self, reporter: &'a str) -> Vec<(&'static str, &'a str)> {
        let mut labels = vec![
            ("reporter", reporter),
            ("source_workload", &self.source),
            ("destination_workload", &self.destination),
        ];
        let known =
            if self.source == "unknown" { "destination_workload_namespace" } else { "source_workload_namespace" };
        labels.extend(self.namespace.as_deref().map(|namespace| (known, namespace)));
        labels.extend(self.service.as_deref().map(|service| ("destination_service_name", service)));
        labels
    }

    /// Both reporters report the truth under equal labels, and still do a pass later.
    pub fn expect(&self, probe: &Probe, truth: Truth) -> Result<()> {
        self.settle(probe, |scrape| self.both_say(scrape, truth))
    }

    /// Both reporters report the truth under equal labels.
    pub fn both_say(&self, scrape: &Scrape, truth: Truth) -> Result<()> {
        self.both_add_up(scrape, truth)?;
        self.labels_agree(scrape)
    }

    /// The same if edits have spread it over several label sets.
    pub fn both_add_up(&self, scrape: &Scrape, truth: Truth) -> Result<()> {
        self.each_says(scrape, &REPORTERS.map(|reporter| (reporter, truth)))
    }

    /// The same if reporters have different truths, or one of them does not report.
    pub fn expect_of(&self, probe: &Probe, truths: &[(&str, Truth)]) -> Result<()> {
        self.settle(probe, |scrape| self.each_says(scrape, truths))
    }

    /// Each reporter reports its truth, whatever labels beside the workloads' names.
    pub fn each_says(&self, scrape: &Scrape, truths: &[(&str, Truth)]) -> Result<()> {
        for (reporter, truth) in truths {
            let reported = self.reported(scrape, reporter);
            ensure!(reported == *truth, "reporter {reporter} of {self:?} says {reported:?}, the truth is {truth:?}");
        }
        Ok(())
    }

    /// Each end reports the truth, under whatever name of the other one: after a restart a connection waits for that for some
    /// seconds, and a slow machine takes longer to reach the operator. The workloads have no other connections.
    pub fn expect_of_each_end(&self, probe: &Probe, truth: Truth) -> Result<()> {
        let ends = [
            ("source", "source_workload", self.source.as_str()),
            ("destination", "destination_workload", self.destination.as_str()),
        ];
        self.settle(probe, |scrape| {
            ends.iter().try_for_each(|(reporter, own, workload)| {
                let reported = Truth::of(scrape, &[("reporter", reporter), (own, workload)]);
                confirm!(reported == truth, "reporter {reporter} says {reported:?}, the truth is {truth:?}")
            })
        })
    }

    fn settle(&self, probe: &Probe, check: impl Fn(&Scrape) -> Result<()>) -> Result<()> {
        probe.until(&check)?;
        let stays = throughout(SAMPLE_INTERVAL + SAMPLE_INTERVAL / 2, || check(&probe.scrape()?));
        stays.with_context(|| format!("what was said of {self:?} did not stay so"))
    }

    /// Both reporters have the same single label set.
    pub fn labels_agree(&self, scrape: &Scrape) -> Result<()> {
        let sets: Vec<BTreeSet<Labels>> = REPORTERS.iter().map(|reporter| self.label_sets(scrape, reporter)).collect();
        ensure!(sets[0] == sets[1], "the reporters' labels differ: {sets:#?}");
        confirm!(sets[0].len() == 1, "not one label set: {sets:#?}")
    }

    /// All label sets of the edge by one reporter, without the reporter label.
    pub fn label_sets(&self, scrape: &Scrape, reporter: &str) -> BTreeSet<Labels> {
        let labels = self.labels(reporter);
        let samples = scrape.select("istio_tcp_connections_opened_total", &labels);
        let sets = samples.into_iter().map(|sample| {
            let mut labels = sample.labels.clone();
            labels.remove("reporter");
            labels
        });
        sets.collect()
    }
}
