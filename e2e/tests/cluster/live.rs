//! The live API: a real API server forwards to it, real rights decide, and a takeover does not end it.

mod connections;
mod estimates;
mod informer;
mod ledger;

use anyhow::{Context, Result, ensure};
use kube::api::{Api, ListParams};
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use longwire_kubernetes::{Kubernetes, NODES, Namespace, helm::Helm, longwire, longwire::replica, running};
use longwire_live::{API_SERVICE, GROUP, Probe};
use longwire_model::series::operator_names::{LIVE_REFUSED, LIVE_REGISTERED, LIVE_RELAYED};
use longwire_testkit::{confirm, eventually};
use nix::sys::signal::Signal;
use std::fs;
use std::net::TcpStream;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);
/// The API server looks at an APIService every 30 s, and at first the operator's authority is not there.
const AVAILABLE: Duration = Duration::from_secs(150);
const PORT: u16 = 15_014;
/// As kubectl names the resource; `probes` alone may be another group's.
const PROBES: &str = "probes.live.telemetry.longwire.io";
/// The chart's.
const ROLE: &str = "longwire-live-probes";

fn available(kubernetes: &Kubernetes) -> Result<()> {
    let path = r#"{range .status.conditions[?(@.type=="Available")]}{.status} {.reason}: {.message}{end}"#;
    let said = kubernetes.json_path(&["apiservice", API_SERVICE], path)?;
    confirm!(said.starts_with("True "), "{API_SERVICE} is not available: {said}")
}

/// A client of this cluster that proves its identity with this alone, to the API server or straight to an address.
fn client(kubernetes: &Kubernetes, auth_info: &AuthInfo, directly: Option<&str>) -> Result<Client> {
    let mut file = Kubeconfig::read_from(kubernetes.layout().kubeconfig("admin"))?;
    file.auth_infos.iter_mut().for_each(|named| named.auth_info = Some(auth_info.clone()));
    kubernetes.block_on(async {
        let mut config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await?;
        if let Some(address) = directly {
            config.cluster_url = format!("https://{address}").parse()?;
            config.accept_invalid_certs = true;
        }
        Ok(Client::try_from(config)?)
    })
}

/// A client with a certificate of the cluster's, straight to the leader.
fn with_certificate(kubernetes: &Kubernetes, certificate: &str) -> Result<Client> {
    let file = |end: &str| {
        let path = kubernetes.layout().certificates().join(format!("{certificate}.{end}"));
        path.to_str().map(str::to_owned)
    };
    let auth_info = AuthInfo { client_certificate: file("crt"), client_key: file("key"), ..AuthInfo::default() };
    client(kubernetes, &auth_info, Some(&leader(kubernetes)?))
}

fn leader(kubernetes: &Kubernetes) -> Result<String> {
    let control = longwire::holder(kubernetes)?.address;
    let (address, _) = control.rsplit_once(':').context("an address without a port")?;
    Ok(format!("{address}:{PORT}"))
}

fn list(kubernetes: &Kubernetes, client: &Client) -> Result<Vec<Probe>, kube::Error> {
    let probes: Api<Probe> = Api::all(client.clone());
    kubernetes.block_on(probes.list(&ListParams::default())).map(|list| list.items)
}

/// Both nodes' probes are there, with all that the operator knows of a healthy one.
fn complete(probes: &[Probe]) -> Result<()> {
    let names: Vec<_> = probes.iter().filter_map(|probe| probe.metadata.name.as_deref()).collect();
    ensure!(names == NODES, "probes of {names:?}");
    for (probe, node) in probes.iter().zip(NODES) {
        assert_eq!(probe.spec.node, node);
        let status = probe.status.as_ref().context("no status")?;
        let is_healthy = status.connected && status.ready == Some(true) && status.refusal.is_none();
        let is_programmed = status.revision.applied >= Some(status.revision.wanted);
        ensure!(is_healthy && is_programmed, "{node}: {status:?}");
        // Those of this build are installed.
        ensure!(status.release.as_deref() == Some(env!("CARGO_PKG_VERSION")), "{node}: {status:?}");
        let facts = status.facts.as_ref().with_context(|| format!("{node} has not said how it is: {status:?}"))?;
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
        ensure!(facts.kernel == kernel.trim() && facts.lag.pass_milliseconds.is_some(), "{node}: {facts:?}");
    }
    Ok(())
}

