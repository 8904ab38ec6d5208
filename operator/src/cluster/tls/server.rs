//! The certificate for every new handshake.

use super::UnixSeconds;
use super::material::{InvalidMaterial, Material};
use std::fmt;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{ClientHello, NoClientAuth, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ServerConfig, crypto::ring, version};

/// The certificate of now, and until when it and its authority are good.
#[derive(Clone)]
pub struct Serving {
    key: Arc<CertifiedKey>,
    pub leaf_expires: UnixSeconds,
    /// The newest one's.
    pub(crate) authority_expires: UnixSeconds,
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { leaf_expires, authority_expires, .. } = self;
        let mut shown = f.debug_struct("Serving");
        shown.field("leaf_expires", leaf_expires).field("authority_expires", authority_expires).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Current(watch::Receiver<Option<Serving>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.borrow().as_ref().map(|serving| Arc::clone(&serving.key))
    }
}

/// Names by which probes may verify the operator of this namespace; the first is the one they are given.
#[must_use]
pub fn names(namespace: &str) -> Vec<String> {
    vec![format!("longwire-operator.{namespace}.svc"), format!("longwire-operator.{namespace}")]
}

/// Takes this into service for every handshake from now on.
pub fn publish(material: &Material, to: &watch::Sender<Option<Serving>>) -> Result<(), InvalidMaterial> {
    let key = material.certified()?;
    let leaf_expires = material.leaf().validity.expires;
    let authority_expires = material.authorities().first().map_or(0, |newest| newest.validity.expires);
    to.send_replace(Some(Serving { key, leaf_expires, authority_expires }));
    Ok(())
}

/// For probes, which use gRPC.
pub fn configuration(serving: watch::Receiver<Option<Serving>>) -> Result<Arc<ServerConfig>, rustls::Error> {
    speaking(&[b"h2"], serving, Arc::new(NoClientAuth))
}

/// For the API server's calls of the webhook, which are HTTP/1.1.
pub fn http(serving: watch::Receiver<Option<Serving>>) -> Result<Arc<ServerConfig>, rustls::Error> {
    speaking(&[b"http/1.1"], serving, Arc::new(NoClientAuth))
}

/// For requests that the API server forwards with the certificate of its front proxy.
pub(crate) fn for_api_server(
    serving: watch::Receiver<Option<Serving>>,
    front_proxy: Arc<dyn ClientCertVerifier>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    speaking(&[b"h2", b"http/1.1"], serving, front_proxy)
}

/// TLS 1.3 alone. No tickets: a resumed session would not look at the certificate again.
fn speaking(
    protocols: &[&[u8]],
    serving: watch::Receiver<Option<Serving>>,
    clients: Arc<dyn ClientCertVerifier>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_protocol_versions(&[&version::TLS13])?.with_client_cert_verifier(clients);
    let mut config = builder.with_cert_resolver(Arc::new(Current(serving)));
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}
