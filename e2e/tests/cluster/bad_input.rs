//! Valid but unusual objects, all at once, while a shop has traffic: what can be known is reported exactly, everything
//! else is unknown, and other pods are not affected.

use crate::bad_input_calm::Calm;
use crate::shop::Shop;
use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{Namespace, Running, longwire, longwire::object, running::sleeper, talk};
use longwire_testkit::{Edge, Scrape, Truth, confirm, eventually};
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
const PORT: u16 = 8080;

/// Services without selected pods or with DNS names only.
const SERVICES: [(&str, &str); 5] = [
    ("by-hand", "ports: [{port: 80, targetPort: 8080}]"),
    ("a-name", "type: ExternalName, externalName: example.org, selector: {app: server}, ports: [{port: 8080}]"),
    ("leads-nowhere", "ports: [{port: 80}]"),
    ("both-families", "ipFamilyPolicy: PreferDualStack, ports: [{port: 80}]"),
    ("headless", "clusterIP: None, ports: [{port: 80}]"),
];

/// These Services, and EndpointSlices written by hand.
fn services(lone: Ipv4Addr) -> String {
    let (lone, of_service) = (lone.to_string(), "labels: {kubernetes.io/service-name: by-hand}");
    let slices = [
        ("by-hand-4", of_service, "IPv4", "{port: 8080}", lone.as_str()),
        ("by-hand-6", of_service, "IPv6", "{port: 8080}", "fd00:99::7"),
        ("by-hand-names", of_service, "FQDN", "{port: 8080}", "example.org"),
        ("of-nobody", "", "IPv4", "", lone.as_str()),
    ];
    let slice = |(name, labels, kind, port, address)| {
        format!(
            "apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {name}, {labels}}}
addressType: {kind}
ports: [{port}]
endpoints: [{{addresses: ['{address}']}}]
---
"
        )
    };
    SERVICES.map(|(name, spec)| talk::service(name, spec)).concat() + &slices.map(slice).concat()
}

/// A pod that is never scheduled.
fn nowhere(name: &str) -> String {
    format!(
        "---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, generateName: ring-}}
spec:
  schedulingGates: [{{name: longwire.io/never}}]
  containers: [{{name: main, image: none}}]
"
    )
}

/// A running pod with annotations of the largest size that the API server accepts.
fn loud() -> String {
    let list = |prefix: &str, many: usize| (0..many).map(|n| format!("{prefix}{n}")).collect::<Vec<_>>().join(",");
    let (sets, tags, junk) = (list("s", 16_000), list("t", 16_000), "x".repeat(55_000));
    let annotations = format!(
        "telemetry.longwire.io/series-sets: 'istio,longwire,{sets}', sidecar.istio.io/extraStatTags: '{tags}', \
         sidecar.istio.io/statsInclusionRegexps: '(((', example.org/junk: '{junk}'"
    );
    let text = sleeper("loud", "n2", &format!("annotations: {{{annotations}}}"));
    assert!(text.len() > 250 << 10, "{} bytes", text.len());
    text
}

