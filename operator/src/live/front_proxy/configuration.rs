//! The ConfigMap's content, checked. Its lists are JSON arrays in one value each.

use axum::http::HeaderName;
use std::collections::{BTreeMap, BTreeSet};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};

#[cfg(test)]
mod tests;

const AUTHORITIES: &str = "requestheader-client-ca-file";
const NAMES: &str = "requestheader-allowed-names";
const CLIENTS: &str = "client-ca-file";
const USER: &str = "requestheader-username-headers";
const UID: &str = "requestheader-uid-headers";
const GROUP: &str = "requestheader-group-headers";
const EXTRA: &str = "requestheader-extra-headers-prefix";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Configuration {
    /// Which sign the front proxy's certificate.
    pub(super) authorities: Vec<CertificateDer<'static>>,
    /// Its common name is one of these; empty: any that they have signed.
    pub(super) names: Vec<String>,
    pub(super) headers: HeaderNames,
}

/// Names of the headers with the user's identity. Of user and UID the first that has a value counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::live) struct HeaderNames {
    pub(in crate::live) user: Vec<HeaderName>,
    pub(in crate::live) uid: Vec<HeaderName>,
    pub(in crate::live) group: Vec<HeaderName>,
    /// In lower case.
    pub(in crate::live) extra_prefix: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum InvalidFrontProxy {
    #[error("{0} is missing: the cluster has no aggregation layer; start kube-apiserver with --{0}")]
    Missing(&'static str),
    #[error("{0} is no JSON array of strings: {1}")]
    List(&'static str, serde_json::Error),
    #[error("{0}: {1:?} is no name of a header")]
    Header(&'static str, String),
    #[error("{0} has a certificate that is not PEM: {1}")]
    Pem(&'static str, pem::Error),
    #[error(
        "the front proxy's CA also signs users' certificates, and every name is allowed, so each of them could speak as \
         any user: start kube-apiserver with --{NAMES}=NAME, the common name of --proxy-client-cert-file"
    )]
    EveryUser,
}

impl Configuration {
    pub(super) fn read(data: &BTreeMap<String, String>) -> Result<Self, InvalidFrontProxy> {
        let authorities = certificates(data, AUTHORITIES)?;
        if authorities.is_empty() {
            return Err(InvalidFrontProxy::Missing(AUTHORITIES));
        }
        let names = list(data, NAMES)?;
        let clients: BTreeSet<_> = certificates(data, CLIENTS)?.into_iter().map(|one| one.to_vec()).collect();
        if names.is_empty() && authorities.iter().any(|authority| clients.contains(authority.as_ref())) {
            return Err(InvalidFrontProxy::EveryUser);
        }
        let headers = HeaderNames {
            user: header_names(data, USER)?,
            uid: header_names(data, UID)?,
            group: header_names(data, GROUP)?,
            extra_prefix: list(data, EXTRA)?.iter().map(|prefix| prefix.trim().to_ascii_lowercase()).collect(),
        };
        if headers.user.is_empty() {
            return Err(InvalidFrontProxy::Missing(USER));
        }
        Ok(Self { authorities, names, headers })
    }
}

fn certificates(
    data: &BTreeMap<String, String>,
    key: &'static str,
) -> Result<Vec<CertificateDer<'static>>, InvalidFrontProxy> {
    let text = data.get(key).map_or("", String::as_str);
    let read = CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<Vec<_>, _>>();
    read.map_err(|error| InvalidFrontProxy::Pem(key, error))
}

/// A list that is left out is empty.
fn list(data: &BTreeMap<String, String>, key: &'static str) -> Result<Vec<String>, InvalidFrontProxy> {
    let Some(text) = data.get(key).filter(|text| !text.trim().is_empty()) else { return Ok(Vec::new()) };
    serde_json::from_str(text).map_err(|error| InvalidFrontProxy::List(key, error))
}

fn header_names(data: &BTreeMap<String, String>, key: &'static str) -> Result<Vec<HeaderName>, InvalidFrontProxy> {
    let name = |text: &String| {
        HeaderName::from_bytes(text.trim().as_bytes()).map_err(|_| InvalidFrontProxy::Header(key, text.clone()))
    };
    list(data, key)?.iter().map(name).collect()
}
