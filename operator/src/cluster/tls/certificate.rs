//! Certificates: made with rcgen, read with x509-parser.

use super::{UnixSeconds, Validity};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use std::time::Duration;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// A certificate counts from this long before it was made, in seconds: clocks of nodes differ.
pub(super) const BACKDATED: u64 = 300;

/// What one is made for.
pub(super) enum Purpose<'a> {
    /// Signs, and nothing else.
    Authority,
    /// Serves under these names.
    Server { names: &'a [String] },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    pub(crate) der: CertificateDer<'static>,
    /// As it was read or made.
    pub pem: String,
    pub(crate) validity: Validity,
    pub(crate) subject: String,
    pub issuer: String,
    /// DNS names that it is for.
    pub names: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum InvalidCertificate {
    #[error("not PEM: {0}")]
    Pem(pem::Error),
    #[error("not an X.509 certificate")]
    Der,
    #[error("cannot be made: {0}")]
    Make(#[from] rcgen::Error),
}

impl Certificate {
    /// All that stand in a text, in its order.
    pub(crate) fn read_all(text: &str) -> Result<Vec<Self>, InvalidCertificate> {
        const END: &str = "-----END CERTIFICATE-----\n";
        text.split_inclusive(END).filter(|part| !part.trim().is_empty()).map(Self::read).collect()
    }

    fn read(pem: &str) -> Result<Self, InvalidCertificate> {
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(InvalidCertificate::Pem)?;
        let (_, parsed) = X509Certificate::from_der(&der).map_err(|_| InvalidCertificate::Der)?;
        let seconds = |time: i64| u64::try_from(time).unwrap_or(0);
        let valid = parsed.validity();
        let validity = Validity {
            issued: seconds(valid.not_before.timestamp()) + BACKDATED,
            expires: seconds(valid.not_after.timestamp()),
        };
        let alternatives = parsed.subject_alternative_name().ok().flatten();
        let names = alternatives.iter().flat_map(|names| &names.value.general_names).filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        });
        Ok(Self {
            validity,
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            names: names.collect(),
            pem: pem.to_owned(),
            der,
        })
    }

    /// A self-signed authority and its key.
    pub(super) fn authority(life: u64, now: UnixSeconds) -> Result<(Self, KeyPair), InvalidCertificate> {
        let key = KeyPair::generate()?;
        let mut params = parameters(&Purpose::Authority, life, now)?;
        // A name of its own: who verifies looks for a leaf's signer by name.
        let id: String = params.key_identifier(&key).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        params.distinguished_name.push(DnType::CommonName, format!("longwire-operator authority {id}"));
        let made = params.self_signed(&key)?;
        Ok((Self::read(&made.pem())?, key))
    }

    /// A server's certificate by this authority, and its key.
    pub(super) fn leaf(
        &self,
        authority_key: &KeyPair,
        names: &[String],
        life: u64,
        now: UnixSeconds,
    ) -> Result<(Self, KeyPair), InvalidCertificate> {
        let key = KeyPair::generate()?;
        let mut params = parameters(&Purpose::Server { names }, life, now)?;
        params.distinguished_name.push(DnType::CommonName, "longwire-operator");
        params.use_authority_key_identifier_extension = true;
        let issuer = Issuer::from_ca_cert_der(&self.der, authority_key)?;
        let made = params.signed_by(&key, &issuer)?;
        Ok((Self::read(&made.pem())?, key))
    }
}

fn parameters(purpose: &Purpose<'_>, life: u64, now: UnixSeconds) -> Result<CertificateParams, rcgen::Error> {
    let names = match purpose {
        Purpose::Authority => Vec::new(),
        Purpose::Server { names } => names.to_vec(),
    };
    let mut params = CertificateParams::new(names)?;
    let at = |seconds| date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds);
    (params.not_before, params.not_after) = (at(now.saturating_sub(BACKDATED)), at(now + life));
    params.distinguished_name = rcgen::DistinguishedName::new();
    match purpose {
        Purpose::Authority => {
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        }
        Purpose::Server { .. } => {
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        }
    }
    Ok(params)
}
