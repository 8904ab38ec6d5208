//! Programs that run for each packet, attached during the comparison.

use anyhow::{Context, Result};
use longwire_testkit::{cgroup, command, janitor};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

const SOURCE: &str = include_str!("../../bpf/per_packet.bpf.c");

/// Loads, pins and attaches in a mount namespace that ends with the shell. Attached programs stay, and nothing has to
/// be unmounted however this process ends.
const ATTACH: &str = r#"mount -t bpf bpf /sys/fs/bpf
bpftool prog loadall "$1" /sys/fs/bpf/per_packet
bpftool cgroup attach "$2" egress pinned /sys/fs/bpf/per_packet/egress
bpftool cgroup attach "$2" ingress pinned /sys/fs/bpf/per_packet/ingress
bpftool cgroup attach "$2" sock_ops pinned /sys/fs/bpf/per_packet/states"#;

/// Attached above the pods' cgroups. Detached when dropped, or by the janitor with the cgroup.
#[derive(Debug)]
pub(super) struct PerPacket {
    cgroup: PathBuf,
}

impl PerPacket {
    pub(super) fn attach() -> Result<Self> {
        let attached = Self { cgroup: cgroup::root_of(std::process::id())? };
        std::fs::create_dir_all(&attached.cgroup)?;
        let (object, cgroup) = (text(compiled()?)?, text(&attached.cgroup)?);
        command::run("unshare", &["--mount", "sh", "-e", "-c", ATTACH, "sh", object, cgroup])?;
        Ok(attached)
    }

    fn detach(&self) -> Result<()> {
        let cgroup = text(&self.cgroup)?;
        let attached: serde_json::Value =
            serde_json::from_str(&command::run("bpftool", &["-j", "cgroup", "show", cgroup])?)?;
        for program in attached.as_array().into_iter().flatten() {
            let (id, kind) = (program["id"].to_string(), program["attach_type"].as_str().context("attach_type")?);
            command::run("bpftool", &["cgroup", "detach", cgroup, kind, "id", &id])?;
        }
        Ok(())
    }
}

impl Drop for PerPacket {
    fn drop(&mut self) {
        if let Err(error) = self.detach() {
            eprintln!("the per-packet programs stay until the cgroup goes: {error:#}");
        }
    }
}

/// The object, compiled once a run.
fn compiled() -> Result<&'static Path> {
    static OBJECT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let object = OBJECT.get_or_init(|| compile().map_err(|error| format!("{error:#}")));
    object.as_deref().map_err(|error| anyhow::anyhow!("{error}"))
}

fn compile() -> Result<PathBuf> {
    // Removed by the janitor.
    let directory = janitor::temporary_directory("per-packet")?.keep();
    let (source, object) = (directory.join("per_packet.bpf.c"), directory.join("per_packet.bpf.o"));
    std::fs::write(&source, SOURCE)?;
    let headers = format!("-I/usr/include/{}-linux-gnu", std::env::consts::ARCH);
    let clang = std::env::var("CLANG").unwrap_or_else(|_| "clang".to_owned());
    let flags = ["-O2", "-g", "-target", "bpf", "-mcpu=v3", &headers, "-c", text(&source)?, "-o", text(&object)?];
    command::run(&clang, &flags)?;
    Ok(object)
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is no UTF-8")
}
