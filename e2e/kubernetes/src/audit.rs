//! The API server's audit log: requests and their users.

use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `list`, `watch`, `patch` and so on.
    pub verb: String,
    /// For example `system:serviceaccount:longwire-system:longwire-operator`.
    pub user: String,
    pub user_agent: String,
    /// Plural, in lower case; a subresource after a slash. Empty for a request without a resource.
    pub resource: String,
    /// Path and query.
    pub uri: String,
    /// The pod of a bound service account token; otherwise empty.
    pub pod: String,
    /// The response is complete; false for a running watch.
    pub ended: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(rename = "auditID")]
    audit_id: String,
    stage: String,
    verb: String,
    #[serde(rename = "requestURI")]
    uri: String,
    user: User,
    #[serde(default)]
    user_agent: String,
    object_ref: Option<ObjectRef>,
}

#[derive(Deserialize)]
struct User {
    username: String,
    #[serde(default)]
    extra: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct ObjectRef {
    #[serde(default)]
    resource: String,
    subresource: Option<String>,
}

/// The claim with the name of a token's pod.
const POD: &str = "authentication.kubernetes.io/pod-name";

/// Every request of the log once, in the order of their responses' starts.
pub fn read(log: &Path) -> Result<Vec<Request>> {
    let text = fs::read_to_string(log).with_context(|| format!("read {}", log.display()))?;
    // The last line may be incomplete.
    let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
    parse(whole).with_context(|| format!("{} is no audit log", log.display()))
}

/// One event for each line, one or more events for each request: a watch has one at its start and one at its end.
fn parse(lines: &str) -> Result<Vec<Request>> {
    let mut requests: Vec<Request> = Vec::new();
    let mut seen = HashMap::new();
    for line in lines.lines() {
        let Event { audit_id, stage, verb, uri, mut user, user_agent, object_ref } = serde_json::from_str(line)?;
        let ended = stage != "ResponseStarted";
        if let Some(&at) = seen.get(&audit_id) {
            let request: &mut Request = &mut requests[at];
            request.ended |= ended;
            continue;
        }
        seen.insert(audit_id, requests.len());
        let resource = object_ref.map_or_else(String::new, |ObjectRef { resource, subresource }| match subresource {
            Some(subresource) => format!("{resource}/{subresource}"),
            None => resource,
        });
        let pod = user.extra.remove(POD).and_then(|mut names| names.pop()).unwrap_or_default();
        requests.push(Request { verb, user: user.username, user_agent, resource, uri, pod, ended });
    }
    Ok(requests)
}

#[cfg(test)]
mod tests;
