//! Metrics with authentication: a real API server identifies a token's user and checks permissions.

use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{Kubernetes, NODES, Namespace, helm::Helm, helm::RELEASE, longwire, longwire::replica};
use longwire_testkit::{confirm, eventually, http::Response};
use std::time::Duration;

/// Timeout of Helm and of rollouts.
const PATIENCE: Duration = Duration::from_secs(90);
/// Longer than the probe and the operator cache a refusal.
const REFUSAL: Duration = Duration::from_secs(40);
/// Longer than both cache an admission.
const ADMISSION: Duration = Duration::from_secs(100);

/// A ServiceAccount, and its token for the API server's own audience.
fn reader(namespace: &Namespace<'_>, account: &str) -> Result<String> {
    namespace.kubectl(&["create", "serviceaccount", account])?;
    Ok(namespace.kubectl(&["create", "token", account])?.trim().to_owned())
}

fn binding(namespace: &Namespace<'_>, account: &str) -> String {
    format!("{}-{account}", namespace.name)
}

fn bind(kubernetes: &Kubernetes, namespace: &Namespace<'_>, account: &str) -> Result<()> {
    let (name, who) = (binding(namespace, account), format!("--serviceaccount={}:{account}", namespace.name));
    let words = ["create", "clusterrolebinding", &name, "--clusterrole=longwire-metrics-reader", &who];
    kubernetes.kubectl(&words).map(drop)
}

fn unbind(kubernetes: &Kubernetes, namespace: &Namespace<'_>, account: &str) -> Result<()> {
    let words = ["delete", "clusterrolebinding", &binding(namespace, account), "--ignore-not-found"];
    kubernetes.kubectl(&words).map(drop)
}

fn expect(response: &Response, status: u16, words: &str) -> Result<()> {
    let text = String::from_utf8_lossy(&response.body);
    let said = text.lines().next().unwrap_or_default();
    confirm!(response.status == status && text.contains(words), "{} instead of {status}: {said}", response.status)
}

/// Checks both nodes' answers to a token.
fn expect_everywhere(token: &str, status: u16, words: &str) -> Result<()> {
    NODES.iter().try_for_each(|node| {
        expect(&longwire::read_as(node, token)?, status, words).with_context(|| (*node).to_owned())
    })
}

/// Readers without the permission are refused, and the answer names the missing permission.
fn strangers(namespace: &Namespace<'_>, without: &str) -> Result<()> {
    for node in NODES {
        let response = longwire::get(node, "/metrics")?;
        expect(&response, 401, "no token")?;
        assert_eq!(response.header("www-authenticate"), Some("Bearer"));
        assert_eq!(longwire::get(node, "/healthz")?.status, 200);
    }
    expect_everywhere("bogus", 401, "the token is refused")?;
    let who = format!("system:serviceaccount:{}:reader may not get /metrics", namespace.name);
    expect_everywhere(without, 403, &who)?;
    expect_everywhere(without, 403, r#"nonResourceURLs: ["/metrics"]"#)
}

/// The operator's replicas admit the same readers.
fn replicas(kubernetes: &Kubernetes, with: &str) -> Result<()> {
    for replica in replica::all(kubernetes)? {
        expect(&replica.get("/metrics")?, 401, "no token")?;
        expect(&replica.read_as("bogus")?, 401, "the token is refused")?;
        expect(&replica.read_as(with)?, 200, "longwire_operator_synced")?;
    }
    Ok(())
}

/// Admitted readers are served while the operator is unreachable, and a new reader has to wait.
fn outage(kubernetes: &Kubernetes, known: &str, new: &str) -> Result<()> {
    expect_everywhere(known, 200, "longwire_probe_scrape_authorizations_total")?;
    longwire::scale(kubernetes, 0)?;
    let away = eventually(PATIENCE, || {
        expect_everywhere(known, 200, "longwire_probe_operator_connected 0")?;
        confirm!(replica::all(kubernetes)?.is_empty(), "a replica is left")
    });
    let answers = away.and_then(|()| {
        for node in NODES {
            let response = longwire::read_as(node, new)?;
            expect(&response, 503, "the token cannot be authorized now")?;
            ensure!(response.header("retry-after").is_some(), "no Retry-After");
        }
        expect_everywhere(known, 200, "longwire_probe_scrape_authorizations_total")
    });
    // Restored in any case.
    longwire::scale(kubernetes, 2)?;
    longwire::rolled_out(kubernetes, longwire::OPERATOR)?;
    answers?;
    eventually(PATIENCE, || expect_everywhere(new, 200, "longwire_probe_operator_connected 1"))
}

fn readers(kubernetes: &Kubernetes, namespace: &Namespace<'_>) -> Result<()> {
    let (known, new) = (reader(namespace, "reader")?, reader(namespace, "new")?);
    longwire::all_rolled_out(kubernetes)?;
    // A probe is ready before its stream to a replica that has just started.
    eventually(PATIENCE, || strangers(namespace, &known))?;
    bind(kubernetes, namespace, "reader")?;
    bind(kubernetes, namespace, "new")?;
    eventually(REFUSAL, || expect_everywhere(&known, 200, "longwire_probe_scrape_authorizations_total"))?;
    let own = namespace.kubectl(&["create", "token", "reader", "--audience=longwire-metrics"])?;
    expect_everywhere(own.trim(), 200, "longwire_probe_scrape_authorizations_total")?;
    eventually(REFUSAL, || replicas(kubernetes, &known))?;
    let proven = Helm::Three.on(kubernetes, &["test", RELEASE, "--namespace", longwire::NAMESPACE])?;
    ensure!(proven.contains("equal the transfer"), "{proven}");
    outage(kubernetes, &known, &new)?;
    unbind(kubernetes, namespace, "reader")?;
    eventually(ADMISSION, || expect_everywhere(&known, 403, "may not get /metrics"))
}

#[test]
fn metrics_are_for_readers_with_the_permission_and_an_outage_of_the_operator_ends_nobodys() -> Result<()> {
    let (kubernetes, namespace) = longwire::alone()?;
    let outcome = Helm::Three
        .bring(kubernetes, "upgrade", longwire::NAMESPACE, &["metrics.auth=true"])
        .and_then(|_| readers(kubernetes, &namespace));
    for account in ["reader", "new"] {
        unbind(kubernetes, &namespace, account)?;
    }
    // Other tests read without a token.
    Helm::Three.bring(kubernetes, "upgrade", longwire::NAMESPACE, &[])?;
    // The next test shall find stable replicas.
    longwire::all_rolled_out(kubernetes)?;
    outcome.with_context(|| longwire::logs(kubernetes))
}
