//! Clients that are not the probe of their node are refused with the reason: a real API server reviews real tokens.

use anyhow::{Context, Result, ensure};
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::{EncodingKey, decode_header, encode};
use longwire_kubernetes::{Kubernetes, longwire};
use longwire_testkit::{Netns, Process, binaries, command, confirm, janitor};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const PATIENCE: Duration = Duration::from_secs(20);
const AUDIENCE: &str = "--audience=longwire-operator";

/// Name and UID of the probe's pod on a node.
fn probe_of(kubernetes: &Kubernetes, node: &str) -> Result<(String, String)> {
    let selector = format!("--field-selector=spec.nodeName={node}");
    let columns = "jsonpath={.items[0].metadata.name} {.items[0].metadata.uid}";
    let words = ["get", "pods", "--selector=app=longwire-probe", &selector, "-o", columns];
    let said = longwire::kubectl(kubernetes, &words)?;
    let (name, uid) = said.trim().split_once(' ').context("no probe")?;
    Ok((name.to_owned(), uid.to_owned()))
}

/// A token of a ServiceAccount from `kubectl create token`.
fn token(kubernetes: &Kubernetes, account: &str, flags: &[&str]) -> Result<String> {
    let words = [&["--namespace", longwire::NAMESPACE, "create", "token", account][..], flags].concat();
    Ok(kubernetes.kubectl(&words)?.trim().to_owned())
}

fn bound(pod: &(String, String)) -> [String; 3] {
    let (name, uid) = pod;
    ["--bound-object-kind=Pod".to_owned(), format!("--bound-object-name={name}"), format!("--bound-object-uid={uid}")]
}

/// A copy of this token's header and claims, issued so many seconds ago for an hour, and signed with this key.
fn forged(genuine: &str, age: u64, key: &Path) -> Result<String> {
    let mut claims: Value = insecure_decode_claims(genuine)?;
    let issued = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() - age;
    for (claim, at) in [("iat", issued), ("nbf", issued), ("exp", issued + 3_600)] {
        ensure!(claims[claim].is_u64(), "a genuine token has no {claim}: {claims}");
        claims[claim] = json!(at);
    }
    Ok(encode(&decode_header(genuine)?, &claims, &EncodingKey::from_rsa_pem(&fs::read(key)?)?)?)
}

/// Writes the CA of the operator's certificate.
fn write_authority(kubernetes: &Kubernetes, directory: &Path) -> Result<()> {
    let bundle = r"jsonpath={.data.ca\.crt}";
    let words = ["get", "configmap", "longwire-operator-ca", "-o", bundle];
    Ok(fs::write(directory.join("ca.crt"), longwire::kubectl(kubernetes, &words)?)?)
}

/// Starts a probe as node n1's, with this token, until its log has this text.
fn expect_word(operator: &str, directory: &Path, token: Option<&str>, words: &str) -> Result<()> {
    let (certificates, file) = (directory.join("ca.crt"), directory.join("token"));
    let (certificates, file_flag) =
        (format!("--operator-ca={}", certificates.display()), format!("--operator-token={}", file.display()));
    let (program, url) = (binaries::find("longwire-probe")?, format!("--operator=https://{operator}"));
    let mut line = vec![
        program.to_str().context("path")?,
        &url,
        "--operator-name=longwire-operator.longwire-system.svc",
        &certificates,
        "--node-name=n1",
        "--metrics-listen=127.0.0.1:0",
        "--health-listen=127.0.0.1:0",
    ];
    if let Some(token) = token {
        fs::write(&file, token)?;
        line.push(&file_flag);
    }
    let probe = Process::start(&Netns::of_this_thread()?, "a stranger", &line)?;
    probe.await_line(words, PATIENCE).map(drop)
}

#[test]
fn tokens_of_every_wrong_sort_are_refused_with_the_reason() -> Result<()> {
    let (kubernetes, _namespace) = longwire::installed()?;
    let longwire::Holder { pod, uid, address: operator } = longwire::holder(kubernetes)?;
    let replica = (pod, uid);
    let directory = janitor::temporary_directory("token")?;
    write_authority(kubernetes, directory.path())?;
    let (here, there) = (probe_of(kubernetes, "n1")?, probe_of(kubernetes, "n2")?);
    let of = |account: &str, audience: &str, pod: Option<&(String, String)>| {
        let flags = pod.map(bound).into_iter().flatten().collect::<Vec<_>>();
        let flags: Vec<&str> = [audience].into_iter().chain(flags.iter().map(String::as_str)).collect();
        token(kubernetes, account, &flags)
    };
    let cases = [
        (None, "no token"),
        (Some("nonsense".to_owned()), "the token is invalid: it is not three parts of base64url"),
        (
            Some(of("longwire-probe", "--audience=https://elsewhere", Some(&here))?),
            "the token is invalid: it is not for audience longwire-operator",
        ),
        (Some(of("longwire-operator", AUDIENCE, Some(&replica))?), "and only"),
        (Some(of("longwire-probe", AUDIENCE, None)?), "the token is not bound to a pod"),
        (Some(of("longwire-probe", AUDIENCE, Some(&there))?), "the token is of a pod of node n2"),
    ];
    for (token, words) in &cases {
        expect_word(&operator, directory.path(), token.as_deref(), words)?;
    }
    Ok(())
}

#[test]
fn an_expired_or_foreign_token_is_refused_with_the_reason() -> Result<()> {
    let (kubernetes, _namespace) = longwire::installed()?;
    let directory = janitor::temporary_directory("token")?;
    write_authority(kubernetes, directory.path())?;
    let flags = [[AUDIENCE.to_owned()].as_slice(), &bound(&probe_of(kubernetes, "n1")?)].concat();
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let genuine = token(kubernetes, "longwire-probe", &flags)?;
    let (own, other) = (kubernetes.layout().certificates().join("service-accounts.key"), directory.path().join("key"));
    command::run("openssl", &["genrsa", "-out", other.to_str().context("path")?, "2048"])?;
    let operator = longwire::holder(kubernetes)?.address;
    let cases = [
        (forged(&genuine, 7_200, &own)?, "expired"),
        (forged(&genuine, 0, &other)?, "the token is invalid: InvalidSignature"),
    ];
    for (token, words) in &cases {
        expect_word(&operator, directory.path(), Some(token), words)?;
    }
    // Made in the same way, but valid.
    expect_word(&operator, directory.path(), Some(&forged(&genuine, 0, &own)?), "connected to the operator at")
}

#[test]
fn plain_text_is_refused() -> Result<()> {
    let (kubernetes, _namespace) = longwire::installed()?;
    let mut connection = TcpStream::connect(longwire::holder(kubernetes)?.address)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")?;
    let mut said = Vec::new();
    // It may send a TLS alert, or only close.
    let _ = connection.read_to_end(&mut said);
    ensure!(!said.windows(4).any(|four| four == b"HTTP"), "it answered in the clear: {said:?}");
    confirm!(said.len() < 16, "it said more than an alert: {said:?}")
}
