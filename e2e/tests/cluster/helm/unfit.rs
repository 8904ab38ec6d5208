//! An unsupported node is reported, and its probe is not restarted again and again.

use anyhow::{Context, Result, ensure};
use longwire_kubernetes::longwire;
use longwire_testkit::{Netns, Process, binaries, confirm, eventually, http, janitor};
use std::fs;
use std::net::Ipv4Addr;
use std::time::Duration;

const PORT: u16 = 15099;
const HEALTH_PORT: u16 = 15098;

#[test]
fn a_node_without_type_information_is_named_in_an_event_and_its_probe_stays() -> Result<()> {
    let (kubernetes, _namespace) = longwire::alone()?;
    let of_longwire = |words: &[&str]| longwire::kubectl(kubernetes, words);
    let columns = "jsonpath={.items[0].metadata.name} {.items[0].metadata.uid}";
    let on_n1 = ["get", "pods", "--selector=app=longwire-probe", "--field-selector=spec.nodeName=n1", "-o", columns];
    let said = of_longwire(&on_n1)?;
    let (pod, uid) = said.trim().split_once(' ').context("no probe on n1")?;
    let bound = [format!("--bound-object-name={pod}"), format!("--bound-object-uid={uid}")];
    let token = ["create", "token", "longwire-probe", "--audience=longwire-operator", "--bound-object-kind=Pod"];
    let token = of_longwire(&[&token[..], &[&bound[0], &bound[1]]].concat())?;
    let authority = of_longwire(&["get", "configmap", "longwire-operator-ca", "-o", "jsonpath={.data.ca\\.crt}"])?;
    let directory = janitor::temporary_directory("unfit")?;
    let file = |name: &str| directory.path().join(name).display().to_string();
    fs::write(file("token"), token.trim())?;
    fs::write(file("ca.crt"), authority)?;
    let probe = binaries::find("longwire-probe")?;
    let hide = "mount --bind /dev/null /sys/kernel/btf/vmlinux && exec \"$0\" \"$@\"";
    let line = [
        "unshare".to_owned(),
        "--mount".to_owned(),
        "sh".to_owned(),
        "-c".to_owned(),
        hide.to_owned(),
        probe.display().to_string(),
        format!("--operator=https://{}", longwire::holder(kubernetes)?.address),
        "--operator-name=longwire-operator.longwire-system.svc".to_owned(),
        format!("--operator-ca={}", file("ca.crt")),
        format!("--operator-token={}", file("token")),
        "--node-name=n1".to_owned(),
        format!("--metrics-listen=127.0.0.1:{PORT}"),
        format!("--health-listen=127.0.0.1:{HEALTH_PORT}"),
    ];
    let line: Vec<&str> = line.iter().map(String::as_str).collect();
    let mut process = Process::start(&Netns::of_this_thread()?, "a probe without BTF", &line)?;
    process.await_line("this node cannot be watched", Duration::from_secs(20))?;
    let events = ["--namespace=default", "get", "events.events.k8s.io", "--field-selector=reason=ProbeRefused", "-o"];
    eventually(Duration::from_secs(30), || {
        let said =
            kubernetes.kubectl(&[&events[..], &["jsonpath={.items[*].regarding.name}: {.items[*].note}"]].concat())?;
        let remedy = "run one built with CONFIG_DEBUG_INFO_BTF=y";
        confirm!(said.starts_with("n1: the Longwire probe of this node: ") && said.contains(remedy), "Events: {said}")
    })
    .with_context(|| process.last_words())?;
    let ask = |path| http::get_from((Ipv4Addr::LOCALHOST, HEALTH_PORT).into(), path);
    let (ready, healthy) = (ask("/readyz")?, ask("/healthz")?);
    assert_eq!((ready.status, healthy.status), (503, 200));
    let reason = String::from_utf8(ready.body)?;
    ensure!(reason.starts_with("not ready: this kernel has no type information"), "{reason}");
    process.signal(nix::sys::signal::Signal::SIGTERM)?;
    let status = process.await_exit(Duration::from_secs(10))?;
    confirm!(status.code() == Some(0), "{status}: {}", process.last_words())
}
