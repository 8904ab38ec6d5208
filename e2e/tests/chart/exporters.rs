//! What the chart makes of its values of exporters.

use crate::rendered::{has_argument, named, of_kind, pod, render};
use anyhow::{Context, Result, ensure};
use longwire_crds::{TelemetryPolicy, telemetry_policy::SIGNALS};
use longwire_kubernetes::helm::Helm;
use longwire_testkit::checkout;
use serde_json::{Value, json};
use std::fs;

/// Objects of the chart with these values of `exporters`, in a namespace that no default names.
pub(crate) fn with(helm: Helm, exporters: &Value) -> Result<Vec<Value>> {
    let set = format!("exporters={exporters}");
    let text = render(helm, &["--namespace=watch", "--kube-version=1.37.1", "--set-json", &set])?;
    let objects = serde_saphyr::from_multiple::<Value>(&text)?;
    Ok(objects.into_iter().filter(|object| !object.is_null()).collect())
}

/// Every value, and in the list every field.
fn all() -> Value {
    json!({
        "list": [
            {
                "name": "collector",
                "otlp": {
                    "endpoint": "https://collector.observability:4317",
                    "protocol": "grpc",
                    "signals": SIGNALS,
                    "compression": "gzip",
                    "timeout": "5s",
                    "interval": "30s",
                    "temporality": "delta",
                    "headers": {"x-scope-orgid": "shop"},
                    "resourceAttributes": {"deployment.environment.name": "production"},
                    "secret": "collector-tls",
                },
            },
            {
                "name": "agent",
                "statsd": {
                    "address": "unix:///var/run/datadog/dsd.socket",
                    "flavor": "dogstatsd",
                    "prefix": "longwire",
                    "maxPacketBytes": 8192,
                    "flushInterval": "500ms",
                    "flushOnScrape": false,
                    "histograms": "timers",
                },
            },
            {"name": "files", "file": {"maxMebibytes": 100, "maxFiles": 3}},
            {"name": "plain", "otlp": {}},
        ],
        "secrets": ["collector-tls", "other"],
        "logDirectory": "/var/log/longwire-node",
        "socketDirectory": "/var/run/datadog",
        "env": [
            {"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://$(LONGWIRE_NODE_IP):4318"},
            {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "token", "key": "token", "optional": true}}},
        ],
    })
}

fn only(value: &str) -> Result<Value> {
    Ok(json!({value: all().get(value).with_context(|| format!("no {value}"))?}))
}

/// What the first container of a pod has at a path, and the volume behind it.
fn mount<'a>(pod: &'a Value, path: &str) -> Result<(&'a Value, &'a Value)> {
    let mounts = pod["containers"][0]["volumeMounts"].as_array().context("no mounts")?;
    let mount = mounts.iter().find(|mount| mount["mountPath"] == path).with_context(|| format!("no {path}"))?;
    let volumes = pod["volumes"].as_array().context("no volumes")?;
    let volume = volumes.iter().find(|volume| volume["name"] == mount["name"]);
    Ok((mount, volume.with_context(|| format!("no volume of {path}"))?))
}

#[test]
fn without_exporters_nothing_of_them_is_rendered() -> Result<()> {
    for helm in Helm::BOTH {
        let none = with(helm, &json!({}))?;
        assert_eq!(of_kind(&none, "TelemetryPolicy").len(), 0);
        let probe = pod(&none, "DaemonSet")?;
        let container = &probe["containers"][0];
        let names = |list: &Value| -> Vec<Value> {
            list.as_array().into_iter().flatten().map(|item| item["name"].clone()).collect()
        };
        assert_eq!(names(&container["env"]), ["LONGWIRE_NODE_NAME"]);
        assert_eq!(names(&container["volumeMounts"]), ["cgroup", "bpf", "state", "token"]);
        assert_eq!(names(&probe["volumes"]), ["cgroup", "bpf", "state", "token"]);
        let arguments = container["args"].to_string();
        ensure!(!arguments.contains("--exporter-secrets") && !arguments.contains("--log-dir"), "{arguments}");
        // As with `--reuse-values` and a release that did not have them.
        assert_eq!(with(helm, &Value::Null)?, none, "{helm:?}");
    }
    Ok(())
}

#[test]
fn both_helms_make_the_same_of_exporters() -> Result<()> {
    assert_eq!(with(Helm::Three, &all())?, with(Helm::Four, &all())?);
    Ok(())
}

#[test]
fn receivers_are_one_policy_of_the_operators_root_namespace() -> Result<()> {
    let objects = with(Helm::Three, &all())?;
    assert_eq!(of_kind(&objects, "TelemetryPolicy").len(), 1);
    let object = named(&objects, "TelemetryPolicy", "longwire-exporters")?;
    assert_eq!(object["spec"], json!({"exporters": all()["list"]}));
    let namespace = object["metadata"]["namespace"].as_str().context("no namespace")?;
    let root = format!("--root-namespace={namespace}");
    ensure!(has_argument(pod(&objects, "Deployment")?, &root), "the operator has no {root}");
    // Nothing that was written is lost in the type that the operator reads.
    let read: TelemetryPolicy = serde_json::from_value(object.clone())?;
    assert_eq!(serde_json::to_value(read.spec)?, object["spec"]);
    Ok(())
}

