//! Every way a pod comes to be, on both nodes, and every way to reach it: both reporters name it alike, to the byte.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::api::ListParams;
use longwire_e2e::edge::{Edge, Truth};
use longwire_e2e::kubernetes::namespace::Namespace;
use longwire_e2e::kubernetes::{Kubernetes, longwire};
use longwire_e2e::wait::eventually;
use std::net::Ipv4Addr;
use std::time::Duration;

const REPLY: u64 = 2_000;
const SENT: u64 = 1_000;

/// A server under each controller, spread over both nodes, with a Service before it and a headless one.
const SERVER: &str = "apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {selector: {app: ${name}}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: ${name}-headless}
spec: {clusterIP: None, selector: {app: ${name}}, ports: [{port: 8080}]}
---
";

const TEMPLATE: &str = "  template:
    metadata: {labels: {app: ${name}}}
    spec:
      terminationGracePeriodSeconds: 0
      topologySpreadConstraints:
      - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: ${name}}}}
      containers:
      - {name: main, image: '${image}', imagePullPolicy: Never, args: [serve, '0.0.0.0:8080', --reply, '2000']}
";

const CONTROLLERS: [(&str, &str); 3] = [
    ("Deployment", "replicas: 2"),
    ("StatefulSet", "replicas: 2\n  serviceName: ${name}-headless\n  podManagementPolicy: Parallel"),
    ("DaemonSet", "minReadySeconds: 0"),
];

fn server(kind: &str, spec: &str, name: &str, image: &str) -> String {
    let head = format!("apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: ${{name}}}}\nspec:\n  {spec}\n");
    let selector = "  selector: {matchLabels: {app: ${name}}}\n";
    let whole = format!("{SERVER}{head}{selector}{TEMPLATE}");
    whole.replace("${name}", name).replace("${image}", image)
}

/// A Job that connects once, on this node.
fn client(name: &str, node: &str, to: &str, image: &str) -> String {
    format!(
        "apiVersion: batch/v1
kind: Job
metadata: {{name: {name}}}
spec:
  backoffLimit: 0
  template:
    spec:
      nodeName: {node}
      restartPolicy: Never
      containers:
      - {{name: main, image: '{image}', imagePullPolicy: Never, args: [send, '{to}', '{SENT}']}}
"
    )
}

/// The pods of a server by node, once all listen.
fn listening(namespace: &Namespace<'_>, app: &str) -> Result<Vec<Ipv4Addr>> {
    eventually(Duration::from_secs(60), || {
        let pods = namespace.api::<Pod>();
        let listed = Kubernetes::shared()?.block_on(pods.list(&ListParams::default().labels(&format!("app={app}"))))?;
        let mut addresses = Vec::new();
        for pod in listed.items {
            let name = pod.metadata.name.context("a pod without a name")?;
            let said = namespace.kubectl(&["logs", &name])?;
            ensure!(said.contains("listening"), "{name} does not listen yet");
            let status = pod.status.and_then(|status| status.pod_ip).context("no address")?;
            addresses.push(status.parse()?);
        }
        ensure!(addresses.len() == 2, "{app} has {} pods", addresses.len());
        Ok(addresses)
    })
}

#[test]
fn whoever_controls_a_pod_and_however_it_is_reached_both_reporters_name_it_alike() -> Result<()> {
    let kubernetes = Kubernetes::shared()?;
    let namespace = kubernetes.namespace()?;
    longwire::install(kubernetes)?;
    let image = kubernetes.load_program("longwire-traffic")?;
    let names = CONTROLLERS.map(|(kind, _)| kind.to_lowercase());
    for ((kind, spec), name) in CONTROLLERS.iter().zip(&names) {
        namespace.apply(&server(kind, spec, name, &image))?;
    }
    let mut expected = Vec::new();
    for name in &names {
        let pods = listening(&namespace, name)?;
        let service: Service = kubernetes.block_on(namespace.api::<Service>().get(name))?;
        let virtual_address = service.spec.and_then(|spec| spec.cluster_ip).context("no cluster address")?;
        let ways = [("service", format!("{virtual_address}:80")), ("pod", format!("{}:8080", pods[0]))];
        for (way, to) in ways {
            for node in ["n1", "n2"] {
                let job = format!("{way}-{name}-{node}");
                namespace.apply(&client(&job, node, &to, &image))?;
                expected.push((job, name.clone()));
            }
        }
    }
    for (job, server) in &expected {
        let done = |job: Option<&Job>| {
            job.and_then(|job| job.status.as_ref()).is_some_and(|status| status.succeeded == Some(1))
        };
        namespace.wait_for::<Job>(job, done).with_context(|| format!("{job} to {server}"))?;
    }
    let truth = Truth::whole(SENT, REPLY);
    longwire::until(kubernetes, |scrape| {
        for (job, server) in &expected {
            let edge = Edge::between(job, server).within(&namespace.name);
            edge.both_say(scrape, truth)?;
        }
        Ok(())
    })
}

#[test]
fn a_job_of_a_cron_job_is_named_after_it_and_a_pod_without_owner_after_itself() -> Result<()> {
    let kubernetes = Kubernetes::shared()?;
    let namespace = kubernetes.namespace()?;
    longwire::install(kubernetes)?;
    let image = kubernetes.load_program("longwire-traffic")?;
    namespace.apply(&format!(
        "apiVersion: v1
kind: Pod
metadata: {{name: bare, labels: {{app: bare}}}}
spec:
  nodeName: n2
  terminationGracePeriodSeconds: 0
  containers:
  - {{name: main, image: '{image}', imagePullPolicy: Never, args: [serve, '0.0.0.0:8080', --reply, '{REPLY}']}}
"
    ))?;
    let address = eventually(Duration::from_secs(60), || {
        ensure!(namespace.kubectl(&["logs", "bare"])?.contains("listening"), "it does not listen yet");
        let pod: Pod = kubernetes.block_on(namespace.api::<Pod>().get("bare"))?;
        pod.status.and_then(|status| status.pod_ip).context("no address")
    })?;
    // As the controller of CronJobs would name the one of minute 29,000,000.
    namespace.apply(&client("report-29000000", "n1", &format!("{address}:8080"), &image))?;
    let edge = Edge::between("report", "bare").within(&namespace.name);
    longwire::until(kubernetes, |scrape| edge.both_say(scrape, Truth::whole(SENT, REPLY)))
}
