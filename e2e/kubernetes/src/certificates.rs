//! Identities of the cluster: a certificate authority, certificates, and kubeconfigs.

use super::layout::{CONTROL_PLANE, Layout, NODES, address, text};
use anyhow::Result;
use longwire_testkit::command;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use std::fs;

/// The first address of the Service range: the Service `kubernetes`.
const SERVICE: &str = "10.96.0.1";

/// Name of the files, organization, common name, and subject alternative names.
struct Subject {
    name: String,
    organization: Option<&'static str>,
    common_name: String,
    serves: Vec<String>,
}

/// Writes all certificates, keys and kubeconfigs.
pub fn write(layout: &Layout) -> Result<()> {
    fs::create_dir_all(layout.certificates())?;
    let authority = authority(layout)?;
    for subject in subjects() {
        issue(layout, &authority, &subject)?;
        fs::write(layout.kubeconfig(&subject.name), kubeconfig(layout, &subject.name))?;
    }
    // Signs service account tokens; RSA, as in most clusters.
    let key = layout.certificates().join("service-accounts.key");
    command::run("openssl", &["genrsa", "-out", text(&key)?, "2048"]).map(drop)
}

fn subjects() -> Vec<Subject> {
    let names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"];
    let mut served: Vec<String> =
        names.into_iter().chain(["localhost", "127.0.0.1", SERVICE]).map(str::to_owned).collect();
    served.push(CONTROL_PLANE.to_string());
    let client = |name: &str, organization, common_name: &str| Subject {
        name: name.to_owned(),
        organization,
        common_name: common_name.to_owned(),
        serves: Vec::new(),
    };
    let masters = Some("system:masters");
    let mut subjects = vec![
        Subject { serves: served, ..client("kube-apiserver", None, "kube-apiserver") },
        client("kube-apiserver-to-kubelet", masters, "kube-apiserver-to-kubelet"),
        client("front-proxy", None, "front-proxy"),
        client("admin", masters, "admin"),
        client("kube-controller-manager", None, "system:kube-controller-manager"),
        client("kube-scheduler", None, "system:kube-scheduler"),
        client("kube-proxy", None, "system:kube-proxy"),
    ];
    subjects.extend(NODES.map(|node| Subject {
        serves: vec![node.to_owned(), address(node).to_string()],
        ..client(&format!("kubelet-{node}"), Some("system:nodes"), &format!("system:node:{node}"))
    }));
    subjects
}

fn authority(layout: &Layout) -> Result<Issuer<'static, KeyPair>> {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, "longwire-e2e");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages =
        vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    let key = KeyPair::generate()?;
    fs::write(layout.certificates().join("ca.crt"), parameters.self_signed(&key)?.pem())?;
    fs::write(layout.certificates().join("ca.key"), key.serialize_pem())?;
    Ok(Issuer::new(parameters, key))
}

fn issue(layout: &Layout, authority: &Issuer<'_, KeyPair>, subject: &Subject) -> Result<()> {
    let Subject { name, organization, common_name, serves } = subject;
    let mut parameters = CertificateParams::new(serves.clone())?;
    parameters.distinguished_name = DistinguishedName::new();
    if let Some(organization) = organization {
        parameters.distinguished_name.push(DnType::OrganizationName, *organization);
    }
    parameters.distinguished_name.push(DnType::CommonName, common_name);
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate()?;
    let directory = layout.certificates();
    fs::write(directory.join(format!("{name}.crt")), parameters.signed_by(&key, authority)?.pem())?;
    Ok(fs::write(directory.join(format!("{name}.key")), key.serialize_pem())?)
}

fn kubeconfig(layout: &Layout, user: &str) -> String {
    let directory = layout.certificates();
    let directory = directory.display();
    format!(
        "apiVersion: v1
kind: Config
current-context: e2e
clusters:
- name: e2e
  cluster: {{server: \"https://{CONTROL_PLANE}:6443\", certificate-authority: \"{directory}/ca.crt\"}}
users:
- name: {user}
  user: {{client-certificate: \"{directory}/{user}.crt\", client-key: \"{directory}/{user}.key\"}}
contexts:
- name: e2e
  context: {{cluster: e2e, user: {user}}}
"
    )
}
