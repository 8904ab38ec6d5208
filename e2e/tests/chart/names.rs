//! Names in the chart equal those of the programs, which no template can import.

use crate::rendered::{named, of_kind, template};
use anyhow::{Context, Result, ensure};
use longwire_crds::names::{
    CA_BUNDLE, CA_CONFIG_MAP, CLEANUP, CONTROL_AUDIENCE, METRICS_AUDIENCE, OPERATOR, TLS_SECRET,
};
use longwire_crds::{ACCESS_LOG_ANNOTATION, DEFAULTS_ANNOTATION, GROUP, MANIFESTS, SERIES_SETS_ANNOTATION, WEBHOOK};
use longwire_kubernetes::helm::Helm;
use longwire_model::series::SeriesSet;

/// Whether the text stands between characters that no name has.
fn has(text: &str, name: &str) -> bool {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(byte));
    text.match_indices(name).any(|(at, _)| {
        let (before, after) =
            (at.checked_sub(1).and_then(|at| text.as_bytes().get(at)), text.as_bytes().get(at + name.len()));
        !is_part(before) && !is_part(after)
    })
}

#[test]
fn the_chart_makes_and_allows_what_the_programs_ask_for_by_name() -> Result<()> {
    let objects = template(Helm::Three, &["admission.webhook=true", "metrics.auth=true"])?;
    for kind in ["Deployment", "Service", "ServiceAccount", "ClusterRole"] {
        named(&objects, kind, OPERATOR)?;
    }
    let permissions = of_kind(&objects, "Role").iter().map(|role| role["rules"].to_string()).collect::<String>();
    for name in [TLS_SECRET, CA_CONFIG_MAP, OPERATOR, CLEANUP] {
        ensure!(has(&permissions, name), "no Role names {name}");
    }
    let probe = of_kind(&objects, "DaemonSet").into_iter().find(|set| set["metadata"]["name"] != CLEANUP);
    let volumes = probe.context("no probe")?["spec"]["template"]["spec"]["volumes"].to_string();
    for name in [CONTROL_AUDIENCE, CA_CONFIG_MAP, CA_BUNDLE] {
        ensure!(has(&volumes, name), "the probe's volumes lack {name}");
    }
    let webhook = named(&objects, "ValidatingWebhookConfiguration", WEBHOOK.0)?;
    assert_eq!(webhook["webhooks"][0]["name"], WEBHOOK.1);
    named(&objects, "DaemonSet", CLEANUP)?;
    let tests = of_kind(&objects, "Pod").iter().map(|pod| pod["spec"]["volumes"].to_string()).collect::<String>();
    ensure!(has(&tests, METRICS_AUDIENCE), "no test has a token of a reader");
    Ok(())
}

#[test]
fn the_charts_rules_name_the_kinds_the_annotations_and_the_series_sets() -> Result<()> {
    let objects = template(Helm::Three, &["defaults.reportingInterval=5s"])?;
    let roles = of_kind(&objects, "ClusterRole").iter().map(|role| role["rules"].to_string()).collect::<String>();
    let policies = of_kind(&objects, "ValidatingAdmissionPolicy");
    let admission = policies.iter().map(|policy| policy["spec"].to_string()).collect::<String>();
    for (plural, _) in MANIFESTS {
        ensure!(has(&roles, plural) && has(&admission, plural), "{plural} is missing");
    }
    ensure!(has(&roles, GROUP) && has(&admission, GROUP), "{GROUP} is missing");
    for name in [SERIES_SETS_ANNOTATION, ACCESS_LOG_ANNOTATION, DEFAULTS_ANNOTATION]
        .into_iter()
        .chain(SeriesSet::NAMED.map(SeriesSet::name))
    {
        ensure!(has(&admission, name), "admission does not know {name}");
    }
    let operator = named(&objects, "Deployment", OPERATOR)?;
    ensure!(operator["spec"]["template"]["metadata"]["annotations"][DEFAULTS_ANNOTATION].is_string());
    Ok(())
}
