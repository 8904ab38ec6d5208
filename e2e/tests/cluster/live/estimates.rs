//! An estimate through a real API server is what applying the object then makes of the probes' pages.

use super::served;
use crate::shop::Shop;
use anyhow::{Context, Result, ensure};
use kube::Api;
use kube::api::{ObjectMeta, PostParams};
use longwire_kubernetes::{Kubernetes, Namespace, longwire, longwire::object};
use longwire_live::SeriesEstimate;
use longwire_live::series_estimate::{SeriesEstimateSpec, SeriesEstimateStatus};
use longwire_testkit::{confirm, eventually, throughout};
use std::collections::BTreeMap;
use std::net::TcpStream;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);
/// Long enough for passes of both probes, which would show more.
const STAYS: Duration = Duration::from_secs(3);
/// Beside those of the shop.
const MORE: usize = 6;

/// Counters alone: lines of histograms come with what they observe.
const BASE: &str = "{seriesSets: [istio]}";
#[rustfmt::skip]
const POLICIES: [(&str, &str, &str); 3] = [
    ("ExtraStatTags", "port", "{tags: [{name: port, value: string(source.port)}]}"),
    ("TelemetryPolicy", "base", "{seriesSets: [istio, kmesh-connection, kmesh-workload]}"),
    ("TelemetryPolicy", "leaner", "{overrides: [{match: {metric: istio_tcp_sent_bytes_total, reporter: source}, disabled: true}, \
        {tagOverrides: {source_app: {operation: REMOVE}}}]}"),
];

/// Lines of both probes' pages by metric, of the namespace, which has both ends of its connections.
fn lines(namespace: &Namespace<'_>) -> Result<BTreeMap<String, u64>> {
    let mut lines = BTreeMap::new();
    for sample in longwire::scrape_all()?.samples {
        if sample.labels.values().any(|value| *value == namespace.name) && !sample.name.starts_with("longwire_probe_") {
            *lines.entry(sample.name).or_default() += 1;
        }
    }
    Ok(lines)
}

fn ask(kubernetes: &Kubernetes, namespace: &Namespace<'_>, yaml: &str) -> Result<SeriesEstimateStatus> {
    let spec = SeriesEstimateSpec { object: serde_saphyr::from_str(yaml)? };
    let asked = SeriesEstimate { metadata: ObjectMeta::default(), spec, status: None };
    let estimates: Api<SeriesEstimate> = Api::namespaced(kubernetes.client()?, &namespace.name);
    let asking = Instant::now();
    let answer = kubernetes.block_on(estimates.create(&PostParams::default(), &asked))?;
    println!("an estimate of two nodes took {:.2} s", asking.elapsed().as_secs_f64());
    let status = answer.status.context("no status")?;
    ensure!(status.complete && status.overflows.is_empty(), "{status:?}");
    Ok(status)
}

fn check(kubernetes: &Kubernetes, namespace: &Namespace<'_>, (kind, name, spec): (&str, &str, &str)) -> Result<()> {
    let yaml = object(kind, name, spec);
    let estimate = ask(kubernetes, namespace, &yaml)?;
    let counts = |of: fn(&longwire_live::series_estimate::SeriesCounts) -> u64| -> BTreeMap<String, u64> {
        let metrics = estimate.metrics.iter().map(|metric| (metric.name.clone(), of(&metric.series)));
        metrics.filter(|(_, count)| *count > 0).collect()
    };
    let (before, after) = (counts(|series| series.before), counts(|series| series.after));
    let is_now = lines(namespace)?;
    ensure!(before == is_now, "{kind} {name}: before it there are {is_now:?}, and the estimate says {before:?}");
    ensure!(after != before, "{kind} {name} would do nothing: {estimate:?}");
    namespace.apply(&yaml)?;
    let agrees = || {
        let made = lines(namespace)?;
        confirm!(made == after, "{kind} {name} makes {made:?}, and the estimate was {after:?}")
    };
    eventually(PATIENCE, agrees)?;
    throughout(STAYS, agrees)?;
    println!("{kind} {name}: {} series became {}, as estimated", estimate.series.before, estimate.series.after);
    Ok(())
}

#[test]
fn what_three_policies_do_is_what_was_estimated() -> Result<()> {
    let (kubernetes, namespace) = longwire::installed()?;
    served(kubernetes)?;
    namespace.apply(&object("TelemetryPolicy", "base", BASE))?;
    let shop = Shop::open(&namespace)?;
    let more: Vec<(TcpStream, TcpStream)> = (0..MORE).map(|_| shop.connect()).collect::<Result<_>>()?;
    // Both ends of both edges, four counters each.
    eventually(PATIENCE, || {
        let lines = lines(&namespace)?;
        confirm!(lines.len() == 4 && lines.values().all(|count| *count == 4), "{lines:?}")
    })?;
    for policy in POLICIES {
        check(kubernetes, &namespace, policy).with_context(|| longwire::logs(kubernetes))?;
    }
    drop(more);
    Ok(())
}