/// Sets a status as only a kubelet would.
fn patch_status(namespace: &Namespace<'_>, pod: &str, addresses: &[&str]) -> Result<()> {
    let ips: Vec<String> = addresses.iter().map(|address| format!(r#"{{"ip": "{address}"}}"#)).collect();
    let patch = format!(
        r#"{{"status": {{"phase": "Running", "startTime": "2020-01-01T00:00:00Z", "podIP": "{}", "podIPs": [{}]}}}}"#,
        addresses[0],
        ips.join(",")
    );
    let words = ["patch", "pod", pod, "--subresource=status", "--type=merge", "--patch", &patch];
    namespace.kubectl(&words).map(drop)
}

/// Makes `owner` the controller of `pod`.
fn patch_owner(namespace: &Namespace<'_>, pod: &str, owner: &str) -> Result<()> {
    let uid = namespace.json_path(&["pod", owner], "{.metadata.uid}")?;
    let reference =
        format!(r#"{{"apiVersion": "v1", "kind": "Pod", "name": "{owner}", "uid": "{uid}", "controller": true}}"#);
    let patch = format!(r#"{{"metadata": {{"ownerReferences": [{reference}]}}}}"#);
    namespace.kubectl(&["patch", "pod", pod, "--type=merge", "--patch", &patch]).map(drop)
}

/// A listening pod, and the truth about its connections with the shop's client.
struct Stall {
    pod: Running,
    listener: TcpListener,
    truth: Truth,
}

impl Stall {
    fn open(pod: Running) -> Result<Self> {
        let listener = pod.listen(PORT)?;
        Ok(Self { pod, listener, truth: Truth::default() })
    }

    fn visit(&mut self, client: &Running, address: impl Into<std::net::SocketAddr>) -> Result<()> {
        self.truth += client.exchange(address, &self.listener, 100, 300)?;
        Ok(())
    }

    fn visit_directly(&mut self, client: &Running) -> Result<()> {
        self.visit(client, (self.pod.address, PORT))
    }
}

/// Another pod has the address of `victim` too: other nodes know no owner, and the victim's own node knows it.
fn a_shadow_falls(namespace: &Namespace<'_>, client: &Running, victim: &mut Stall) -> Result<()> {
    let known = Edge::between("client", "victim").within(&namespace.name);
    let unknown = Edge::between("client", "unknown").within(&namespace.name);
    let address = victim.pod.address.to_string();
    // Makes one more connection, and returns the counts by destination, as the client's probe reports them.
    let mut visit = || -> Result<[Truth; 2]> {
        victim.visit_directly(client)?;
        longwire::until(namespace.kubernetes(), |scrape| {
            let found = [&known, &unknown].map(|edge| edge.reported(scrape, "source"));
            ensure!(found[0] + found[1] == victim.truth, "{found:?} is not {:?}", victim.truth);
            ensure!(known.reported(scrape, "destination") == victim.truth, "the victim does not know itself");
            Ok(found)
        })
    };
    let labels = [("reason", "ambiguous")];
    let sum = |scrape: Scrape| scrape.sum("longwire_probe_connections_unresolved_total", &labels);
    let ambiguous = || longwire::scrape("n1").map(sum);
    assert_eq!(visit()?[1], Truth::default());
    let before = ambiguous()?;
    patch_status(namespace, "shadow", &[&address])?;
    let [_, shaded] = eventually(PATIENCE, || {
        let found = visit()?;
        ensure!(found[1].opened > 0, "every connection is to victim still");
        Ok(found)
    })?;
    let counted = ambiguous()? - before;
    ensure!(counted >= shaded.opened, "{} connections are ambiguous, and {counted} counted", shaded.opened);
    // When the other pod is gone the address is the victim's alone, for new connections and not for old ones.
    namespace.kubectl(&["delete", "pod", "shadow", "--grace-period=0", "--force"])?;
    let [named, _] = visit()?;
    eventually(PATIENCE, || confirm!(visit()?[0].opened > named.opened, "the victim is unknown still"))
}

#[test]
fn odd_objects_are_reported_and_do_not_stop_other_objects() -> Result<()> {
    let (kubernetes, namespace) = longwire::installed()?;
    let calm = Calm::now(kubernetes)?;
    let shop = Shop::open(&namespace)?;
    shop.exact_throughout(kubernetes, || {
        menagerie(&namespace, &shop.client).with_context(|| longwire::logs(kubernetes))
    })?;
    shop.there().labels_agree(&longwire::scrape_all()?)?;
    namespace.apply(&object("ExtraStatTags", "after", "{tags: [{name: after, value: '\"all\"'}]}"))?;
    longwire::await_label(kubernetes, &namespace.name, "istio_tcp_sent_bytes_total", ("after", "all"))?;
    calm.is_kept(None)
}

fn menagerie(namespace: &Namespace<'_>, client: &Running) -> Result<()> {
    namespace.apply(&["bare", "twin-a", "twin-b", "dual", "shadow", "ring-b", "itself"].map(nowhere).concat())?;
    namespace.apply(&loud())?;
    patch_status(namespace, "twin-a", &["10.244.99.1"])?;
    patch_status(namespace, "twin-b", &["10.244.99.1"])?;
    patch_status(namespace, "dual", &["10.244.99.2", "fd00:99::2"])?;
    let stall = |name: &str| Stall::open(Running::start(namespace, name, "n2")?);
    let (mut lone, mut victim, mut ring) = (stall("lone")?, stall("victim")?, stall("ring-a")?);
    namespace.apply(&services(lone.pod.address))?;
    for (pod, owner) in [("ring-a", "ring-b"), ("ring-b", "ring-a"), ("itself", "itself")] {
        patch_owner(namespace, pod, owner)?;
    }
    let mut loud = Stall::open(Running::find(namespace, "loud")?)?;
    a_shadow_falls(namespace, client, &mut victim)?;
    let virtual_address = namespace.service_address("by-hand")?;
    for _ in 0..3 {
        lone.visit(client, (virtual_address, 80))?;
        ring.visit_directly(client)?;
        loud.visit_directly(client)?;
    }
    longwire::until(namespace.kubernetes(), |scrape| {
        // A pod without generateName is its own workload, whatever its owners are.
        for (name, stall) in [("lone", &lone), ("ring-a", &ring), ("loud", &loud)] {
            Edge::between("client", name).within(&namespace.name).both_say(scrape, stall.truth)?;
        }
        for label_set in Edge::between("client", "lone").within(&namespace.name).label_sets(scrape, "source") {
            ensure!(label_set.get("destination_service_name").is_some_and(|name| name == "by-hand"), "{label_set:?}");
        }
        Ok(())
    })?;
    few_events_on(namespace, "loud")?;
    attempts_are_named(namespace, client)
}

/// A long invalid annotation is reported in a short Event.
fn few_events_on(namespace: &Namespace<'_>, pod: &str) -> Result<()> {
    let notes = || -> Result<Vec<String>> {
        let selector = format!("--field-selector=involvedObject.name={pod},type=Warning");
        let said = namespace.json_path(&["events", &selector], r#"{range .items[*]}{.message}{"\n"}{end}"#)?;
        Ok(said.lines().filter(|line| line.contains("annotation ")).map(str::to_owned).collect())
    };
    let annotations = ["telemetry.longwire.io/series-sets", "extraStatTags", "statsInclusionRegexps"];
    let notes = eventually(PATIENCE, || {
        let notes = notes()?;
        for annotation in annotations {
            ensure!(notes.iter().any(|note| note.contains(annotation)), "no Event about {annotation}: {notes:?}");
        }
        Ok(notes)
    })?;
    confirm!(notes.len() <= 10, "{} Events: {notes:#?}", notes.len())
}

/// No server answers there, so the destination is known from the address alone.
fn attempts_are_named(namespace: &Namespace<'_>, client: &Running) -> Result<()> {
    for address in ["10.244.99.1:8080", "10.244.99.2:8080"] {
        client.attempt(address.parse()?, Duration::from_millis(300))?;
    }
    longwire::until(namespace.kubernetes(), |scrape| {
        let failed = |destination: &str| {
            let edge = Edge::between("client", destination).within(&namespace.name);
            edge.sum(scrape, "longwire_tcp_connections_failed_total", "source")
        };
        ensure!(failed("dual") == 1, "{} attempts at dual", failed("dual"));
        confirm!(failed("unknown") == 1, "{} attempts at an address of two pods", failed("unknown"))
    })
}
