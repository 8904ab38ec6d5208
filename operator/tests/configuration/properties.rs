//! What holds whatever the objects are.

use crate::cluster::{Cluster, events};
use crate::outcome::outcome;
use longwire_operator::source::event::Event;
use proptest::prelude::*;
use std::fmt::Write;
use std::sync::Arc;

/// Objects of all kinds and levels that quarrel about few parts, and pods that they are about.
fn manifests(seeds: &[u8]) -> String {
    let mut yaml = String::new();
    for (number, seed) in seeds.iter().enumerate() {
        let namespace = ["longwire-system", "shop", "shop"][usize::from(*seed) % 3];
        let selector = ["", "selector: {matchLabels: {app: web}}, "][usize::from(*seed / 3) % 2];
        let (kind, fields) = match seed / 6 % 7 {
            0 => ("TelemetryPolicy", "seriesSets: [istio]".to_owned()),
            1 => ("TelemetryPolicy", format!("longConnections: {{enabled: {}, threshold: {seed}s}}", seed % 2 == 0)),
            2 => (
                "TelemetryPolicy",
                format!(
                    "overrides: [{{disabled: {}, tagOverrides: {{team: {{value: '\"{seed}\"'}}}}}}]",
                    seed % 5 == 0
                ),
            ),
            3 => ("ExtraStatTags", format!("tags: [{{name: team, value: '\"{seed}\"', optIn: {}}}]", seed % 2 == 1)),
            4 => (
                "TelemetryPolicy",
                format!("accessLogs: {{enabled: {}, sample: {}, rateLimit: {}}}", seed % 3 > 0, seed % 5, seed % 4 + 1),
            ),
            5 => ("StatsMatcher", format!("inclusionPrefixes: [cluster.{seed}]")),
            _ => ("StatsMatcher", "rejectAll: true".to_owned()),
        };
        let second = seed % 4;
        writeln!(
            yaml,
            "---\n{{apiVersion: telemetry.longwire.io/v1alpha1, kind: {kind}, metadata: {{name: o{number}, \
             namespace: {namespace}, creationTimestamp: \"2026-01-01T00:00:0{second}Z\"}}, spec: {{{selector}{fields}}}}}"
        )
        .unwrap();
    }
    for (namespace, name, app) in
        [("shop", "web-1", "web"), ("shop", "web-2", "web"), ("shop", "db", "db"), ("far", "x", "web")]
    {
        writeln!(
            yaml,
            "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: {namespace}, labels: {{app: {app}}}, \
             annotations: {{sidecar.istio.io/extraStatTags: team, telemetry.longwire.io/access-log: \"{}\"}}}}, spec: {{nodeName: n1, containers: []}}}}",
            name != "web-2"
        )
        .unwrap();
    }
    yaml
}

/// Without Events: how many there are depends on how often something changed.
fn lasting(cluster: &Cluster) -> Vec<String> {
    outcome(cluster).lines().filter(|line| !line.starts_with("Event")).map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn neither_order_nor_batches_nor_detours_matter(
        seeds in prop::collection::vec(any::<u8>(), 0..8),
        detours in prop::collection::vec(any::<u8>(), 0..4),
        order in any::<prop::sample::Index>(),
        batch in 1_usize..4,
    ) {
        let wanted = events(&manifests(&seeds));
        let mut straight = Cluster::new();
        straight.take(wanted.clone());

        let others = events(&manifests(&detours));
        let gone = others.iter().filter_map(|event| match event {
            Event::Apply(object) => Some(Event::Delete(object.key())),
            _ => None,
        });
        let mut way: Vec<Event> = others.iter().cloned().chain(gone).collect();
        let mut rest = wanted;
        if !rest.is_empty() {
            let middle = order.index(rest.len());
            rest.rotate_left(middle);
        }
        way.extend(rest);
        let mut winding = Cluster::new();
        way.chunks(batch).for_each(|events| winding.take(events.to_vec()));
        prop_assert_eq!(lasting(&straight), lasting(&winding));
    }

    #[test]
    fn pods_with_equal_outcomes_share_one_telemetry(seeds in prop::collection::vec(any::<u8>(), 0..8)) {
        let cluster = Cluster::of(&manifests(&seeds));
        let all: Vec<_> = cluster.nodes.values().flat_map(|node| node.pods.values()).map(|(_, local)| local).collect();
        for one in &all {
            for other in &all {
                let shared = Arc::ptr_eq(&one.telemetry, &other.telemetry);
                prop_assert_eq!(shared, one.telemetry == other.telemetry);
            }
        }
    }
}