/// kubectl finds the resource, its columns and its fields by itself.
fn kubectl_knows_it(kubernetes: &Kubernetes) -> Result<()> {
    let table = kubernetes.kubectl(&["get", PROBES])?;
    let wide = kubernetes.kubectl(&["get", PROBES, "--output=wide"])?;
    let columns = |table: &str| -> Vec<String> {
        table.lines().next().unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    };
    let plain = ["NAME", "CONNECTED", "READY", "RELEASE", "PROGRAMMED", "KERNEL", "BUDGET", "LOSSES", "LAG"];
    assert_eq!(columns(&table), plain);
    assert_eq!(columns(&wide)[plain.len()..], ["REFUSAL", "NOTICES"]);
    eprintln!("{table}");
    for (line, node) in table.lines().skip(1).zip(NODES) {
        ensure!(line.starts_with(&format!("{node} ")) && line.contains(" True "), "{table}");
    }
    assert_eq!(table.lines().count(), 1 + NODES.len());
    let one = kubernetes.kubectl(&["get", PROBES, NODES[0], "--output=name"])?;
    assert_eq!(one.trim(), format!("probe.{GROUP}/{}", NODES[0]));
    let chunked = kubernetes.kubectl(&["get", PROBES, "--chunk-size=1", "--output=name"])?;
    assert_eq!(chunked.lines().count(), NODES.len());
    let resources = kubernetes.kubectl(&["api-resources", &format!("--api-group={GROUP}"), "--no-headers"])?;
    let resources: Vec<Vec<_>> = resources.lines().map(|line| line.split_whitespace().collect()).collect();
    let version = longwire_live::API_VERSION;
    ensure!(resources.contains(&vec!["probes", version, "false", "Probe"]), "{resources:?}");
    ensure!(resources.contains(&vec!["edges", "lwedge", version, "true", "Edge"]), "{resources:?}");
    ensure!(resources.contains(&vec!["connections", "lwconn", version, "true", "Connection"]), "{resources:?}");
    let explained = kubernetes.kubectl(&["explain", &format!("{PROBES}.status.revision"), "--recursive"])?;
    confirm!(explained.contains("wanted") && explained.contains("How far the probe has applied"), "{explained}")
}

/// A ServiceAccount's own token, through the API server.
fn account(kubernetes: &Kubernetes, namespace: &Namespace<'_>, name: &str) -> Result<Client> {
    namespace.kubectl(&["create", "serviceaccount", name])?;
    let token = namespace.kubectl(&["create", "token", name])?.trim().to_owned();
    client(kubernetes, &AuthInfo { token: Some(token.into()), ..AuthInfo::default() }, None)
}

fn can(namespace: &Namespace<'_>, user: &str, verb: &str, resource: &str) -> bool {
    // It exits with an error if the answer is no.
    let said = namespace.kubectl(&["auth", "can-i", verb, resource, &format!("--as={user}")]);
    said.is_ok_and(|said| said.trim() == "yes")
}

fn rights_decide(kubernetes: &Kubernetes, namespace: &Namespace<'_>) -> Result<()> {
    let (viewer, nobody) = (account(kubernetes, namespace, "viewer")?, account(kubernetes, namespace, "nobody")?);
    let (binding, who) = (binding(namespace), format!("--serviceaccount={}:viewer", namespace.name));
    kubernetes.kubectl(&["create", "clusterrolebinding", &binding, &format!("--clusterrole={ROLE}"), &who])?;
    // A binding takes effect some moments after its creation.
    eventually(PATIENCE, || complete(&list(kubernetes, &viewer)?))?;
    let can_list =
        |account| can(namespace, &format!("system:serviceaccount:{}:{account}", namespace.name), "list", PROBES);
    ensure!(can_list("viewer") && !can_list("nobody"), "kubectl auth can-i says otherwise");
    match list(kubernetes, &nobody) {
        Err(kube::Error::Api(status)) if status.code == 403 => {
            confirm!(status.message.contains(PROBES), "403 with {:?}", status.message)
        }
        other => anyhow::bail!("a ServiceAccount without rights got {other:?}"),
    }
}

fn binding(namespace: &Namespace<'_>) -> String {
    format!("{}-live", namespace.name)
}

/// The clients' authority of this cluster has signed the administrator's certificate too, but for another name.
fn only_the_front_proxy_gets_in(kubernetes: &Kubernetes) -> Result<()> {
    let forged = || {
        http::Request::get(format!("/apis/{}/probes", longwire_live::API_VERSION))
            .header("X-Remote-User", "somebody")
            .header("X-Remote-Group", "system:masters")
            .body(Vec::new())
    };
    let refused = || -> Result<u64> {
        let all = replica::all(kubernetes)?;
        all.iter().map(|replica| Ok(replica.scrape()?.sum(LIVE_REFUSED, &[("reason", "certificate")]))).sum()
    };
    let before = refused()?;
    let said = kubernetes.block_on(with_certificate(kubernetes, "admin")?.request_text(forged()?));
    ensure!(!matches!(said, Ok(_) | Err(kube::Error::Api(_))), "the administrator's certificate got {said:?}");
    eventually(PATIENCE, || {
        let now = refused()?;
        confirm!(now > before, "{now} connections are refused after {before}")
    })?;
    // The same request with the certificate of the front proxy.
    let said = kubernetes.block_on(with_certificate(kubernetes, "front-proxy")?.request_text(forged()?))?;
    confirm!(said.contains("ProbeList"), "{said}")
}

