//! A wrong value is refused with an error that names it.

use crate::rendered::render;
use anyhow::{Result, ensure};
use longwire_kubernetes::helm::Helm;

/// The set value, and the text of both Helms' errors.
const WRONG: [(&str, &str); 39] = [
    ("images.registry=", "/images/registry"),
    ("images.tag=1:2", "/images/tag"),
    ("images.pullPolicy=Sometimes", "/images/pullPolicy"),
    ("image.tag=1", "'image' not allowed"),
    ("cluster.name=", "/cluster/name"),
    ("cluster.domain=Cluster.Local", "/cluster/domain"),
    ("logFormat=xml", "/logFormat"),
    ("defaults.selector.matchLabels.a=b", "'selector' not allowed"),
    ("defaults.longConnections.threshold=soon", "/defaults/longConnections/threshold"),
    ("defaults.seriesSets[0]=cisco", "/defaults/seriesSets/0"),
    ("defaults.budgets.series=many", "/defaults/budgets/series"),
    ("operator.replicas=0", "/operator/replicas"),
    ("operator.replicas=two", "/operator/replicas"),
    ("operator.resources.limits.memory=much", "/operator/resources/limits/memory"),
    ("operator.extraArgs[0]=verbose", "/operator/extraArgs/0"),
    ("operator.networkPolicy.nodeCIDRs[0]=10.0.0.1", "/operator/networkPolicy/nodeCIDRs/0"),
    ("defaults.limits.extraTags=33", "/defaults/limits/extraTags"),
    ("defaults.reportingInterval=500ms", "/defaults/reportingInterval"),
    ("admission.policies=maybe", "/admission/policies"),
    ("admission.webhook=maybe", "/admission/webhook"),
    ("live.enabled=maybe", "/live/enabled"),
    ("metrics.podMonitor.interval=0s", "/metrics/podMonitor/interval"),
    ("probe.metricsAddress=10.0.0.256", "/probe/metricsAddress"),
    ("operator.resources.limits.memory=1.2.3Gi", "/operator/resources/limits/memory"),
    ("probe.sampleInterval=5", "/probe/sampleInterval"),
    ("probe.longConnectionThreshold=soon", "/probe/longConnectionThreshold"),
    ("probe.maxConnections=0", "/probe/maxConnections"),
    ("probe.maxSeries=20000000", "/probe/maxSeries"),
    ("probe.metricsPort=65536", "/probe/metricsPort"),
    ("probe.healthPort=0", "/probe/healthPort"),
    ("probe.healthAddress=localhost", "/probe/healthAddress"),
    ("probe.metricsAddress=localhost", "/probe/metricsAddress"),
    ("probe.operatorURL=http://operator:15010", "/probe/operatorURL"),
    ("probe.maxUnavailable=0%", "/probe/maxUnavailable"),
    ("probe.privileged=true", "'privileged' not allowed"),
    ("metrics.scrape=both", "/metrics/scrape"),
    ("metrics.auth=maybe", "/metrics/auth"),
    ("crds.manage=maybe", "/crds/manage"),
    ("uninstall.timeoutSeconds=1", "/uninstall/timeoutSeconds"),
];

#[test]
fn a_wrong_value_is_refused_with_its_name() -> Result<()> {
    for helm in Helm::BOTH {
        for (set, words) in WRONG {
            match render(helm, &["--kube-version=1.37.1", "--set", set]) {
                Ok(_) => anyhow::bail!("{helm:?} takes {set}"),
                Err(error) => ensure!(error.to_string().contains(words), "{helm:?} says of {set}: {error:#}"),
            }
        }
    }
    Ok(())
}
