//! The operator as configured on the command line: address, CA, token.

use longwire_endpoint::descriptors;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

#[cfg(test)]
mod tests;

/// Timeout of a connect, TLS handshake included.
const CONNECT: Duration = Duration::from_secs(2);
/// Interval and timeout of keepalive pings: a dead peer is found within their sum, even on an idle stream.
const KEEP_ALIVE: Duration = Duration::from_secs(3);
const KEEP_ALIVE_ANSWER: Duration = Duration::from_secs(3);

/// The operator's address, and how to authenticate to it and it to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operator {
    pub(super) url: String,
    pub(super) secured: Option<Secured>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Secured {
    /// PEM file of CA certificates; read again for every connection, because the operator renews them.
    ca: PathBuf,
    /// Name that its certificate must have, at whatever address it is reached.
    name: String,
    token: Option<PathBuf>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidOperator {
    #[error(
        "--operator {0} needs --operator-ca: the file with the operator's ca.crt, from its ConfigMap longwire-operator-ca"
    )]
    NoCa(String),
    #[error("{0} requires https: {1} is plain http")]
    InTheClear(&'static str, String),
    #[error("--operator {0}: no host")]
    NoHost(String),
    #[error(
        "--metrics-auth needs an operator on a cluster, by https: the one at {0} has no API server that can authorize readers"
    )]
    NoOperator(String),
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Unreachable {
    #[error("{what} {}: {reason}", file.display())]
    File { what: &'static str, file: PathBuf, reason: io::Error },
    #[error("--operator-ca {}: no certificate in it", .0.display())]
    NoCertificate(PathBuf),
    #[error("--operator-token {}: not a token", .0.display())]
    NoToken(PathBuf),
    #[error("cannot connect")]
    Connect(#[from] tonic::transport::Error),
    #[error("cannot connect within {CONNECT:?}")]
    Silent,
}

impl Unreachable {
    /// No file descriptor was left for the connection or for a file.
    pub(super) fn is_for_want_of_descriptors(&self) -> bool {
        match self {
            Self::File { reason, .. } => descriptors::are_exhausted(reason),
            other => descriptors::are_exhausted_below(other),
        }
    }
}

impl Operator {
    pub(crate) fn new(
        url: String,
        ca: Option<PathBuf>,
        token: Option<PathBuf>,
        name: Option<String>,
    ) -> Result<Self, InvalidOperator> {
        if url.starts_with("https:") {
            let Some(ca) = ca else { return Err(InvalidOperator::NoCa(url)) };
            let uri: Option<axum::http::Uri> = url.parse().ok();
            let host = uri.as_ref().and_then(axum::http::Uri::host).map(|host| host.trim_matches(['[', ']']));
            let Some(name) = name.or_else(|| host.map(str::to_owned)) else { return Err(InvalidOperator::NoHost(url)) };
            return Ok(Self { url, secured: Some(Secured { ca, name, token }) });
        }
        let secrets = [("--operator-ca", ca.is_some()), ("--operator-token", token.is_some())];
        match secrets.into_iter().chain([("--operator-name", name.is_some())]).find(|(_, given)| *given) {
            Some((flag, _)) => Err(InvalidOperator::InTheClear(flag, url)),
            None => Ok(Self { url, secured: None }),
        }
    }

    /// The server has to authenticate itself.
    pub(crate) fn is_secured(&self) -> bool {
        self.secured.is_some()
    }

    /// The address to connect to: the leader's, if known.
    pub(super) fn address(&self, leader: Option<SocketAddr>) -> String {
        match (leader, &self.secured) {
            (None, _) => self.url.clone(),
            (Some(leader), Some(_)) => format!("https://{leader}"),
            (Some(leader), None) => format!("http://{leader}"),
        }
    }

    pub(super) async fn connect(&self, leader: Option<SocketAddr>) -> Result<Channel, Unreachable> {
        let endpoint = Endpoint::from_shared(self.address(leader))?
            .connect_timeout(CONNECT)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE_ANSWER)
            .keep_alive_while_idle(true);
        let endpoint = match &self.secured {
            None => endpoint,
            Some(Secured { ca, name, .. }) => {
                let pem = read("--operator-ca", ca)?;
                if !pem.contains("-----BEGIN CERTIFICATE-----") {
                    return Err(Unreachable::NoCertificate(ca.clone()));
                }
                let trust = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)).domain_name(name);
                endpoint.tls_config(trust)?
            }
        };
        // The endpoint's timeout covers TCP only.
        let connected = tokio::time::timeout(CONNECT, endpoint.connect()).await;
        Ok(connected.map_err(|_| Unreachable::Silent)??)
    }

    /// The token file's content. `None`: no token is configured.
    pub(super) fn token(&self) -> Result<Option<String>, Unreachable> {
        let file = self.secured.as_ref().and_then(|secured| secured.token.as_deref());
        let read = |file| Ok(read("--operator-token", file)?.trim().to_owned());
        file.map(read).transpose()
    }

    /// Value of the authorization header, marked as sensitive so that logs do not show it.
    pub(super) fn authorization(&self, token: &str) -> Result<MetadataValue<Ascii>, Unreachable> {
        let value = MetadataValue::try_from(format!("Bearer {token}"));
        let mut value = value.ok().filter(|_| !token.is_empty()).ok_or_else(|| {
            let file = self.secured.as_ref().and_then(|secured| secured.token.clone());
            Unreachable::NoToken(file.unwrap_or_default())
        })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

fn read(what: &'static str, file: &Path) -> Result<String, Unreachable> {
    fs::read_to_string(file).map_err(|reason| Unreachable::File { what, file: file.to_owned(), reason })
}
