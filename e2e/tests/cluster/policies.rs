//! Users' policies on a real API server and two real nodes: they take effect on every node, at once, and counters stay
//! exact.

use crate::shop::Shop;
use anyhow::Result;
use longwire_kubernetes::{NODES, longwire, longwire::object};
use longwire_testkit::{beside, confirm, eventually};
use std::time::{Duration, Instant};

/// Long enough for a busy machine; the time it took is printed.
const PATIENCE: Duration = Duration::from_secs(60);

/// One object of each kind, and its effect on both edges: a family, its label with the namespace, and the value of its
/// label `team`. Envoy's gauges have labels of their own.
#[rustfmt::skip]
const KINDS: [(&str, &str, &str, &str, Option<&str>); 3] = [
    ("TelemetryPolicy", r#"{overrides: [{tagOverrides: {team: {value: '"blue"'}}}]}"#,
        "istio_tcp_sent_bytes_total", "source_workload_namespace", Some("blue")),
    ("ExtraStatTags", r#"{tags: [{name: team, value: '"red"'}]}"#,
        "istio_tcp_sent_bytes_total", "source_workload_namespace", Some("red")),
    ("StatsMatcher", "{inclusionSuffixes: [upstream_cx_active]}",
        "envoy_cluster_upstream_cx_active", "source_pod_namespace", None),
];

/// A policy that gives every series of the namespace a label `edit`.
fn edit(number: usize) -> String {
    let spec = format!(r#"{{overrides: [{{tagOverrides: {{edit: {{value: '"{number}"'}}}}}}]}}"#);
    object("TelemetryPolicy", "edit", &spec)
}

#[test]
fn an_object_of_each_kind_changes_the_series_on_every_node() -> Result<()> {
    let (_, namespace) = longwire::installed()?;
    let _shop = Shop::open(&namespace)?;
    for (kind, spec, family, whose, team) in KINDS {
        let team = team.map(|team| ("team", team));
        let labels: Vec<_> = [(whose, namespace.name.as_str())].into_iter().chain(team).collect();
        namespace.apply(&object(kind, "team", spec))?;
        let applied = Instant::now();
        for node in NODES {
            eventually(PATIENCE, || {
                let scrape = longwire::scrape(node)?;
                confirm!(!scrape.select(family, &labels).is_empty(), "{node} shows nothing of the {kind}")
            })?;
        }
        println!("{kind}: on both nodes after {} ms", applied.elapsed().as_millis());
        namespace.kubectl(&["delete", &kind.to_lowercase(), "team"])?;
    }
    Ok(())
}

#[test]
fn each_of_a_hundred_edits_shows_on_both_nodes() -> Result<()> {
    let (_, namespace) = longwire::installed()?;
    let _shop = Shop::open(&namespace)?;
    let mut times: Vec<Duration> = Vec::with_capacity(100);
    for number in 0..100 {
        namespace.apply(&edit(number))?;
        let accepted = Instant::now();
        longwire::await_edit(&namespace.name, &number.to_string(), PATIENCE)?;
        times.push(accepted.elapsed());
    }
    times.sort_unstable();
    println!("100 edits: median {} ms, p99 {} ms", times[50].as_millis(), times[98].as_millis());
    Ok(())
}

#[test]
fn sums_over_all_label_sets_are_exact_after_ten_edits_under_load() -> Result<()> {
    let (kubernetes, namespace) = longwire::installed()?;
    let shop = Shop::open(&namespace)?;
    let edits = || {
        (0..10).try_for_each(|number| {
            namespace.apply(&edit(number))?;
            longwire::await_edit(&namespace.name, &number.to_string(), PATIENCE)
        })
    };
    let (truth, ()) = beside(|over| shop.load(over), edits)?;
    let edge = shop.there();
    longwire::until(kubernetes, |scrape| edge.both_add_up(scrape, truth))?;
    println!("{} connections, {} bytes, 10 edits", truth.opened, truth.to_server + truth.to_client);
    Ok(())
}