/// The API server chooses any replica.
fn a_standby_passes_on(kubernetes: &Kubernetes, admin: &Client) -> Result<()> {
    eventually(PATIENCE, || {
        complete(&list(kubernetes, admin)?)?;
        let mut relayed = 0;
        for replica in replica::all(kubernetes)? {
            let scrape = replica.scrape()?;
            ensure!(scrape.sum(LIVE_REGISTERED, &[]) == 1, "{} is not registered", replica.pod);
            relayed += scrape.sum(LIVE_RELAYED, &[]);
        }
        confirm!(relayed > 0, "no connection has come to the standby")
    })
}

/// Returns the name of its pod.
fn kill_the_leader(kubernetes: &Kubernetes) -> Result<String> {
    let longwire::Holder { pod, uid, .. } = longwire::holder(kubernetes)?;
    running::signal(running::process_running(&uid, "longwire-operator")?, Signal::SIGKILL)?;
    Ok(pod)
}

/// Documents go on, so namespaces can be deleted; data comes back with the next leader.
fn a_takeover_does_not_end_it(kubernetes: &Kubernetes, admin: &Client) -> Result<()> {
    let killed = Instant::now();
    let pod = kill_the_leader(kubernetes)?;
    // Only a leader answers.
    eventually(PATIENCE, || complete(&list(kubernetes, admin)?))?;
    println!("{pod} killed; probes listed by the next leader after {:.1} s", killed.elapsed().as_secs_f64());
    longwire::rolled_out(kubernetes, longwire::OPERATOR)?;
    eventually(AVAILABLE, || available(kubernetes))
}

/// An administrator's client of it.
fn served(kubernetes: &Kubernetes) -> Result<Client> {
    eventually(AVAILABLE, || available(kubernetes))?;
    let admin = kubernetes.client()?;
    eventually(PATIENCE, || complete(&list(kubernetes, &admin)?))?;
    // The API server looks for an available API's resources once a minute.
    eventually(AVAILABLE, || kubernetes.kubectl(&["get", PROBES]).map(drop))?;
    Ok(admin)
}

fn all(kubernetes: &Kubernetes, namespace: &Namespace<'_>) -> Result<()> {
    let admin = served(kubernetes)?;
    kubectl_knows_it(kubernetes)?;
    rights_decide(kubernetes, namespace)?;
    connections::all(kubernetes, namespace)?;
    only_the_front_proxy_gets_in(kubernetes)?;
    a_standby_passes_on(kubernetes, &admin)?;
    a_takeover_does_not_end_it(kubernetes, &admin)
}

#[test]
fn the_live_api_obeys_rights_and_outlives_its_leader() -> Result<()> {
    let (kubernetes, namespace) = longwire::alone()?;
    let outcome = all(kubernetes, &namespace).with_context(|| longwire::logs(kubernetes));
    let unbound = kubernetes.kubectl(&["delete", "clusterrolebinding", &binding(&namespace), "--ignore-not-found"]);
    outcome?;
    unbound.map(drop)
}

#[test]
fn it_can_be_left_out() -> Result<()> {
    let (kubernetes, _namespace) = longwire::alone()?;
    let outcome = (|| {
        Helm::Three.bring(kubernetes, "upgrade", longwire::NAMESPACE, &["live.enabled=false"])?;
        longwire::rolled_out(kubernetes, longwire::OPERATOR)?;
        let left = kubernetes.kubectl(&["get", "apiservice", API_SERVICE, "--ignore-not-found", "--output=name"])?;
        ensure!(left.is_empty(), "{left} is left");
        for replica in eventually(PATIENCE, || replica::all(kubernetes))? {
            let connected = TcpStream::connect((replica.address, PORT));
            ensure!(connected.is_err(), "{} listens at port {PORT}", replica.pod);
            ensure!(replica.scrape()?.select(LIVE_REGISTERED, &[]).is_empty(), "{} has metrics of it", replica.pod);
        }
        Ok(())
    })();
    // Other tests need it.
    Helm::Three.bring(kubernetes, "upgrade", longwire::NAMESPACE, &[])?;
    longwire::all_rolled_out(kubernetes)?;
    outcome?;
    eventually(AVAILABLE, || available(kubernetes))
}
