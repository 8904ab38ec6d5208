//! A replica of the operator, from outside: its metrics, its memory, its requests to the API server.

use super::json_path;
use crate::Kubernetes;
use crate::audit::Request;
use crate::running::process_running;
use anyhow::{Context, Result, bail, ensure};
use longwire_model::series::operator_names;
use longwire_testkit::{Format, Scrape, http};
use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};

/// Port of /metrics.
const PORT: u16 = 15011;
const USER: &str = "system:serviceaccount:longwire-system:longwire-operator";

#[derive(Clone, Debug)]
pub struct Replica {
    pub pod: String,
    pub uid: String,
    pub address: Ipv4Addr,
}

/// Resident memory, bytes.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    pub resident: u64,
    /// Peak since its start.
    pub peak: u64,
}

/// All existing replicas.
pub fn all(kubernetes: &Kubernetes) -> Result<Vec<Replica>> {
    let columns = r#"{range .items[*]}{.metadata.name} {.metadata.uid} {.status.podIP}{"\n"}{end}"#;
    let said = json_path(kubernetes, &["pods", "--selector=app=longwire-operator"], columns)?;
    let replica = |line: &str| {
        let [pod, uid, address] = line.split(' ').collect::<Vec<_>>()[..] else { bail!("{line:?} is no replica") };
        Ok(Replica { pod: pod.to_owned(), uid: uid.to_owned(), address: address.parse()? })
    };
    said.lines().map(replica).collect()
}

/// Requests of replicas to the API server, from number `since` on.
pub fn requests(kubernetes: &Kubernetes, since: usize) -> Result<Vec<Request>> {
    let requests = kubernetes.audit()?.into_iter().skip(since);
    Ok(requests.filter(|request| request.user == USER).collect())
}

/// Their watches by kind.
pub fn watches<'a>(requests: impl IntoIterator<Item = &'a Request>) -> BTreeMap<&'a str, usize> {
    let mut watches = BTreeMap::new();
    for request in requests.into_iter().filter(|request| request.verb == "watch") {
        *watches.entry(request.resource.as_str()).or_default() += 1;
    }
    watches
}

impl Replica {
    /// Where it serves its metrics.
    pub fn listener(&self) -> SocketAddr {
        (self.address, PORT).into()
    }

    pub fn get(&self, path: &str) -> Result<http::Response> {
        http::get_from(self.listener(), path)
    }

    /// Its metrics, with this token.
    pub fn read_as(&self, token: &str) -> Result<http::Response> {
        http::get_as(self.listener(), "/metrics", token)
    }

    pub fn scrape(&self) -> Result<Scrape> {
        let response = self.get("/metrics")?;
        ensure!(response.status == 200, "/metrics of {} says {}", self.pod, response.status);
        Scrape::parse(&String::from_utf8(response.body)?, Format::Text)
    }

    /// Objects of a kind, such as `pods`, in its cache; fails until its first list is complete.
    pub fn objects(&self, kind: &str) -> Result<u64> {
        let scrape = self.scrape()?;
        ensure!(scrape.sum(operator_names::SYNCED, &[]) == 1, "{} does not know all yet", self.pod);
        Ok(scrape.sum(operator_names::OBJECTS, &[("kind", kind)]))
    }

    /// Its process id in the machine's namespace.
    pub fn process(&self) -> Result<u32> {
        process_running(&self.uid, "longwire-operator")
    }

    pub fn memory(&self) -> Result<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process()?))?;
        let field = |name: &str| -> Result<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kibibytes: u64 = line.with_context(|| format!("no {name}"))?.trim().trim_end_matches(" kB").parse()?;
            Ok(kibibytes * 1024)
        };
        Ok(Memory { resident: field("VmRSS:")?, peak: field("VmHWM:")? })
    }
}
