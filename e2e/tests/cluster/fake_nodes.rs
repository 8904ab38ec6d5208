//! Two thousand pods on fake nodes, beside a real edge.

use crate::shop::Shop;
use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{
    Kubernetes, crowd::Crowd, kwok::Kwok, longwire, longwire::replica, longwire::replica::Replica,
};
use longwire_testkit::eventually;
use std::time::{Duration, Instant};

const PODS: usize = 2_000;
const NODES: usize = 20;
const PATIENCE: Duration = Duration::from_secs(240);
/// Bytes; several times the use of a test build.
const MAX_RESIDENT: u64 = 200_000_000;
/// Of one kind by each replica, while two thousand pods come and go on twenty nodes.
const MAX_WATCHES: usize = 3;
/// Query of a watch that requests all objects.
const ANEW: &str = "sendInitialEvents=true";

/// Waits until each replica has the expected number of pods.
fn await_known(replicas: &[Replica], is_right: impl Fn(u64) -> bool) -> Result<()> {
    eventually(PATIENCE, || {
        for replica in replicas {
            let known = replica.objects("pods")?;
            ensure!(is_right(known), "{} knows {known} pods", replica.pod);
        }
        Ok(())
    })
}

/// Creates the pods, waits until they are known, and deletes them.
fn come_and_go(kubernetes: &Kubernetes, crowd: &Crowd, replicas: &[Replica]) -> Result<()> {
    let (client, start) = (kubernetes.client()?, Instant::now());
    kubernetes.block_on(crowd.create(&client))?;
    eventually(PATIENCE, || kubernetes.block_on(crowd.check_running(&client)))?;
    let running = start.elapsed();
    await_known(replicas, |known| known >= PODS as u64)?;
    let [running, known] = [running, start.elapsed()].map(|time| time.as_secs_f64());
    println!("{PODS} pods run after {running:.1} s, known after {known:.1} s");
    for replica in replicas {
        let replica::Memory { resident, peak } = replica.memory()?;
        println!("{}: {:.1} MB resident, {:.1} MB at most", replica.pod, resident as f64 / 1e6, peak as f64 / 1e6);
        ensure!(peak <= MAX_RESIDENT, "{} had {peak} bytes resident", replica.pod);
    }
    kubernetes.block_on(crowd.delete(&client))?;
    await_known(replicas, |known| known < PODS as u64 / 10)
}

#[test]
fn two_thousand_pods_come_and_go_and_cost_no_list_no_further_watch_and_no_byte_of_a_real_edge() -> Result<()> {
    let (kubernetes, namespace) = longwire::installed()?;
    let replicas = replica::all(kubernetes)?;
    await_known(&replicas, |_| true)?;
    let shop = Shop::open(&namespace)?;
    let crowded = kubernetes.namespace()?;
    let kwok = Kwok::start(kubernetes, &crowded.name, NODES)?;
    let crowd = Crowd::new(&kwok, NODES, vec![crowded.name.clone()], PODS);
    let asked = kubernetes.audit()?.len();
    shop.exact_throughout(kubernetes, || {
        come_and_go(kubernetes, &crowd, &replicas).with_context(|| longwire::logs(kubernetes))
    })?;
    shop.there().labels_agree(&longwire::scrape_all()?)?;
    let requests = replica::requests(kubernetes, asked)?;
    let lists: Vec<_> = requests.iter().filter(|request| request.verb == "list").collect();
    assert!(lists.is_empty(), "{lists:?}");
    let anew: Vec<_> = requests.iter().filter(|request| request.uri.contains(ANEW)).collect();
    assert!(anew.is_empty(), "{anew:?}");
    // The API server ends each watch after some minutes, and one whose reader is slow earlier. The client restarts it
    // from its last version. Their number has nothing to do with that of nodes.
    for (kind, watches) in replica::watches(&requests) {
        assert!(watches <= MAX_WATCHES * replicas.len(), "{watches} watches of {kind}");
    }
    Ok(())
}
