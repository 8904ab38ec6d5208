//! Warnings and refusals of `kubectl apply`, and the roles that allow it.

use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{Kubernetes, Namespace, helm::Helm, longwire, longwire::object};
use longwire_testkit::{confirm, eventually};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// Output of `kubectl apply --dry-run=server` for an object, accepted or not.
fn tried(kubernetes: &Kubernetes, namespace: &str, yaml: &str) -> Result<String> {
    let line = format!(
        "kubectl --namespace {namespace} apply --dry-run=server --filename=- <<'END' 2>&1 || true\n{yaml}\nEND\n"
    );
    Helm::Three.shell(kubernetes, &line)
}

/// Whether it is in the root namespace, kind, spec, and part of the expected warning.
#[rustfmt::skip]
const OBJECTS: [(bool, &str, &str, &str); 8] = [
    (false, "TelemetryPolicy", "{overrides: [{tagOverrides: {source_cluster: {operation: REMOVE}}}]}", "that Kiali reads"),
    (false, "TelemetryPolicy",
        "{overrides: [{match: {metric: istio_tcp_received_bytes_total}, tagOverrides: {destination_service: {value: '\"x\"'}}}]}",
        "that dashboard "),
    (false, "TelemetryPolicy",
        "{seriesSets: [istio], overrides: [{match: {metric: longwire_tcp_rtt_seconds}, disabled: true}]}",
        "of the set longwire, which is not in spec.seriesSets"),
    (false, "TelemetryPolicy",
        "{seriesSets: [istio], overrides: [{match: {metric: kmesh_tcp_retrans_total}, disabled: true}]}",
        "of the set kmesh-workload"),
    (true, "TelemetryPolicy", "{selector: {matchLabels: {app: web}}, seriesSets: []}", "selects pods of this namespace alone"),
    (true, "StatsMatcher", "{selector: {matchLabels: {app: web}}, rejectAll: true}", "selects pods of this namespace alone"),
    (false, "StatsMatcher", "{inclusionPrefixes: [listener]}", "a prefix matches no statistic"),
    (false, "StatsMatcher", "{inclusionList: {patterns: [{suffix: upstream_rq_total}]}}", "a suffix matches no statistic"),
];

const POD: &str = "{containers: [{name: a, image: a}]}";
const DEPLOYMENT: &str = "{selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}, annotations: {telemetry.longwire.io/series-sets: isto}}, spec: {containers: [{name: a, image: a}]}}}";

/// Version, kind, annotation, spec, and part of the expected warning.
#[rustfmt::skip]
const ANNOTATED: [(&str, &str, &str, &str, &str); 7] = [
    ("v1", "Namespace", "telemetry.longwire.io/series-sets: 'istio, isto'", "{}", "names an unknown series set"),
    ("v1", "Namespace", "telemetry.longwire.io/serie-sets: istio", "{}", "is not known, and has no effect"),
    ("v1", "Namespace", "sidecar.istio.io/extraStatTags: team", "{}", "have no effect on a Namespace"),
    ("v1", "Namespace", "telemetry.longwire.io/access-log: 'true'", "{}", "has no effect on a Namespace"),
    ("v1", "Pod", "telemetry.longwire.io/access-log: 'yes'", POD, "is neither true nor false"),
    ("apps/v1", "Deployment", "a: b", DEPLOYMENT, "names an unknown series set"),
    ("v1", "Pod", "sidecar.istio.io/statsInclusionPrefix: cluster", POD, "is not known, and has no effect"),
];

/// Expected warnings: namespace, object, and part of the warning.
fn warned(own: &str) -> Vec<(&str, String, &str)> {
    let root = longwire::NAMESPACE;
    let objects = OBJECTS.map(|(is_in_root, kind, spec, words)| {
        (if is_in_root { root } else { own }, object(kind, "tried", spec), words)
    });
    let annotated = ANNOTATED.map(|(version, kind, annotation, spec, words)| {
        let metadata = format!("{{name: tried, annotations: {{{annotation}}}}}");
        (own, format!("apiVersion: {version}\nkind: {kind}\nmetadata: {metadata}\nspec: {spec}"), words)
    });
    objects.into_iter().chain(annotated).collect()
}

#[test]
fn the_api_server_warns_of_fields_without_effect_and_of_labels_that_others_read() -> Result<()> {
    let (kubernetes, namespace) = longwire::installed()?;
    for (place, yaml, words) in warned(&namespace.name) {
        // A binding takes effect some moments after its creation.
        eventually(PATIENCE, || {
            let said = tried(kubernetes, place, &yaml)?;
            ensure!(said.contains("Warning:") && said.contains(words), "of {yaml}: {said}");
            confirm!(said.contains("(server dry run)"), "{yaml} is refused: {said}")
        })?;
    }
    let harmless = [
        object("TelemetryPolicy", "tried", "{seriesSets: [istio], overrides: [{tagOverrides: {team: {value: 'source.zone'}}}]}"),
        object("StatsMatcher", "tried", "{inclusionPrefixes: [cluster.outbound], inclusionSuffixes: [upstream_cx_total]}"),
        object("ExtraStatTags", "tried", "{tags: [{name: team, value: 'source.zone'}]}"),
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: tried, annotations: {telemetry.longwire.io/series-sets: 'istio, longwire'}}".to_owned(),
    ];
    for yaml in harmless {
        let said = tried(kubernetes, &namespace.name, &yaml)?;
        ensure!(!said.contains("Warning:") && said.contains("(server dry run)"), "of {yaml}: {said}");
    }
    Ok(())
}

