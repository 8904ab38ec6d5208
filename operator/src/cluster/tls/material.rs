//! All that the Secret holds: authorities, the newest one's key, the certificate that is served, and its key.

use super::certificate::{Certificate, InvalidCertificate};
use super::{Held, Lifetimes, Step, UnixSeconds};
use rcgen::KeyPair;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use tokio_rustls::rustls;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::sign::CertifiedKey;

const AUTHORITIES: &str = "ca.crt";
const AUTHORITY_KEY: &str = "ca.key";
const LEAF: &str = "tls.crt";
const LEAF_KEY: &str = "tls.key";
/// Authorities at most: options that do not fit each other could otherwise pile them up.
const MAX_AUTHORITIES: usize = 4;

pub struct Material {
    /// Newest first, and never none.
    authorities: Vec<Certificate>,
    /// The newest one's.
    authority_key: KeyPair,
    leaf: Certificate,
    leaf_key: KeyPair,
}

#[derive(Debug, thiserror::Error)]
pub enum InvalidMaterial {
    #[error("{0}: missing")]
    Missing(&'static str),
    #[error("{0}: not text")]
    NotText(&'static str),
    #[error("{key}: {reason}")]
    Certificate { key: &'static str, reason: InvalidCertificate },
    #[error("{key}: not a private key: {reason}")]
    Key { key: &'static str, reason: rcgen::Error },
    #[error("tls.key is not the key of tls.crt: {0}")]
    Mismatch(rustls::Error),
}

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { authorities, leaf, .. } = self;
        f.debug_struct("Material").field("authorities", authorities).field("leaf", leaf).finish_non_exhaustive()
    }
}

impl Material {
    /// From nothing.
    pub fn create(names: &[String], lifetimes: Lifetimes, now: UnixSeconds) -> Result<Self, InvalidCertificate> {
        let (authority, authority_key) = Certificate::authority(lifetimes.authority, now)?;
        let (leaf, leaf_key) = authority.leaf(&authority_key, names, lifetimes.leaf, now)?;
        Ok(Self { authorities: vec![authority], authority_key, leaf, leaf_key })
    }

    /// The change that a plan requires; `Keep`: none.
    pub fn take(
        self,
        step: Step,
        names: &[String],
        lifetimes: Lifetimes,
        now: UnixSeconds,
    ) -> Result<Self, InvalidCertificate> {
        let Self { mut authorities, authority_key, leaf, leaf_key } = self;
        match step {
            Step::Keep { .. } => Ok(Self { authorities, authority_key, leaf, leaf_key }),
            Step::Forget { keep } => {
                authorities.truncate(keep.max(1));
                Ok(Self { authorities, authority_key, leaf, leaf_key })
            }
            Step::RenewLeaf => {
                let (leaf, leaf_key) = authorities[0].leaf(&authority_key, names, lifetimes.leaf, now)?;
                Ok(Self { authorities, authority_key, leaf, leaf_key })
            }
            Step::RenewAuthority => {
                let (leaf, leaf_key) = authorities[0].leaf(&authority_key, names, lifetimes.leaf, now)?;
                let (authority, authority_key) = Certificate::authority(lifetimes.authority, now)?;
                authorities.insert(0, authority);
                authorities.truncate(MAX_AUTHORITIES);
                Ok(Self { authorities, authority_key, leaf, leaf_key })
            }
            Step::StartOver => Self::create(names, lifetimes, now),
        }
    }

    pub fn read(data: &BTreeMap<String, Vec<u8>>) -> Result<Self, InvalidMaterial> {
        let text = |key: &'static str| {
            let bytes = data.get(key).filter(|bytes| !bytes.is_empty()).ok_or(InvalidMaterial::Missing(key))?;
            std::str::from_utf8(bytes).map_err(|_| InvalidMaterial::NotText(key))
        };
        let certificates =
            |key| Certificate::read_all(text(key)?).map_err(|reason| InvalidMaterial::Certificate { key, reason });
        let private_key = |key| KeyPair::from_pem(text(key)?).map_err(|reason| InvalidMaterial::Key { key, reason });
        let authorities = certificates(AUTHORITIES)?;
        if authorities.is_empty() {
            return Err(InvalidMaterial::Missing(AUTHORITIES));
        }
        let leaf = certificates(LEAF)?.into_iter().next().ok_or(InvalidMaterial::Missing(LEAF))?;
        let (authority_key, leaf_key) = (private_key(AUTHORITY_KEY)?, private_key(LEAF_KEY)?);
        let material = Self { authorities, authority_key, leaf, leaf_key };
        material.certified().map(|_| material)
    }

    #[must_use]
    pub fn write(&self) -> BTreeMap<String, Vec<u8>> {
        let Self { authority_key, leaf, leaf_key, .. } = self;
        let texts = [
            (AUTHORITIES, self.bundle()),
            (AUTHORITY_KEY, authority_key.serialize_pem()),
            (LEAF, leaf.pem.clone()),
            (LEAF_KEY, leaf_key.serialize_pem()),
        ];
        texts.into_iter().map(|(key, text)| (key.to_owned(), text.into_bytes())).collect()
    }

    /// PEM of the authorities that probes trust.
    #[must_use]
    pub fn bundle(&self) -> String {
        self.authorities.iter().map(|authority| authority.pem.as_str()).collect()
    }

    #[must_use]
    pub fn authorities(&self) -> &[Certificate] {
        &self.authorities
    }

    #[must_use]
    pub fn leaf(&self) -> &Certificate {
        &self.leaf
    }

    /// What the plan looks at.
    #[must_use]
    pub fn held(&self, names: &[String]) -> Held {
        Held {
            authorities: self.authorities.iter().map(|authority| authority.validity).collect(),
            leaf: self.leaf.validity,
            signed_by: self.authorities.iter().position(|authority| authority.subject == self.leaf.issuer),
            names_fit: names.iter().all(|name| self.leaf.names.contains(name)),
        }
    }

    /// What a handshake needs.
    pub(crate) fn certified(&self) -> Result<Arc<CertifiedKey>, InvalidMaterial> {
        let key =
            PrivateKeyDer::try_from(self.leaf_key.serialize_der()).map_err(|_| InvalidMaterial::NotText(LEAF_KEY))?;
        let chain = vec![self.leaf.der.clone()];
        let certified = CertifiedKey::from_der(chain, key, &ring::default_provider());
        certified.map(Arc::new).map_err(InvalidMaterial::Mismatch)
    }
}
