//! Creates pods and Services, and measures when the replicas have them in their caches.

use super::say;
use crate::measured::Measured;
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::Client;
use kube::api::{Api, ListParams};
use longwire_kubernetes::{Kubernetes, crowd::Crowd, crowd::REPLICAS, longwire::replica::Replica};
use longwire_testkit::{confirm, eventually};
use std::net::IpAddr;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// Timeout until kwok runs all.
const PATIENCE: Duration = Duration::from_secs(900);
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
const BETWEEN_WORDS: Duration = Duration::from_secs(10);
/// Timeout until a replica has all objects.
const LAG: Duration = Duration::from_secs(60);

pub(super) fn measure(kubernetes: &Kubernetes, crowd: &Crowd, replicas: &[Replica]) -> Result<Vec<Measured>> {
    let (pods, services) = (crowd.pods(), crowd.workloads);
    say(&format!("{pods} pods and {services} Services are made"));
    let (client, start) = (kubernetes.client()?, Instant::now());
    create(kubernetes, crowd, &client, &replicas[0])?;
    while let Err(missing) = kubernetes.block_on(crowd.check_running(&client)) {
        ensure!(start.elapsed() < PATIENCE, "after {} s {missing:#}", PATIENCE.as_secs());
        thread::sleep(BETWEEN_LOOKS);
    }
    let running = Instant::now();
    let made = start.elapsed().as_secs_f64();
    say(&format!("{made:4.0} s  all pods run"));
    let known = eventually(LAG, || known(replicas, pods, services))?;
    let lag = running.elapsed().as_secs_f64();
    eventually(PATIENCE, || {
        let (found, wanted) = (addresses(kubernetes, crowd)?.len(), pods);
        confirm!(found == wanted, "{found} of {wanted} endpoints")
    })?;
    let least = |of: fn(&(u64, u64)) -> u64| known.iter().map(of).min().unwrap_or_default() as f64;
    Ok(vec![
        Measured::alone("pods", least(|known| known.0)).note(format!("{pods} made within {made:.0} s")),
        Measured::alone("services", least(|known| known.1)),
        Measured::alone("index_lag_s", lag),
    ])
}

/// Prints the progress meanwhile.
fn create(kubernetes: &Kubernetes, crowd: &Crowd, client: &Client, replica: &Replica) -> Result<()> {
    let (done, ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            while ended.recv_timeout(BETWEEN_WORDS) == Err(RecvTimeoutError::Timeout) {
                let known = replica.objects("pods").unwrap_or_default();
                say(&format!("{known} pods are known to {}", replica.pod));
            }
        });
        let created = kubernetes.block_on(crowd.create(client));
        drop(done);
        created
    })
}

/// Pods and Services that each replica has; fails while they are fewer than expected.
pub(super) fn known(replicas: &[Replica], pods: usize, services: usize) -> Result<Vec<(u64, u64)>> {
    let look = |replica: &Replica| {
        let known = (replica.objects("pods")?, replica.objects("services")?);
        ensure!(known.0 >= pods as u64 && known.1 >= services as u64, "{} knows {known:?}", replica.pod);
        Ok(known)
    };
    replicas.iter().map(look).collect()
}

/// Addresses of ready pods, of as many different workloads as possible.
pub(super) fn addresses(kubernetes: &Kubernetes, crowd: &Crowd) -> Result<Vec<IpAddr>> {
    let client = kubernetes.client()?;
    let mut slices = Vec::new();
    for namespace in &crowd.namespaces {
        let all = Api::<EndpointSlice>::namespaced(client.clone(), namespace);
        slices.extend(kubernetes.block_on(all.list(&ListParams::default()))?);
    }
    let mut found = Vec::new();
    for turn in 0..REPLICAS {
        for endpoint in slices.iter().filter_map(|slice| slice.endpoints.get(turn)) {
            found.push(endpoint.addresses.first().context("an endpoint without an address")?.parse()?);
        }
    }
    Ok(found)
}
