use super::verifier;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P384_SHA384, PKCS_ED25519, SignatureAlgorithm,
};
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey, LineEnding};
use rstest::rstest;
use std::time::{Duration, SystemTime};
use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

/// One as kubeadm makes it: CN `front-proxy-ca`, for signing.
fn authority(key: KeyPair) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "front-proxy-ca");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages =
        vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment, KeyUsagePurpose::KeyCertSign];
    let certificate = params.self_signed(&key).unwrap().der().clone();
    Authority { issuer: Issuer::new(params, key), certificate }
}

fn client(
    by: &Authority,
    key: &KeyPair,
    names: &[&str],
    purpose: &[ExtendedKeyUsagePurpose],
) -> CertificateDer<'static> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    for name in names {
        params.distinguished_name.push(DnType::CommonName, *name);
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages = purpose.to_vec();
    params.signed_by(key, &by.issuer).unwrap().der().clone()
}

fn key(algorithm: &'static SignatureAlgorithm) -> KeyPair {
    KeyPair::generate_for(algorithm).unwrap()
}

fn rsa() -> KeyPair {
    let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2_048).unwrap();
    KeyPair::from_pem(&key.to_pkcs8_pem(LineEnding::LF).unwrap()).unwrap()
}

fn check(trusted: &Authority, names: &[&str], certificate: &CertificateDer<'_>) -> bool {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let verifier = verifier(std::slice::from_ref(&trusted.certificate), &names).unwrap();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() + Duration::from_secs(1);
    verifier.verify_client_cert(certificate, &[], UnixTime::since_unix_epoch(now)).is_ok()
}

const CLIENT: &[ExtendedKeyUsagePurpose] = &[ExtendedKeyUsagePurpose::ClientAuth];

/// kubeadm's and EKS' are RSA, k3s' P-256.
#[rstest]
#[case::rsa(rsa(), rsa())]
#[case::p256(KeyPair::generate().unwrap(), KeyPair::generate().unwrap())]
#[case::p384(key(&PKCS_ECDSA_P384_SHA384), key(&PKCS_ECDSA_P384_SHA384))]
#[case::ed25519(key(&PKCS_ED25519), key(&PKCS_ED25519))]
fn certificates_of_usual_clusters_are_verified(#[case] signs: KeyPair, #[case] proves: KeyPair) {
    let authority = authority(signs);
    let certificate = client(&authority, &proves, &["front-proxy-client"], CLIENT);
    assert!(check(&authority, &["front-proxy-client"], &certificate));
    assert!(check(&authority, &[], &certificate));
}

#[test]
fn only_an_allowed_name_by_the_right_authority_for_clients_will_do() {
    let (own, other) = (authority(KeyPair::generate().unwrap()), authority(KeyPair::generate().unwrap()));
    let key = KeyPair::generate().unwrap();
    let of = |by: &Authority, name: &str, purpose: &[ExtendedKeyUsagePurpose]| client(by, &key, &[name], purpose);
    let allowed = &["another", "aggregator"];
    assert!(check(&own, allowed, &of(&own, "aggregator", CLIENT)));
    for name in ["", "Aggregator", "aggregator ", "admin"] {
        assert!(!check(&own, allowed, &of(&own, name, CLIENT)), "{name:?}");
    }
    assert!(!check(&own, allowed, &of(&other, "aggregator", CLIENT)));
    assert!(!check(&own, allowed, &of(&own, "aggregator", &[ExtendedKeyUsagePurpose::ServerAuth])));
    assert!(!check(&own, allowed, &client(&own, &key, &[], CLIENT)), "without a name");
    let both = [ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    assert!(check(&own, allowed, &of(&own, "aggregator", &both)));
}