#[test]
fn a_change_of_receivers_restarts_nothing() -> Result<()> {
    let (none, some) =
        (with(Helm::Three, &json!({}))?, with(Helm::Three, &json!({"list": [{"name": "a", "otlp": {}}]}))?);
    let without: Vec<_> = some.iter().filter(|object| object["kind"] != "TelemetryPolicy").collect();
    assert_eq!(without, none.iter().collect::<Vec<_>>());
    Ok(())
}

#[test]
fn secrets_are_mounted_read_only_key_by_key_and_keep_no_probe_from_its_start() -> Result<()> {
    let objects = with(Helm::Three, &only("secrets")?)?;
    let probe = pod(&objects, "DaemonSet")?;
    ensure!(has_argument(probe, "--exporter-secrets=/etc/longwire/exporters"), "no flag");
    let (mount, volume) = mount(probe, "/etc/longwire/exporters")?;
    assert_eq!(mount["readOnly"], true);
    let source = |name: &str| {
        let keys = ["headers", "ca.crt", "tls.crt", "tls.key"];
        let items = keys.map(|key| json!({"key": key, "path": format!("{name}/{key}")}));
        json!({"secret": {"name": name, "optional": true, "items": items}})
    };
    let sources = [source("collector-tls"), source("other")];
    assert_eq!(volume["projected"], json!({"defaultMode": 0o400, "sources": sources}));
    Ok(())
}

#[test]
fn access_logs_are_written_to_the_nodes_directory() -> Result<()> {
    let objects = with(Helm::Three, &only("logDirectory")?)?;
    let probe = pod(&objects, "DaemonSet")?;
    ensure!(has_argument(probe, "--log-dir=/var/log/longwire"), "no flag");
    let (mount, volume) = mount(probe, "/var/log/longwire")?;
    assert_eq!(mount["readOnly"], Value::Null);
    assert_eq!(volume["hostPath"], json!({"path": "/var/log/longwire-node", "type": "DirectoryOrCreate"}));
    Ok(())
}

#[test]
fn an_agents_socket_is_at_the_path_that_it_has_on_the_node() -> Result<()> {
    let objects = with(Helm::Three, &only("socketDirectory")?)?;
    let (mount, volume) = mount(pod(&objects, "DaemonSet")?, "/var/run/datadog")?;
    assert_eq!(mount["readOnly"], true);
    assert_eq!(volume["hostPath"], json!({"path": "/var/run/datadog", "type": "DirectoryOrCreate"}));
    Ok(())
}

/// Kubernetes puts a variable into the values of those behind it alone.
#[test]
fn the_nodes_address_is_defined_before_the_variables_that_contain_it() -> Result<()> {
    let objects = with(Helm::Three, &only("env")?)?;
    let field = |name: &str, path: &str| json!({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}});
    let mut expected = vec![field("LONGWIRE_NODE_NAME", "spec.nodeName"), field("LONGWIRE_NODE_IP", "status.hostIP")];
    expected.extend(all()["env"].as_array().context("no variables")?.clone());
    assert_eq!(pod(&objects, "DaemonSet")?["containers"][0]["env"], json!(expected));
    Ok(())
}

/// Kubelet mounts the Secrets, and hostNetwork is outside of NetworkPolicies.
#[test]
fn exporters_change_no_permission_no_network_policy_and_no_security_context() -> Result<()> {
    let (none, some) = (with(Helm::Three, &json!({}))?, with(Helm::Three, &all())?);
    let kinds = ["ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "NetworkPolicy"];
    for kind in kinds {
        ensure!(!of_kind(&none, kind).is_empty(), "no {kind}");
        assert_eq!(of_kind(&some, kind), of_kind(&none, kind), "{kind}");
    }
    let context =
        |objects| -> Result<Value> { Ok(pod(objects, "DaemonSet")?["containers"][0]["securityContext"].clone()) };
    assert_eq!(context(&some)?, context(&none)?);
    assert_eq!(pod(&some, "DaemonSet")?["automountServiceAccountToken"], false);
    Ok(())
}

/// It has values for each kind of receiver, and first those of the example among the policies.
#[test]
fn the_chart_takes_all_values_of_the_page_on_exports() -> Result<()> {
    let page = fs::read_to_string(checkout().join("docs/logs-and-exports.md"))?;
    let blocks = page.split("```yaml\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
    let mut lists = Vec::new();
    for block in blocks.filter(|block| block.starts_with("exporters:\n")) {
        let values: Value = serde_saphyr::from_str(block)?;
        with(Helm::Three, &values["exporters"]).with_context(|| format!("{values}"))?;
        lists.push(values["exporters"]["list"].clone());
    }
    ensure!(lists.len() > 10, "{} blocks of values", lists.len());
    let example = fs::read_to_string(checkout().join("docs/examples/policies/exporters.yaml"))?;
    let example: Value = serde_saphyr::from_str(&example)?;
    assert_eq!(lists[0], example["spec"]["exporters"]);
    Ok(())
}
