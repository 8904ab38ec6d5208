//! Pods of every controller, on both nodes, reached in every way: both reporters use equal names, exact to the byte.

use anyhow::{Context, Result};
use longwire_kubernetes::{longwire, talk, talk::Network, talk::PORT, talk::await_listening};
use longwire_testkit::Edge;

const TEMPLATE: &str = "  template:
    metadata: {labels: {app: ${name}}}
    spec:
      terminationGracePeriodSeconds: 0
      topologySpreadConstraints:
      - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: ${name}}}}
      containers: [${container}]
";

const CONTROLLERS: [(&str, &str); 3] = [
    ("Deployment", "replicas: 2"),
    ("StatefulSet", "replicas: 2\n  serviceName: ${name}-headless\n  podManagementPolicy: Parallel"),
    ("DaemonSet", "minReadySeconds: 0"),
];

/// A server of each controller, on both nodes, with a Service and a headless one.
fn server(kind: &str, spec: &str, name: &str, image: &str) -> String {
    let service = talk::service(name, "selector: {app: ${name}}, ports: [{port: 80, targetPort: 8080}]");
    let headless = "clusterIP: None, selector: {app: ${name}}, ports: [{port: 8080}]";
    let headless = talk::service(&format!("{name}-headless"), headless);
    let head = format!("apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: ${{name}}}}\nspec:\n  {spec}\n");
    let selector = "  selector: {matchLabels: {app: ${name}}}\n";
    let whole = format!("{service}{headless}{head}{selector}{TEMPLATE}");
    whole.replace("${name}", name).replace("${container}", &talk::serving(image, PORT))
}

#[test]
fn both_reporters_use_one_name_for_pods_of_every_controller() -> Result<()> {
    let (kubernetes, namespace) = longwire::installed()?;
    let image = kubernetes.load_program("longwire-traffic")?;
    let names = CONTROLLERS.map(|(kind, _)| kind.to_lowercase());
    for ((kind, spec), name) in CONTROLLERS.iter().zip(&names) {
        namespace.apply(&server(kind, spec, name, &image))?;
    }
    let mut expected = Vec::new();
    for name in &names {
        let pods = await_listening(&namespace, name, 2)?;
        let virtual_address = namespace.service_address(name)?;
        let ways = [("service", format!("{virtual_address}:80")), ("pod", format!("{}:8080", pods[0]))];
        for (way, to) in ways {
            for node in ["n1", "n2"] {
                let job = format!("{way}-{name}-{node}");
                namespace.apply(&talk::client(&job, node, Network::Own, &to, talk::SENT, &image))?;
                expected.push((job, name.clone()));
            }
        }
    }
    for (job, server) in &expected {
        talk::await_done(&namespace, job).with_context(|| format!("to {server}"))?;
    }
    longwire::until(kubernetes, |scrape| {
        for (job, server) in &expected {
            let edge = Edge::between(job, server).within(&namespace.name);
            edge.both_say(scrape, talk::truth())?;
        }
        Ok(())
    })
}

#[test]
fn a_job_of_a_cron_job_is_named_after_it_and_a_pod_without_owner_after_itself() -> Result<()> {
    let (kubernetes, namespace) = longwire::installed()?;
    let image = kubernetes.load_program("longwire-traffic")?;
    namespace.apply(&talk::server("bare", "n2", Network::Own, PORT, &image))?;
    let address = await_listening(&namespace, "bare", 1)?[0];
    namespace.apply(&format!(
        "apiVersion: batch/v1
kind: CronJob
metadata: {{name: report}}
spec:
  schedule: '0 0 1 1 *'
  jobTemplate:
    spec:
      template:
        spec:
          nodeName: n1
          restartPolicy: Never
          containers: [{}]
",
        talk::sending(&image, &format!("{address}:{PORT}"), talk::SENT, 1)
    ))?;
    // The name that its controller gives in minute 29,000,000.
    namespace.kubectl(&["create", "job", "report-29000000", "--from=cronjob/report"])?;
    let edge = Edge::between("report", "bare").within(&namespace.name);
    longwire::until(kubernetes, |scrape| edge.both_say(scrape, talk::truth()))
}
