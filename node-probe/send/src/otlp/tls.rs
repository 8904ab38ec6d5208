//! Encrypted connections: whom to trust, and who we are.

use super::secret::{Certificates, Client, Content};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{path} has no certificates to use: {reason}: write them as PEM")]
    Certificates { path: PathBuf, reason: String },
    #[error("{path} has no private key to use: {reason}: write it as PEM, without a password")]
    Key { path: PathBuf, reason: String },
    #[error("{certificate} and {key} do not go together: {reason}")]
    Client { certificate: PathBuf, key: PathBuf, reason: String },
    #[error(
        "the system has no certificates to trust: give the receiver's as ca.crt of a Secret, or in OTEL_EXPORTER_OTLP_CERTIFICATE"
    )]
    NobodyTrusted,
    #[error("no version of TLS can be spoken: {0}")]
    Versions(rustls::Error),
}

/// For a connection that is not encrypted nothing is read.
pub(super) fn configuration(certificates: &Certificates, is_secured: bool) -> Result<ClientConfig, TlsError> {
    let roots = match &certificates.ca {
        _ if !is_secured => RootCertStore::empty(),
        Some(ca) => given(ca)?,
        None => of_the_system()?,
    };
    let versions =
        ClientConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions();
    let trusting = versions.map_err(TlsError::Versions)?.with_root_certificates(roots);
    match &certificates.client {
        Some(Client { certificate, key }) if is_secured => {
            let chain = certificates_of(certificate)?;
            let private = PrivateKeyDer::from_pem_slice(&key.bytes);
            let private =
                private.map_err(|error| TlsError::Key { path: key.path.clone(), reason: error.to_string() })?;
            trusting.with_client_auth_cert(chain, private).map_err(|error| TlsError::Client {
                certificate: certificate.path.clone(),
                key: key.path.clone(),
                reason: error.to_string(),
            })
        }
        _ => Ok(trusting.with_no_client_auth()),
    }
}

fn given(ca: &Content) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates_of(ca)? {
        let refusal =
            |error: rustls::Error| TlsError::Certificates { path: ca.path.clone(), reason: error.to_string() };
        roots.add(certificate).map_err(refusal)?;
    }
    Ok(roots)
}

/// Those of the image. One that cannot be read takes nothing from the others.
fn of_the_system() -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() { Err(TlsError::NobodyTrusted) } else { Ok(roots) }
}

fn certificates_of(content: &Content) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let refusal = |reason: String| TlsError::Certificates { path: content.path.clone(), reason };
    let read = CertificateDer::pem_slice_iter(&content.bytes).collect::<Result<Vec<_>, _>>();
    match read {
        Ok(certificates) if certificates.is_empty() => Err(refusal("none found".to_owned())),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(refusal(error.to_string())),
    }
}
