//! A node: containerd, kubelet and kube-proxy in namespaces of their own, connected to the control plane's bridge.

mod configuration;

use super::layout::{CONTROL_PLANE, Layout, NODES, address, pods, text};
use super::mount_points;
use super::place::Place;
use super::{cgroups, images};
use anyhow::{Context, Result};
use longwire_testkit::Netns;
use std::fs;
use std::time::Duration;

/// Binds the node's own files over the machine's, mounts private directories, and sleeps.
const MOUNTS: &str = include_str!("../../cluster/node");

pub fn start(layout: &Layout, name: &str, control_plane: &Netns) -> Result<()> {
    let netns = wire(name, control_plane)?;
    cgroups::make(name)?;
    let (place, own) = (Place::new(layout, name), layout.node(name));
    configuration::write(layout, name)?;
    let paths = mount_points::OWN.join(" ");
    let cni = layout.cni();
    let unshare = ["unshare", "--mount", "--uts", "--propagation", "private", "sh", "-c", MOUNTS, "sh"];
    place.make(&netns, &[&unshare[..], &[name, text(&own)?, text(&cni)?, &paths]].concat())?;
    let own = own.display().to_string();
    place.daemon("containerd").launch(&["containerd".to_owned(), format!("--config={own}/containerd.toml")])?;
    longwire_testkit::wait::eventually(Duration::from_secs(60), || {
        place.run("ctr", &["version"]).with_context(|| place.daemon("containerd").last_words())
    })?;
    for entry in fs::read_dir(layout.built().join("images"))? {
        images::import(&place, &entry?.path())?;
    }
    let kubelet = [
        layout.program("kubelet").display().to_string(),
        format!("--config={own}/kubelet.yaml"),
        format!("--kubeconfig={}", layout.kubeconfig(&format!("kubelet-{name}")).display()),
        format!("--hostname-override={name}"),
        format!("--node-ip={}", address(name)),
    ];
    place.daemon("kubelet").launch(&kubelet)?;
    let proxy = [layout.program("kube-proxy").display().to_string(), format!("--config={own}/kube-proxy.yaml")];
    place.daemon("kube-proxy").launch(&proxy)
}

/// Restarts containerd and kubelet as systemd would: a kubelet that starts before containerd is ready exits, and is
/// restarted.
pub fn restart(place: &Place) -> Result<()> {
    let (containerd, kubelet) = (place.daemon("containerd"), place.daemon("kubelet"));
    containerd.restart()?;
    kubelet.restart()?;
    longwire_testkit::wait::eventually(Duration::from_secs(60), || {
        if !kubelet.is_running() {
            kubelet.start()?;
        }
        let healthy = place.run("busybox", &["wget", "-q", "-O-", "http://127.0.0.1:10248/healthz"]);
        healthy.map(drop).with_context(|| kubelet.last_words())
    })
}

/// Its link to the bridge, and routes to all pods.
fn wire(name: &str, control_plane: &Netns) -> Result<Netns> {
    let netns = Netns::new()?;
    let own = address(name);
    control_plane.ip(&format!(
        "link add {name} type veth peer name eth0 netns {}\nlink set {name} master nodes up\nroute add {} via {own}\n",
        netns.path(),
        pods(name)
    ))?;
    let mut script = format!("addr add {own}/24 dev eth0\nlink set eth0 up\nroute add default via {CONTROL_PLANE}\n");
    for other in NODES.into_iter().filter(|other| *other != name) {
        script += &format!("route add {} via {}\n", pods(other), address(other));
    }
    netns.ip(&script)?;
    netns.sysctl("ipv4/ip_forward", "1")?;
    // The network plugin's bridge. Some tests reuse an address at once, so neighbour entries expire within seconds
    // instead of half a minute.
    netns.ip("link add cni0 type bridge\n")?;
    for (limit, value) in
        [("base_reachable_time_ms", "1000"), ("delay_first_probe_time", "1"), ("retrans_time_ms", "200")]
    {
        netns.sysctl(&format!("ipv4/neigh/cni0/{limit}"), value)?;
    }
    Ok(netns)
}
