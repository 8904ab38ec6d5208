//! etcd, the API server, the controllers and the scheduler, in a network namespace to which the nodes are connected.

use super::layout::{CONTROL_PLANE, Layout, MACHINE, NODES, SERVICES, address, pods, text};
use super::place::Place;
use anyhow::{Context, Result};
use longwire_testkit::{Netns, command};
use std::fs;

pub const NAME: &str = "control-plane";
/// The machine's end of its link to the cluster.
const LINK: &str = "longwire0";

/// The logged requests: reads of all clients, and changes by service accounts.
const AUDIT: &str = "apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  resources: [{group: coordination.k8s.io}]
- level: Metadata
  verbs: [list, watch]
- level: Metadata
  userGroups: ['system:serviceaccounts']
  verbs: [create, update, patch, delete, deletecollection]
- level: None
";

/// The bridge, and the machine's link to it.
pub fn wire(layout: &Layout) -> Result<Netns> {
    let netns = Netns::new()?;
    netns.ip(&format!("link add nodes type bridge\naddr add {CONTROL_PLANE}/24 dev nodes\nlink set nodes up\n"))?;
    netns.sysctl("ipv4/ip_forward", "1")?;
    Place::new(layout, NAME).make(&netns, &["sh", "-c", "echo ready >\"$1\"; exec sleep infinity", "sh"])?;
    // A node's rules translate Service addresses for the machine as for pods, and for the API server, which calls
    // webhooks. Nodes add the routes to their own pods there.
    let services = format!("route add {SERVICES} via {}\n", address(NODES[0]));
    netns.ip(&services)?;
    let pods: String = NODES.map(|node| format!("route add {} via {}\n", pods(node), address(node))).concat();
    let script = format!(
        "link add {LINK} type veth peer name machine netns {}\naddr add {MACHINE}/24 dev {LINK}\nlink set {LINK} up\n{pods}{services}",
        netns.path()
    );
    command::feed("ip", &["-batch", "-"], script.as_bytes()).with_context(|| format!("ip -batch:\n{script}"))?;
    netns.ip("link set machine master nodes up")?;
    Ok(netns)
}

/// Removes the machine's link. The other links are removed with their processes.
pub fn unwire() {
    // It is already gone if the control plane's end was removed first.
    let _ = command::run("ip", &["link", "del", LINK]);
}

pub fn start_api_server(layout: &Layout) -> Result<()> {
    let place = Place::new(layout, NAME);
    let (certificates, run) = (layout.certificates(), layout.run());
    let (certificates, run) = (text(&certificates)?, text(&run)?);
    let etcd = format!(
        "--name=e2e --data-dir={run}/etcd --unsafe-no-fsync \
         --listen-client-urls=http://127.0.0.1:2379 --advertise-client-urls=http://127.0.0.1:2379 \
         --listen-peer-urls=http://127.0.0.1:2380 --initial-advertise-peer-urls=http://127.0.0.1:2380 \
         --initial-cluster=e2e=http://127.0.0.1:2380"
    );
    place.daemon("etcd").launch(&line(layout, "etcd", &etcd))?;
    let policy = layout.run().join("audit-policy.yaml");
    fs::write(&policy, AUDIT)?;
    let (policy, log) = (policy.display(), layout.audit_log());
    let log = log.display();
    let flags = format!(
        "--etcd-servers=http://127.0.0.1:2379 --advertise-address={CONTROL_PLANE} --secure-port=6443 \
         --service-cluster-ip-range={SERVICES} --client-ca-file={certificates}/ca.crt \
         --tls-cert-file={certificates}/kube-apiserver.crt --tls-private-key-file={certificates}/kube-apiserver.key \
         --service-account-issuer=https://kubernetes.default.svc.cluster.local \
         --service-account-key-file={certificates}/service-accounts.key \
         --service-account-signing-key-file={certificates}/service-accounts.key \
         --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true \
         --kubelet-client-certificate={certificates}/kube-apiserver-to-kubelet.crt \
         --kubelet-client-key={certificates}/kube-apiserver-to-kubelet.key \
         --kubelet-certificate-authority={certificates}/ca.crt --kubelet-preferred-address-types=InternalIP \
         --requestheader-client-ca-file={certificates}/ca.crt --requestheader-allowed-names=front-proxy \
         --requestheader-username-headers=X-Remote-User --requestheader-uid-headers=X-Remote-Uid \
         --requestheader-group-headers=X-Remote-Group \
         --requestheader-extra-headers-prefix=X-Remote-Extra- \
         --proxy-client-cert-file={certificates}/front-proxy.crt \
         --proxy-client-key-file={certificates}/front-proxy.key --enable-aggregator-routing=true \
         --audit-policy-file={policy} --audit-log-path={log} --audit-log-maxsize=10000"
    );
    place.daemon("kube-apiserver").launch(&line(layout, "kube-apiserver", &flags))
}

/// The controllers and the scheduler.
pub fn start_controllers(layout: &Layout) -> Result<()> {
    let place = Place::new(layout, NAME);
    let certificates = layout.certificates();
    let certificates = certificates.display();
    // At the default rate the first service account would be created five seconds later.
    let controllers = format!(
        "--service-account-private-key-file={certificates}/service-accounts.key --root-ca-file={certificates}/ca.crt \
         --cluster-signing-cert-file={certificates}/ca.crt --cluster-signing-key-file={certificates}/ca.key \
         --use-service-account-credentials=true --kube-api-qps=300 --kube-api-burst=600"
    );
    for (name, flags) in [("kube-controller-manager", controllers.as_str()), ("kube-scheduler", "")] {
        let kubeconfig = layout.kubeconfig(name);
        let kubeconfig = kubeconfig.display();
        let access = format!(
            "--kubeconfig={kubeconfig} --authentication-kubeconfig={kubeconfig} \
             --authorization-kubeconfig={kubeconfig} --leader-elect=false {flags}"
        );
        place.daemon(name).launch(&line(layout, name, &access))?;
    }
    Ok(())
}

fn line(layout: &Layout, program: &str, flags: &str) -> Vec<String> {
    let program = layout.program(program).display().to_string();
    [program].into_iter().chain(flags.split_whitespace().map(str::to_owned)).collect()
}
