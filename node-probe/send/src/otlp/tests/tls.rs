use super::receiver::{Receiver, accepted};
use super::*;
use longwire_model::exporter::ExporterName;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::fs;
use std::sync::Arc;
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// A certificate and its key.
    fn issue(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    /// Of a server at 127.0.0.1. `clients`: who must have issued the client's certificate.
    fn acceptor(&self, protocol: Protocol, clients: Option<&Self>) -> TlsAcceptor {
        let (certificate, key) = self.issue("127.0.0.1");
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(clients) => {
                let mut roots = RootCertStore::empty();
                roots.add(CertificateDer::from_pem_slice(clients.certificate.as_bytes()).unwrap()).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::new(default_provider()));
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let mut config = builder.with_single_cert(chain, key).unwrap();
        let name = if protocol == Protocol::Grpc { "h2" } else { "http/1.1" };
        config.alpn_protocols = vec![name.as_bytes().to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }
}

/// A Secret `vendor` with these files, and a sender that uses it.
fn secured(
    address: SocketAddr,
    protocol: Protocol,
    files: &[(&str, &str)],
) -> (TempDir, Result<Sender, SettingsError>) {
    let secrets = tempfile::tempdir().unwrap();
    let directory = secrets.path().join("vendor");
    fs::create_dir(&directory).unwrap();
    for (name, content) in files {
        fs::write(directory.join(name), content).unwrap();
    }
    let given = Otlp {
        endpoint: Some(Endpoint::parse(&format!("https://{address}")).unwrap()),
        secret: Some(ExporterName::parse("vendor").unwrap()),
        ..to(address, protocol)
    };
    let settings = Settings::resolve(&given, Signal::Metrics, &Environment::default(), Some(secrets.path())).unwrap();
    let sender = Sender::new(&settings);
    (secrets, sender)
}

async fn receiver(protocol: Protocol, tls: TlsAcceptor) -> Receiver {
    Receiver::start_at("127.0.0.1:0".parse().unwrap(), protocol, Some(tls), move |_| accepted(protocol)).await
}

fn shortly() -> Instant {
    Instant::now() + Duration::from_secs(2)
}

#[tokio::test]
async fn a_receiver_whose_ca_is_given_is_trusted() {
    for protocol in BOTH {
        let authority = Authority::new("ours");
        let receiver = receiver(protocol, authority.acceptor(protocol, None)).await;
        let files = [("ca.crt", authority.certificate.as_str()), ("headers", "authorization=hidden")];
        let (_secrets, sender) = secured(receiver.address, protocol, &files);
        assert_eq!(sender.unwrap().send(Bytes::from_static(b"x"), patiently()).await, Sent::Accepted);
        assert_eq!(receiver.requests()[0].head.headers["authorization"], "hidden");
    }
}

#[tokio::test]
async fn a_receiver_of_another_ca_is_refused_with_the_reason() {
    for protocol in BOTH {
        let receiver = receiver(protocol, Authority::new("theirs").acceptor(protocol, None)).await;
        let ours = Authority::new("ours");
        let (_secrets, sender) = secured(receiver.address, protocol, &[("ca.crt", ours.certificate.as_str())]);
        let sent = sender.unwrap().send(Bytes::new(), shortly()).await;
        let Sent::GaveUp { message } = &sent else { panic!("{sent:?}") };
        assert!(
            message.contains("invalid peer certificate: UnknownIssuer: give the receiver's CA as ca.crt"),
            "{message}"
        );
        assert_eq!(receiver.requests().len(), 0);
    }
}

#[tokio::test]
async fn a_receiver_that_wants_a_certificate_gets_it() {
    for protocol in BOTH {
        let authority = Authority::new("ours");
        let receiver = receiver(protocol, authority.acceptor(protocol, Some(&authority))).await;
        let (certificate, key) = authority.issue("probe");
        let ca = ("ca.crt", authority.certificate.as_str());
        let files = [ca, ("tls.crt", certificate.as_str()), ("tls.key", key.as_str())];
        let (_secrets, sender) = secured(receiver.address, protocol, &files);
        assert_eq!(sender.unwrap().send(Bytes::new(), patiently()).await, Sent::Accepted);

        let (_secrets, sender) = secured(receiver.address, protocol, &[ca]);
        let sent = sender.unwrap().send(Bytes::new(), shortly()).await;
        // Why is in an alert, which the end of the connection may overtake.
        assert!(matches!(sent, Sent::GaveUp { .. }), "{sent:?}");
        assert_eq!(receiver.requests().len(), 1);
    }
}

#[test]
fn files_that_are_no_certificates_are_named() {
    let authority = Authority::new("ours");
    let ((certificate, key), (_, other_key)) = (authority.issue("probe"), authority.issue("probe"));
    let refused = |files: &[(&str, &str)]| {
        let (secrets, sender) = secured("127.0.0.1:1".parse().unwrap(), Protocol::Grpc, files);
        sender.unwrap_err().to_string().replace(&secrets.path().display().to_string(), "S")
    };
    let ca = ("ca.crt", authority.certificate.as_str());
    let broken = authority.certificate.replace("END", "ENDE");
    let cases = [
        (refused(&[("ca.crt", "hidden")]), "S/vendor/ca.crt has no certificates to use: none found: write them as PEM"),
        (refused(&[("ca.crt", &broken)]), "S/vendor/ca.crt has no certificates to use: "),
        (
            refused(&[ca, ("tls.crt", &certificate), ("tls.key", "hidden")]),
            "S/vendor/tls.key has no private key to use: ",
        ),
        (
            refused(&[ca, ("tls.crt", &key), ("tls.key", &key)]),
            "S/vendor/tls.crt has no certificates to use: none found",
        ),
        (
            refused(&[ca, ("tls.crt", &certificate), ("tls.key", &other_key)]),
            "S/vendor/tls.crt and S/vendor/tls.key do not go together: ",
        ),
    ];
    for (said, expected) in cases {
        assert!(said.starts_with(expected) && !said.contains("hidden"), "{said}");
    }
}
