//! An unsupported node is reported, and its probe is not restarted again and again.

use crate::tokens;
use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{longwire, start_here};
use longwire_testkit::{confirm, eventually, http, janitor};
use std::net::Ipv4Addr;
use std::time::Duration;

const PORT: u16 = 15099;
const HEALTH_PORT: u16 = 15098;

#[test]
fn a_node_without_type_information_is_named_in_an_event_and_its_probe_stays() -> Result<()> {
    let (kubernetes, _namespace) = longwire::alone()?;
    let pod = longwire::probe_of(kubernetes, "n1")?;
    let token = tokens::create(kubernetes, "longwire-probe", tokens::AUDIENCE, Some(&pod))?;
    let directory = janitor::temporary_directory("unfit")?;
    tokens::write_authority(kubernetes, directory.path())?;
    let operator = longwire::holder(kubernetes)?.address;
    let hide = "mount --bind /dev/null /sys/kernel/btf/vmlinux && exec \"$0\" \"$@\"";
    let mut line = ["unshare", "--mount", "sh", "-c", hide].map(str::to_owned).to_vec();
    line.extend(tokens::probe(&operator, directory.path(), Some(&token), [PORT, HEALTH_PORT])?);
    let mut process = start_here("a probe without BTF", &line)?;
    process.await_line("this node cannot be watched", Duration::from_secs(60))?;
    let events = ["--namespace=default", "events.events.k8s.io", "--field-selector=reason=ProbeRefused"];
    eventually(Duration::from_secs(60), || {
        let said = kubernetes.json_path(&events, "{.items[*].regarding.name}: {.items[*].note}")?;
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
    let status = process.await_exit(Duration::from_secs(60))?;
    confirm!(status.code() == Some(0), "{status}: {}", process.last_words())
}
