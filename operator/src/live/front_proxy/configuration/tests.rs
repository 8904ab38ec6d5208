use super::Configuration;
use crate::cluster::tls::{Lifetimes, Material};
use rstest::rstest;
use std::collections::BTreeMap;

fn authority() -> String {
    let lives = Lifetimes { leaf: 300, authority: 3_000, spread: 30 };
    Material::create(&["a".to_owned()], lives, 1_000_000).unwrap().bundle()
}

/// As kubeadm's kube-apiserver writes it, with other values of some keys; an empty one is left out.
fn data(other: &[(&str, &str)]) -> BTreeMap<String, String> {
    let authority = authority();
    let usual = [
        ("client-ca-file", ""),
        ("requestheader-allowed-names", r#"["front-proxy-client"]"#),
        ("requestheader-client-ca-file", authority.as_str()),
        ("requestheader-extra-headers-prefix", r#"["X-Remote-Extra-"]"#),
        ("requestheader-group-headers", r#"["X-Remote-Group"]"#),
        ("requestheader-uid-headers", r#"["X-Remote-Uid"]"#),
        ("requestheader-username-headers", r#"["X-Remote-User"]"#),
    ];
    let data: BTreeMap<_, _> = usual.into_iter().chain(other.iter().copied()).collect();
    let given = data.into_iter().filter(|(_, value)| !value.is_empty());
    given.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

#[test]
fn what_a_usual_cluster_says_is_read() {
    let read = Configuration::read(&data(&[])).unwrap();
    assert_eq!((read.authorities.len(), read.names.as_slice()), (1, &["front-proxy-client".to_owned()][..]));
    let headers = read.headers;
    assert_eq!((headers.user[0].as_str(), headers.uid[0].as_str()), ("x-remote-user", "x-remote-uid"));
    assert_eq!((headers.group[0].as_str(), headers.extra_prefix[0].as_str()), ("x-remote-group", "x-remote-extra-"));
}

/// Kubernetes 1.32 and later have UIDs.
#[test]
fn what_an_older_cluster_does_not_say_is_not_read() {
    let read = Configuration::read(&data(&[("requestheader-uid-headers", "")])).unwrap();
    assert!(read.headers.uid.is_empty());
}

#[rstest]
#[case::no_aggregation(
    "requestheader-client-ca-file",
    "",
    "requestheader-client-ca-file is missing: the cluster has no"
)]
#[case::no_user("requestheader-username-headers", "", "requestheader-username-headers is missing")]
#[case::no_list(
    "requestheader-group-headers",
    "X-Remote-Group",
    "requestheader-group-headers is no JSON array of strings"
)]
#[case::no_header("requestheader-username-headers", r#"["X Remote"]"#, r#""X Remote" is no name of a header"#)]
#[case::no_pem(
    "requestheader-client-ca-file",
    "-----BEGIN CERTIFICATE-----\nnothing",
    "requestheader-client-ca-file has a certificate that is not PEM"
)]
fn what_cannot_be_used_is_refused_by_its_key(#[case] key: &str, #[case] value: &str, #[case] text: &str) {
    let error = Configuration::read(&data(&[(key, value)])).unwrap_err().to_string();
    assert!(error.contains(text), "{error}");
}

/// Then every user's certificate would be a front proxy's.
#[test]
fn any_name_is_refused_where_the_same_authority_signs_users_certificates() {
    let own = authority();
    let shared = |names| {
        let authorities = [("requestheader-client-ca-file", own.as_str()), ("client-ca-file", own.as_str())];
        Configuration::read(&data(&[&authorities[..], &[("requestheader-allowed-names", names)]].concat()))
    };
    for none in ["[]", ""] {
        let error = shared(none).unwrap_err().to_string();
        assert!(error.contains("--requestheader-allowed-names=NAME"), "{error}");
    }
    assert_eq!(shared(r#"["aggregator"]"#).unwrap().names, ["aggregator"]);
    // With an authority of its own any name will do.
    let other = [("client-ca-file", own.as_str()), ("requestheader-allowed-names", "[]")];
    assert!(Configuration::read(&data(&other)).unwrap().names.is_empty());
}
