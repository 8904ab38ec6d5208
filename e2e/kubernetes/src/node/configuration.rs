//! Configuration of a node's containerd, network plugin, kubelet and kube-proxy.

use crate::cgroups;
use crate::layout::{Layout, address, pods};
use anyhow::Result;
use nix::sys::resource::{Resource, getrlimit};
use std::fs;

pub(crate) fn write(layout: &Layout, node: &str) -> Result<()> {
    let own = layout.node(node);
    let plugins = own.join("etc/cni/net.d");
    fs::create_dir_all(&plugins)?;
    fs::write(plugins.join("10-bridge.conflist"), network(node))?;
    fs::write(own.join("containerd.toml"), CONTAINERD)?;
    fs::write(own.join("kubelet.yaml"), kubelet(layout, node)?)?;
    Ok(fs::write(own.join("kube-proxy.yaml"), proxy(layout, node))?)
}

/// Without CAP_SYS_RESOURCE it cannot lower an OOM score.
const CONTAINERD: &str = r#"version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "e2e.local/pause:1"
  restrict_oom_score_adj = true
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/opt/cni/bin"
    conf_dir = "/etc/cni/net.d"
"#;

fn network(node: &str) -> String {
    format!(
        r#"{{"cniVersion": "0.4.0", "name": "e2e", "plugins": [
  {{"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
    "ipam": {{"type": "host-local", "ranges": [[{{"subnet": "{}"}}]], "routes": [{{"dst": "0.0.0.0/0"}}]}}}},
  {{"type": "portmap", "capabilities": {{"portMappings": true}}}}
]}}
"#,
        pods(node)
    )
}

fn kubelet(layout: &Layout, node: &str) -> Result<String> {
    let (certificates, address, root) = (layout.certificates(), address(node), cgroups::root_of(node));
    let certificates = certificates.display();
    // Its default is a million, which is above the limit here.
    let (_, files) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(format!(
        "apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupRoot: {root}
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
address: {address}
tlsCertFile: {certificates}/kubelet-{node}.crt
tlsPrivateKeyFile: {certificates}/kubelet-{node}.key
authentication: {{anonymous: {{enabled: false}}, webhook: {{enabled: true}}, x509: {{clientCAFile: {certificates}/ca.crt}}}}
authorization: {{mode: Webhook}}
clusterDomain: cluster.local
resolvConf: /dev/null
failSwapOn: false
protectKernelDefaults: true
imageGCHighThresholdPercent: 100
imageMinimumGCAge: 240h
evictionHard: {{memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}}
nodeStatusUpdateFrequency: 5s
oomScoreAdj: 0
maxOpenFiles: {files}
"
    ))
}

fn proxy(layout: &Layout, node: &str) -> String {
    format!(
        "apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
oomScoreAdj: 0
hostnameOverride: {node}
clientConnection: {{kubeconfig: {}}}
detectLocalMode: BridgeInterface
detectLocal: {{bridgeInterface: cni0}}
conntrack: {{maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}}
",
        layout.kubeconfig("kube-proxy").display()
    )
}