#[test]
fn what_is_for_the_whole_cluster_is_refused_elsewhere_before_it_is_stored() -> Result<()> {
    let (kubernetes, namespace) = longwire::installed()?;
    let elsewhere = "count in namespace longwire-system alone";
    for (spec, words) in [
        ("{reportingInterval: 2s}", elsewhere),
        ("{budgets: {series: 10}}", elsewhere),
        ("{limits: {extraTags: 1}}", elsewhere),
        ("{accessLogs: {format: '%BYTES_SENT%'}}", "a format string is only allowed in namespace longwire-system"),
    ] {
        let policy = object("TelemetryPolicy", "tried", spec);
        eventually(PATIENCE, || {
            let said = tried(kubernetes, &namespace.name, &policy)?;
            confirm!(said.contains(words), "{spec} is taken: {said}")
        })?;
        let said = tried(kubernetes, longwire::NAMESPACE, &policy)?;
        ensure!(said.contains("(server dry run)"), "{spec} is refused in the root namespace: {said}");
    }
    Ok(())
}

/// Longwire with the webhook, disabled when dropped.
struct Asking<'a>(&'a Kubernetes);

impl<'a> Asking<'a> {
    fn new(kubernetes: &'a Kubernetes) -> Result<Self> {
        let asking = Self(kubernetes);
        Helm::Three.bring(kubernetes, "upgrade", longwire::NAMESPACE, &["admission.webhook=true"])?;
        Ok(asking)
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        // If this fails, later tests have an additional webhook, which allows valid objects.
        let _ = Helm::Three.bring(self.0, "upgrade", longwire::NAMESPACE, &[]);
    }
}

#[test]
fn with_the_webhook_a_dry_run_refuses_what_only_the_operator_can_tell() -> Result<()> {
    let (kubernetes, namespace) = longwire::alone()?;
    let wrong = [
        object("TelemetryPolicy", "tried", "{overrides: [{tagOverrides: {team: {value: source.wrkload}}}]}"),
        object("ExtraStatTags", "tried", "{tags: [{name: zone, value: '1 + 1'}]}"),
        object("StatsMatcher", "tried", "{inclusionRegexps: ['\\w{400}']}"),
    ];
    let said = tried(kubernetes, &namespace.name, &wrong[0])?;
    ensure!(said.contains("(server dry run)"), "it is refused without a webhook: {said}");
    let _asking = Asking::new(kubernetes)?;
    for yaml in wrong {
        eventually(PATIENCE, || {
            let said = tried(kubernetes, &namespace.name, &yaml)?;
            confirm!(said.contains("the operator would not accept it: Invalid: spec."), "{yaml} is taken: {said}")
        })
        .with_context(|| longwire::logs(kubernetes))?;
    }
    let right = object("TelemetryPolicy", "tried", "{overrides: [{tagOverrides: {team: {value: source.zone}}}]}");
    let said = tried(kubernetes, &namespace.name, &right)?;
    confirm!(said.contains("(server dry run)") && !said.contains("Warning:"), "{said}")
}

fn may(namespace: &Namespace<'_>, account: &str, verb: &str) -> Result<bool> {
    let who = format!("--as=system:serviceaccount:{}:{account}", namespace.name);
    let line = ["auth", "can-i", verb, "telemetrypolicies.telemetry.longwire.io", &who];
    // It exits with an error if the answer is no.
    Ok(namespace.kubectl(&line).is_ok_and(|said| said.trim() == "yes"))
}

#[test]
fn viewers_of_a_namespace_read_its_policies_and_editors_write_them() -> Result<()> {
    let (_, namespace) = longwire::installed()?;
    for role in ["view", "edit", "admin"] {
        namespace.kubectl(&["create", "serviceaccount", role])?;
        let account = format!("--serviceaccount={}:{role}", namespace.name);
        namespace.kubectl(&["create", "rolebinding", role, &format!("--clusterrole={role}"), &account])?;
    }
    namespace.kubectl(&["create", "serviceaccount", "nobody"])?;
    for (account, reads, writes) in
        [("view", true, false), ("edit", true, true), ("admin", true, true), ("nobody", false, false)]
    {
        eventually(PATIENCE, || {
            for (verb, allowed) in [("list", reads), ("create", writes), ("delete", writes)] {
                ensure!(may(&namespace, account, verb)? == allowed, "{account}: {verb} should be allowed: {allowed}");
            }
            Ok(())
        })?;
    }
    Ok(())
}
