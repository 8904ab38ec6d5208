//! Objects of a cluster, read with the user's own rights, page by page.

use crate::kubeconfig::NoCluster;
use kube::Client;
use longwire_operator::analyze::Live;
use longwire_operator::source::api_server::client::chain;
use pages::{Pages, TooMany};
use std::io::{self, Write};

mod pages;
mod reduce;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Unread {
    #[error("{0}")]
    NoCluster(#[from] NoCluster),
    #[error("the cluster does not answer: {0}")]
    Silent(String),
    #[error("nothing of the cluster could be read: see above, or analyze files with -f")]
    Nothing,
}

/// Why one kind is not read.
#[derive(Debug, thiserror::Error)]
enum Skipped {
    #[error("{}", chain(.0))]
    Refused(#[from] kube::Error),
    #[error("{0}")]
    TooMany(#[from] TooMany),
    #[error("the answer is no list: {0}")]
    NoList(#[from] serde_json::Error),
    #[error("its pages expire before they are read")]
    Expired,
}

/// A kind, as the API server's paths name it.
#[derive(Clone, Copy, Debug)]
struct Resource {
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
}

const fn ours(kind: &'static str, plural: &'static str) -> Resource {
    Resource { group: longwire_crds::GROUP, version: "v1alpha1", kind, plural }
}

const fn core(kind: &'static str, plural: &'static str) -> Resource {
    Resource { group: "", version: "v1", kind, plural }
}

const POLICIES: [Resource; 3] = [
    ours("TelemetryPolicy", "telemetrypolicies"),
    ours("ExtraStatTags", "extrastattags"),
    ours("StatsMatcher", "statsmatchers"),
];
const NAMESPACES: Resource = core("Namespace", "namespaces");
const OTHERS: [Resource; 2] = [core("Pod", "pods"), core("Service", "services")];

impl Resource {
    fn api_version(self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `None`: of all namespaces.
    fn path(self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() { "/api" } else { "/apis" };
        let within = namespace.map(|namespace| format!("/namespaces/{namespace}")).unwrap_or_default();
        format!("{root}/{}{within}/{}", self.api_version(), self.plural)
    }

    /// As RBAC and kubectl name it.
    fn name(self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }
}

/// `namespace`: the only one; `None`: all.
pub(super) async fn read(client: &Client, namespace: Option<String>, root: &str) -> Result<Live, Unread> {
    let mut pages = Pages::new(client);
    let (mut missing, mut asked) = (Vec::new(), 0);
    for (resource, place) in wanted(namespace.as_deref(), root) {
        asked += 1;
        let outcome = match (resource.plural, place) {
            ("namespaces", Some(name)) => pages.one(resource, name).await,
            _ => pages.all(resource, place).await,
        };
        let Err(reason) = outcome else { continue };
        // Nobody answers, or knows who asks: so it would be with each kind.
        if let Skipped::Refused(error) = &reason
            && !matches!(error, kube::Error::Api(status) if status.code != 401)
        {
            return Err(Unread::Silent(chain(error)));
        }
        let what = place.map_or_else(|| resource.name(), |place| format!("{} of {place}", resource.name()));
        say(&what, resource, &reason);
        missing.push(what);
    }
    if missing.len() == asked {
        return Err(Unread::Nothing);
    }
    Ok(Live { objects: pages.objects, namespace, missing })
}

/// Each kind, and the namespaces in which it is read.
fn wanted<'a>(namespace: Option<&'a str>, root: &'a str) -> Vec<(Resource, Option<&'a str>)> {
    let own = POLICIES.into_iter().chain([NAMESPACES]).chain(OTHERS).map(|resource| (resource, namespace));
    // Its policies apply everywhere.
    let of_root = POLICIES.into_iter().map(|resource| (resource, Some(root)));
    own.chain(of_root.filter(|_| namespace.is_some_and(|namespace| namespace != root))).collect()
}

/// One line of what is left out.
fn say(what: &str, resource: Resource, reason: &Skipped) {
    let is_api = |code: u16| matches!(reason, Skipped::Refused(kube::Error::Api(status)) if status.code == code);
    let remedy = match resource.group {
        _ if is_api(403) => ": ask for the right to get and list them",
        "" => "",
        _ if is_api(404) => ": this cluster does not have the kind: install Longwire, or name another --context",
        _ => "",
    };
    let line = format!("skipped {what}: {reason}{remedy}").replace(char::is_control, " ");
    let _ = writeln!(io::stderr(), "{line}");
}
