//! Edges and their names.

use crate::shared::cluster;
use anyhow::{Result, ensure};
use longwire_testkit::{Pair, Pod, REPORTERS, Sample, Truth, confirm, pass_both};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

#[test]
fn both_reporters_say_exactly_istios_labels() -> Result<()> {
    let pair = Pair::new(cluster().machine.take()?, cluster().machine.pod("labelled")?)?;
    pair.edge.expect(&cluster().probe, pair.exchange(10, 20)?)?;
    let name = pair.client.workload.as_str();
    let expected: BTreeMap<String, String> = [
        ("source_workload", name),
        ("source_canonical_service", name),
        ("source_canonical_revision", "v1"),
        ("source_workload_namespace", "shop"),
        ("source_principal", "unknown"),
        ("source_app", name),
        ("source_version", "v1"),
        ("source_cluster", "Kubernetes"),
        ("destination_service", "labelled.shop.svc.cluster.local"),
        ("destination_service_namespace", "shop"),
        ("destination_service_name", "labelled"),
        ("destination_workload", "labelled"),
        ("destination_canonical_service", "checkout"),
        ("destination_canonical_revision", "blue"),
        ("destination_workload_namespace", "shop"),
        ("destination_principal", "unknown"),
        ("destination_app", "checkout"),
        ("destination_version", "blue"),
        ("destination_cluster", "Kubernetes"),
        ("request_protocol", "tcp"),
        ("response_flags", "-"),
        ("connection_security_policy", "unknown"),
    ]
    .map(|(label, value)| (label.to_owned(), value.to_owned()))
    .into();
    let scrape = cluster().probe.scrape()?;
    for reporter in REPORTERS {
        assert_eq!(pair.edge.label_sets(&scrape, reporter).iter().collect::<Vec<_>>(), [&expected]);
    }
    Ok(())
}

#[test]
fn no_label_of_any_series_is_empty() -> Result<()> {
    let scrape = cluster().probe.scrape()?;
    for sample in &scrape.samples {
        ensure!(sample.labels.values().all(|value| !value.is_empty()), "{sample:?}");
    }
    Ok(())
}

#[test]
fn loopback_inside_a_pod_is_no_edge() -> Result<()> {
    let pair = cluster().pair()?;
    let pod = &pair.client;
    let listener = pod.listen_on((Ipv4Addr::UNSPECIFIED, 9090))?;
    for address in [Ipv4Addr::LOCALHOST, pod.ipv4] {
        pod.exchange((address, 9090), &listener, 777, 888)?;
    }
    // An edge is counted after these, so the probe has seen all of them.
    pair.edge.expect(&cluster().probe, pair.exchange(1, 2)?)?;
    let scrape = cluster().probe.scrape()?;
    let ours = |sample: &&Sample| {
        let of = |label: &str| sample.labels.get(label) == Some(&pod.workload);
        sample.name == "istio_tcp_connections_opened_total" && (of("source_workload") || of("destination_workload"))
    };
    let opened: Vec<f64> = scrape.samples.iter().filter(ours).map(|sample| sample.value).collect();
    assert_eq!(opened, [1.0, 1.0]);
    Ok(())
}

#[test]
fn an_address_outside_the_cluster_is_passthrough() -> Result<()> {
    let (client, machine) = (cluster().machine.take()?, &cluster().machine);
    // A host outside the cluster, in no manifest.
    let outside = Ipv4Addr::new(203, 0, 113, client.ipv4.octets()[3]);
    let (netns, _) = machine.node.attach(&[outside.into()])?;
    let host = Pod { netns, ipv4: outside, ..client.clone() };
    client.exchange((outside, 443), &host.listen_on((outside, 443))?, 600, 7_000)?;
    let labels = [
        ("reporter", "source"),
        ("source_workload", client.workload.as_str()),
        ("destination_workload", "unknown"),
        ("destination_service", "unknown"),
        ("destination_service_name", "PassthroughCluster"),
    ];
    cluster().probe.until(|scrape| {
        let truth = Truth::of(scrape, &labels);
        confirm!(truth == Truth::whole(600, 7_000), "{truth:?}")
    })
}

#[test]
fn a_pod_of_a_sidecar_mesh_reports_no_istio_series_of_its_own() -> Result<()> {
    let pair = Pair::new(cluster().machine.take()?, cluster().machine.pod("meshed")?)?;
    let (edge, (near, far)) = (&pair.edge, pair.connect()?);
    pass_both(&near, &far, 500, 600)?;
    let truths = [("source", Truth::open(500, 600)), ("destination", Truth::default())];
    edge.expect_of(&cluster().probe, &truths)?;
    // It is seen nevertheless: its other series exist.
    cluster().probe.until(|scrape| {
        let active = edge.sum(scrape, "longwire_tcp_connections_active", "destination");
        confirm!(active == 1, "{active} active connections")
    })?;
    drop((near, far));
    edge.expect_of(&cluster().probe, &[("source", Truth::whole(500, 600)), ("destination", Truth::default())])
}

#[test]
fn a_pods_annotation_chooses_which_series_its_connections_feed() -> Result<()> {
    let pair = Pair::new(cluster().machine.take()?, cluster().machine.pod("chosen")?)?;
    let Pair { client, server, edge, .. } = &pair;
    edge.expect(&cluster().probe, pair.exchange(4_000, 300)?)?;
    let scrape = cluster().probe.scrape()?;
    let address = server.ipv4.to_string();
    let of_server = [
        ("reporter", "destination"),
        ("source_workload", &client.workload),
        ("destination_pod_name", &server.name),
        ("destination_pod_namespace", "shop"),
        ("destination_pod_address", &address),
    ];
    let value = |family: &str| scrape.only(family, &of_server).map(|sample| sample.value);
    // From the server's point of view: it received what the client sent.
    assert_eq!(value("kmesh_tcp_workload_received_bytes_total")?, 4_000.0);
    assert_eq!(value("kmesh_tcp_workload_sent_bytes_total")?, 300.0);
    assert_eq!(value("kmesh_tcp_workload_connections_opened_total")?, 1.0);
    assert_eq!(value("kmesh_tcp_workload_connections_closed_total")?, 1.0);
    let by = |reporter, family| edge.sum(&scrape, family, reporter);
    assert_eq!(by("destination", "longwire_tcp_connection_duration_seconds_count"), 0, "not asked for");
    assert_eq!(by("source", "longwire_tcp_connection_duration_seconds_count"), 1, "the client has what is built in");
    assert_eq!(by("source", "kmesh_tcp_workload_sent_bytes_total"), 0, "which Kmesh's workload series are not");
    Ok(())
}
