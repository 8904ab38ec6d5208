//! The replicas' requests to the API server, from its audit log.

use crate::measured::Measured;
use anyhow::{Result, ensure};
use longwire_kubernetes::{Kubernetes, longwire::replica, longwire::replica::Replica};
use std::collections::BTreeMap;

/// Query of a starting replica's GET of its own certificate.
const OWN_SECRET: &str = "fieldSelector=metadata.name%3Dlongwire-operator-tls";
/// Query of a watch that requests all objects.
const ANEW: &str = "sendInitialEvents=true";

/// Open watches, by pod and kind.
pub(super) type Watches = BTreeMap<String, BTreeMap<String, usize>>;

pub(super) fn open_watches(kubernetes: &Kubernetes, replicas: &[Replica]) -> Result<Watches> {
    let requests = replica::requests(kubernetes, 0)?;
    let of = |replica: &Replica| {
        let open = requests.iter().filter(|request| request.pod == replica.pod && !request.ended);
        let kinds = replica::watches(open).into_iter().map(|(kind, count)| (kind.to_owned(), count));
        (replica.pod.clone(), kinds.collect())
    };
    let watches: Watches = replicas.iter().map(of).collect();
    for (pod, kinds) in &watches {
        ensure!(kinds.values().all(|count| *count == 1), "{pod} watches more than once: {kinds:?}");
    }
    Ok(watches)
}

/// With the streams of two probes, and with all.
pub(super) fn compare(few: &Watches, many: &Watches) -> Result<[Measured; 2]> {
    ensure!(few == many, "watches have changed with the number of probes: {few:?}, then {many:?}");
    let most =
        |watches: &Watches| watches.values().map(|kinds| kinds.values().sum::<usize>()).max().unwrap_or(0) as f64;
    let kinds: Vec<_> = few.values().flat_map(|kinds| kinds.keys()).map(String::as_str).collect();
    let names = kinds[..kinds.len() / few.len().max(1)].join(", ");
    Ok([
        Measured::alone("watches_few_streams", most(few)).note(names),
        Measured::alone("watches_all_streams", most(many)),
    ])
}

/// Requests of replicas because of a cut, from number `since` on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// LISTs, except that of a starting replica's own certificate.
    pub(super) lists: usize,
    /// Watches with which another replica than the killed one requested all objects.
    pub(super) anew: usize,
}

pub(super) fn since(kubernetes: &Kubernetes, since: usize, killed: &str) -> Result<Asked> {
    let requests = replica::requests(kubernetes, since)?;
    let lists = requests.iter().filter(|request| request.verb == "list" && !request.uri.contains(OWN_SECRET)).count();
    let anew = requests.iter().filter(|request| request.pod != killed && request.uri.contains(ANEW)).count();
    Ok(Asked { lists, anew })
}
