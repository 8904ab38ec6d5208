//! Clients that are not the probe of their node are refused with the reason: a real API server reviews real tokens.

use anyhow::{Context, Result, ensure};
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::{EncodingKey, decode_header, encode};
use longwire_kubernetes::{Kubernetes, longwire, start_here};
use longwire_testkit::{binaries, command, confirm, janitor};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const AUDIENCE: &str = "longwire-operator";

/// A token of a ServiceAccount, perhaps bound to a pod with this name and UID.
pub(crate) fn create(
    kubernetes: &Kubernetes,
    account: &str,
    audience: &str,
    pod: Option<&(String, String)>,
) -> Result<String> {
    let mut words = format!("create token {account} --audience={audience}");
    if let Some((name, uid)) = pod {
        words += &format!(" --bound-object-kind=Pod --bound-object-name={name} --bound-object-uid={uid}");
    }
    Ok(longwire::kubectl(kubernetes, &words.split(' ').collect::<Vec<_>>())?.trim().to_owned())
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
pub(crate) fn write_authority(kubernetes: &Kubernetes, directory: &Path) -> Result<()> {
    let authority = longwire::json_path(kubernetes, &["configmap", "longwire-operator-ca"], r"{.data.ca\.crt}")?;
    Ok(fs::write(directory.join("ca.crt"), authority)?)
}

/// Command line of a probe as node n1's, with this token, and the ports of its metrics and its health.
pub(crate) fn probe(operator: &str, directory: &Path, token: Option<&str>, ports: [u16; 2]) -> Result<Vec<String>> {
    let mut line = vec![
        binaries::find("longwire-probe")?.display().to_string(),
        format!("--operator=https://{operator}"),
        "--operator-name=longwire-operator.longwire-system.svc".to_owned(),
        format!("--operator-ca={}", directory.join("ca.crt").display()),
        "--node-name=n1".to_owned(),
        format!("--metrics-listen=127.0.0.1:{}", ports[0]),
        format!("--health-listen=127.0.0.1:{}", ports[1]),
    ];
    if let Some(token) = token {
        let file = directory.join("token");
        fs::write(&file, token)?;
        line.push(format!("--operator-token={}", file.display()));
    }
    Ok(line)
}

/// Starts a probe with this token, until its log has this text.
fn expect_word(operator: &str, directory: &Path, token: Option<&str>, words: &str) -> Result<()> {
    let probe = start_here("a stranger", &probe(operator, directory, token, [0, 0])?)?;
    probe.await_line(words, PATIENCE).map(drop)
}

#[test]
fn tokens_of_every_wrong_sort_are_refused_with_the_reason() -> Result<()> {
    let (kubernetes, _namespace) = longwire::installed()?;
    let longwire::Holder { pod, uid, address: operator } = longwire::holder(kubernetes)?;
    let replica = (pod, uid);
    let directory = janitor::temporary_directory("token")?;
    write_authority(kubernetes, directory.path())?;
    let (here, there) = (longwire::probe_of(kubernetes, "n1")?, longwire::probe_of(kubernetes, "n2")?);
    let of = |account, audience, pod| create(kubernetes, account, audience, pod);
    let cases = [
        (None, "no token"),
        (Some("nonsense".to_owned()), "the token is invalid: it is not three parts of base64url"),
        (
            Some(of("longwire-probe", "https://elsewhere", Some(&here))?),
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
    let genuine = create(kubernetes, "longwire-probe", AUDIENCE, Some(&longwire::probe_of(kubernetes, "n1")?))?;
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
