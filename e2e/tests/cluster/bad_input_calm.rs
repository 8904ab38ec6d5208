//! The operator's state before an unusual object, and checks that it is unaffected: no container was restarted, no list
//! or watch repeated more than expected, and the log has each line once.

use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{Kubernetes, longwire, longwire::replica};
use longwire_testkit::{confirm, eventually};
use std::collections::BTreeMap;
use std::time::Duration;

/// As in the chart.
const REPLICAS: usize = 2;
/// Longer than a pod takes to stop.
const PATIENCE: Duration = Duration::from_secs(60);
/// Watches of both replicas for an undisturbed kind: they end by themselves every few minutes.
const WATCHES: usize = 6;

#[derive(Debug)]
pub(crate) struct Calm<'a> {
    kubernetes: &'a Kubernetes,
    /// Pods, containers and their numbers of restarts.
    replicas: String,
    requests: usize,
}

impl<'a> Calm<'a> {
    pub(crate) fn now(kubernetes: &'a Kubernetes) -> Result<Self> {
        // Replicas of an earlier installation may still be terminating.
        let replicas = eventually(PATIENCE, || {
            let replicas = replicas(kubernetes)?;
            ensure!(replicas.lines().count() == REPLICAS, "the operator's pods are\n{replicas}");
            Ok(replicas)
        })?;
        longwire::connected(kubernetes)?;
        Ok(Self { kubernetes, replicas, requests: kubernetes.audit()?.len() })
    }

    /// Checks that it is unaffected. `disturbed` is a kind whose watches had to end, with the number of allowed watches
    /// and lists.
    pub(crate) fn is_kept(&self, disturbed: Option<(&str, usize)>) -> Result<()> {
        let replicas = replicas(self.kubernetes)?;
        ensure!(replicas == self.replicas, "the operator was\n{}and is\n{replicas}", self.replicas);
        let mut asked: BTreeMap<(String, String), usize> = BTreeMap::new();
        for request in replica::requests(self.kubernetes, self.requests)? {
            if matches!(request.verb.as_str(), "list" | "watch") {
                *asked.entry((request.resource, request.verb)).or_default() += 1;
            }
        }
        for ((resource, verb), times) in &asked {
            let most = match disturbed {
                Some((kind, most)) if kind == resource => most,
                _ if verb == "watch" => WATCHES,
                _ => 0,
            };
            ensure!(
                *times <= most,
                "the operator asked {times} times to {verb} {resource}, more than {most}: {asked:?}"
            );
        }
        println!("asked meanwhile: {asked:?}");
        Ok(())
    }

    /// The leader has logged this once, and no other replica has.
    pub(crate) fn is_said_once(&self, words: &str) -> Result<()> {
        let log = longwire::log(self.kubernetes, "longwire-operator")?;
        let mut said: BTreeMap<&str, usize> = BTreeMap::new();
        for line in log.lines() {
            let (replica, text) = line.split_once(' ').context("a line without a prefix")?;
            *said.entry(replica).or_default() += usize::from(text.contains(words));
        }
        confirm!(said.len() == 2 && said.values().sum::<usize>() == 1, "{words:?} is said {said:?} times")
    }
}

fn replicas(kubernetes: &Kubernetes) -> Result<String> {
    let columns = "{range .items[*]}{.metadata.name} {.status.containerStatuses[0].containerID} \
                   {.status.containerStatuses[0].restartCount}{\"\\n\"}{end}";
    longwire::json_path(kubernetes, &["pods", "--selector=app=longwire-operator"], columns)
}
