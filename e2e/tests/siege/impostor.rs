//! Pods that impersonate others: by an address, by the name of a cgroup, by a Service of another namespace.

use anyhow::{Result, ensure};
use longwire_testkit::{
    Edge, Machine, Pair, Pod, PodSpec, Process, Siege, Truth, binaries, cgroup, confirm, manifests, pod::PORT,
    pod::traffic_in,
};
use std::time::Duration;

/// UID of a new pod whose kubelet has not reported an address yet.
const FRESH: &str = "aaaaaaaa-0000-4000-8000-00000000f4e5";
const PATIENCE: Duration = Duration::from_secs(60);

fn fresh_pod() -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: fresh, namespace: shop, uid: {FRESH}}}\n\
         spec: {{nodeName: node, containers: [{{name: main, image: example.org/fresh:1}}]}}\nstatus: {{phase: Pending}}\n"
    )
}

/// Older than all others and without a selector: its author writes the endpoints.
fn thieving_service(victim: &Pod) -> String {
    let (address, service_ip) = (victim.ipv4, victim.service_ip);
    let spec = format!("clusterIP: None, externalIPs: [{address}, {service_ip}], ports: [{{port: {PORT}}}]");
    let service = manifests::service("thief/thief", "2001-01-01T00:00:00Z", &spec, &[]);
    service + &manifests::slice("thief/thief", "IPv4", &address.to_string(), PORT)
}

/// Takes the address in a network namespace of its own and sends SYNs that are not answered.
fn speak_from(victim: &Pod, from: &Pod) -> Result<()> {
    let cgroup = cgroup::container(FRESH, "main")?;
    let traffic = binaries::find("longwire-traffic")?;
    let script = format!(
        "echo $$ > {}/cgroup.procs && exec unshare -Urn sh -ec 'ip link add eth0 type veth peer name peer; \
         ip addr add {}/32 dev eth0; ip link set eth0 up; ip link set peer up; ip route add default dev eth0; \
         for i in 1 2 3; do timeout 0.3 {} send 192.0.2.9:9 1 || true; done; echo spoke'",
        cgroup.display(),
        victim.ipv4,
        traffic.display()
    );
    let mut process = Process::start(&from.netns, "impostor", &["sh", "-ec", &script])?;
    process.succeed(PATIENCE)?;
    confirm!(process.log().iter().any(|line| line == "spoke"), "{}", process.last_words())
}

/// So many connections of a process in that cgroup, in the network namespace of `client`.
fn send(client: &Pod, cgroup: &str, server: &Pod, times: u64) -> Result<Truth> {
    let line = ["send", &server.address().to_string(), "1000", "--times", &times.to_string()];
    traffic_in(&client.netns, "impostor", &cgroup::below_root(cgroup)?, &line)?.succeed(PATIENCE)?;
    Ok(Truth { opened: times, closed: times, to_server: 1_000 * times, to_client: 0 })
}

#[test]
fn no_pod_is_named_as_another_pod() -> Result<()> {
    let machine = Machine::new(6, &[PodSpec::new("victim").elsewhere()])?;
    machine.manifests.write("fresh.yaml", &fresh_pod())?;
    machine.manifests.write("thief.yaml", &thieving_service(machine.pod("victim")?))?;
    let siege = Siege::start("impostor", machine, &[])?;
    let mut bystander = siege.bystander()?;
    bystander.talk(20)?;
    let (machine, probe) = (&siege.cluster.machine, &siege.cluster.probe);
    let (victim, attacker) = (machine.pod("victim")?, machine.take()?);
    speak_from(victim, attacker)?;
    // The pod is on another node, so it is identified by its address.
    let pair = Pair::new(machine.take()?, victim)?;
    let truth = (0..10).map(|_| pair.exchange(1_001, 2_003)).sum::<Result<Truth>>()?;
    pair.edge.expect_of(probe, &[("source", truth)])?;
    // Cgroups with the name of this node's pod: in a user session, and below the attacker's own.
    let (server, local) = (machine.take()?, &pair.client);
    let _serving = server.process_that_says("main", &["serve", &server.address().to_string()], "listening")?;
    let of_session = send(attacker, &format!("user.slice/kubepods/pod{}/main", local.uid), server, 5)?;
    let nested = format!("kubepods/besteffort/pod{}/main/a/b/c/d/e/f/g/h/pod{}/main", attacker.uid, local.uid);
    let nested = send(attacker, &nested, server, 5)?;
    // A cgroup of another kubelet's pod is not reported by this node; the server's end identifies its client by the
    // address.
    let truths = [("source", nested), ("destination", nested + of_session)];
    Edge::of(attacker, server).expect_of(probe, &truths)?;
    let spoken = Edge::of(local, server).reported(&probe.scrape()?, "source");
    ensure!(spoken == Truth::default(), "it speaks as another pod: {spoken:?}");
    bystander.talk(20)?;
    bystander.expect_exact(probe)?;
    siege.end(&[])
}
