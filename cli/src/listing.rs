//! Lists of the live API, page by page.

use kube::Api;
use kube::api::ListParams;
use longwire_live::{API_SERVICE, GROUP};
use longwire_operator::source::api_server::client::chain;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

const PAGE: u32 = 500;

/// What is listed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed {
    pub(crate) plural: &'static str,
    /// What includes the right to list it.
    pub(crate) role: &'static str,
    /// Most objects that are read.
    pub(crate) most: usize,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Unlisted {
    #[error(
        "the cluster does not serve {0} of the live API: APIService {API_SERVICE} is not there, or its release does not have them: \
         switch it on with `helm upgrade longwire charts/longwire --namespace longwire-system --reuse-values --set live.enabled=true`, \
         or name another cluster with --context"
    )]
    NoApi(&'static str),
    #[error("you may not list {0}.{GROUP}: {2}: ask for a binding to the ClusterRole {1}, which includes it")]
    Forbidden(&'static str, &'static str, String),
    #[error("nobody answers the live API: {0}: `kubectl get apiservice {API_SERVICE} -o yaml` says why")]
    Unavailable(String),
    #[error("the cluster does not answer: {0}")]
    Silent(String),
    #[error("the pages of {0} expired before they were read: ask again, or for fewer with -n")]
    Expired(&'static str),
    #[error("there are more than {1} {0}: name a namespace with -n")]
    TooMany(&'static str, usize),
}

pub(crate) async fn list<K: Clone + DeserializeOwned + Debug>(
    api: &Api<K>,
    listed: Listed,
) -> Result<Vec<K>, Unlisted> {
    let Listed { plural, role, most } = listed;
    let mut parameters = ListParams::default().limit(PAGE);
    let mut found = Vec::new();
    loop {
        let page = api.list(&parameters).await.map_err(|error| match code(&error) {
            Some(404) => Unlisted::NoApi(plural),
            Some(403) => Unlisted::Forbidden(plural, role, chain(&error)),
            Some(410) => Unlisted::Expired(plural),
            Some(500..) => Unlisted::Unavailable(chain(&error)),
            _ => Unlisted::Silent(chain(&error)),
        })?;
        found.extend(page.items);
        if found.len() > most {
            return Err(Unlisted::TooMany(plural, most));
        }
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => parameters = parameters.continue_token(&token),
            None => return Ok(found),
        }
    }
}

pub(crate) fn code(error: &kube::Error) -> Option<u16> {
    if let kube::Error::Api(status) = error { Some(status.code) } else { None }
}
