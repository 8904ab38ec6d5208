//! `kubectl longwire analyze` against an API server of the test.

use crate::api_server::{ApiServer, list};
use rstest::rstest;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const POLICIES: &str = "/apis/telemetry.longwire.io/v1alpha1";

fn policy(namespace: &str, name: &str, spec: &Value) -> Value {
    json!({"metadata": {"name": name, "namespace": namespace, "managedFields": [{}]}, "spec": spec})
}

fn pod(namespace: &str, name: &str) -> Value {
    json!({
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
    })
}

/// Three pods in two namespaces; a wrong policy in each, and one of all.
fn shop() -> ApiServer {
    let none = json!({"matchLabels": {"app": "wbe"}});
    let shop = policy("shop", "p", &json!({"selector": none, "seriesSets": ["istio"]}));
    let bank = policy("bank", "q", &json!({"reportingInterval": "10s"}));
    let root = policy("longwire-system", "all", &json!({"seriesSets": ["istoi"]}));
    let server = ApiServer::start();
    server.serve("/api/v1/pods", list(&[pod("shop", "web"), pod("shop", "db"), pod("bank", "web")]));
    server.serve("/api/v1/namespaces/shop/pods", list(&[pod("shop", "web"), pod("shop", "db")]));
    server.serve("/api/v1/services", list(&[]));
    server.serve("/api/v1/namespaces/shop/services", list(&[]));
    let namespace =
        |name: &str| json!({"metadata": {"name": name, "annotations": {"telemetry.longwire.io/series-sets": "isto"}}});
    server.serve("/api/v1/namespaces", list(&[namespace("shop"), namespace("bank")]));
    server.serve("/api/v1/namespaces/shop", namespace("shop"));
    for plural in ["telemetrypolicies", "extrastattags", "statsmatchers"] {
        let of = |policies: &[Value]| if plural == "telemetrypolicies" { list(policies) } else { list(&[]) };
        server.serve(&format!("{POLICIES}/{plural}"), of(&[shop.clone(), bank.clone(), root.clone()]));
        server.serve(&format!("{POLICIES}/namespaces/shop/{plural}"), of(std::slice::from_ref(&shop)));
        server.serve(&format!("{POLICIES}/namespaces/longwire-system/{plural}"), of(std::slice::from_ref(&root)));
    }
    server
}

/// Two contexts: `one` of namespace shop, which is the current one, and `two` of none.
pub(crate) fn kubeconfig(directory: &Path, name: &str, url: &str) -> String {
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "one",
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": {"token": "secret"}}],
        "contexts": [
            {"name": "one", "context": {"cluster": "c", "user": "u", "namespace": "shop"}},
            {"name": "two", "context": {"cluster": "c", "user": "u"}},
        ],
    });
    let path = directory.join(name);
    fs::write(&path, config.to_string()).unwrap();
    path.display().to_string()
}

struct Said {
    code: Option<i32>,
    text: String,
    error: String,
}

/// With the variables KUBECONFIG and HOME alone.
fn run(kubeconfig: &str, words: &[&str]) -> Said {
    let home = tempfile::tempdir().unwrap();
    run_in(home.path(), kubeconfig, words)
}

fn run_in(home: &Path, kubeconfig: &str, words: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-longwire"));
    command.env_clear().env("KUBECONFIG", kubeconfig).env("HOME", home).arg("analyze").args(words);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), text: text(output.stdout), error: text(output.stderr) }
}

/// As `LW004 TelemetryPolicy shop/p`.
fn found(said: &Said) -> Vec<String> {
    let document: Value = serde_json::from_str(&said.text).unwrap_or_else(|_| panic!("{}{}", said.text, said.error));
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of = |finding: &Value| {
        let object = &finding["object"];
        assert_eq!((&finding["file"], &finding["line"]), (&Value::Null, &Value::Null));
        format!(
            "{} {} {}/{}",
            word(&finding["code"]),
            word(&object["kind"]),
            word(&object["namespace"]),
            word(&object["name"])
        )
    };
    document["findings"].as_array().unwrap().iter().map(of).collect()
}

fn served() -> (ApiServer, TempDir, String) {
    let (server, directory) = (shop(), tempfile::tempdir().unwrap());
    let config = kubeconfig(directory.path(), "config", server.url());
    (server, directory, config)
}

#[test]
fn the_namespace_of_the_context_is_read_and_no_other() {
    let (server, _directory, config) = served();
    let said = run(&config, &["-o", "json"]);
    assert_eq!(said.error, "");
    assert_eq!(found(&said), ["LW017 Namespace /shop", "LW004 TelemetryPolicy shop/p"]);
    assert_eq!(said.code, Some(2));
    let asked = server.asked();
    assert!(asked.iter().all(|request| request.token == "Bearer secret"), "{asked:?}");
    let is_own = |path: &str| path.contains("/namespaces/shop") || path.contains("/namespaces/longwire-system/");
    assert!(asked.iter().all(|request| is_own(&request.path)), "{asked:?}");
    assert_eq!(found(&run(&config, &["--context", "two", "-n", "shop", "-o", "json"])).len(), 2);
}

#[test]
fn all_namespaces_are_read_page_by_page() {
    let (server, _directory, config) = served();
    server.set_page(1);
    let said = run(&config, &["-A", "-o", "json"]);
    assert_eq!(said.error, "");
    assert_eq!(
        found(&said),
        [
            "LW017 Namespace /bank",
            "LW017 Namespace /shop",
            "LW003 TelemetryPolicy bank/q",
            "LW002 TelemetryPolicy longwire-system/all",
            "LW004 TelemetryPolicy shop/p",
        ]
    );
    let pods: Vec<_> = server.asked().into_iter().filter(|request| request.path == "/api/v1/pods").collect();
    let tokens: Vec<&str> = pods.iter().map(|request| request.continues.as_str()).collect();
    assert_eq!(tokens, ["", "1", "2"]);
    assert!(pods.iter().all(|request| request.limit == "500"), "{pods:?}");
}

#[test]
fn a_list_that_expires_is_read_again_from_its_beginning() {
    let (server, _directory, config) = served();
    server.set_page(1);
    server.expire_once();
    let said = run(&config, &["-A", "-o", "json"]);
    assert_eq!((said.error.as_str(), found(&said).len()), ("", 5));
    let document: Value = serde_json::from_str(&said.text).unwrap();
    assert_eq!((&document["summary"]["pods"], &document["summary"]["policies"]), (&json!(3), &json!(3)));
}

#[test]
fn people_read_the_object_and_what_was_read() {
    let (_server, _directory, config) = served();
    let said = run(&config, &["-n", "shop"]);
    let expected = "\
TelemetryPolicy shop/p
  warning LW004: spec.selector: selects none of the 2 pods of namespace shop that were read
      No pod there has app: wbe. Did you mean app: web?
";
    assert!(said.text.contains(expected), "{}", said.text);
    let summary = "in namespace shop, 2 objects of Longwire and 2 pods or templates.";
    assert!(said.text.contains(summary) && said.text.contains("-A reads all"), "{}", said.text);
    let sarif: Value = serde_json::from_str(&run(&config, &["-o", "sarif"]).text).unwrap();
    let location = &sarif["runs"][0]["results"][1]["locations"][0];
    assert_eq!(
        location,
        &json!({"logicalLocations": [{"fullyQualifiedName": "TelemetryPolicy shop/p spec.selector"}]})
    );
}

#[test]
fn what_may_not_be_listed_is_named_and_nothing_is_guessed_from_it() {
    let (server, _directory, config) = served();
    server.refuse("/api/v1/pods", 403, "Forbidden");
    server.refuse(&format!("{POLICIES}/statsmatchers"), 404, "NotFound");
    let said = run(&config, &["-A", "-o", "json"]);
    let lines: Vec<&str> = said.error.lines().collect();
    assert_eq!(lines.len(), 2, "{}", said.error);
    assert!(
        lines[0].starts_with("skipped statsmatchers.telemetry.longwire.io: ") && lines[0].contains("install Longwire")
    );
    assert!(
        lines[1].starts_with("skipped pods: ") && lines[1].contains("403") && lines[1].contains("ask for the right")
    );
    // Without pods a selector is not compared.
    assert!(!found(&said).iter().any(|finding| finding.starts_with("LW004")), "{}", said.text);
    assert_eq!(found(&said).len(), 4);
    assert!(said.text.contains("statsmatchers.telemetry.longwire.io, pods could not be read"), "{}", said.text);
}

#[rstest]
#[case::refused(403, "Forbidden", "nothing of the cluster could be read")]
#[case::unknown(401, "Unauthorized", "the cluster does not answer: Unauthorized (401 Unauthorized)")]
#[case::broken(500, "InternalError", "nothing of the cluster could be read")]
fn the_exit_code_is_one_if_nothing_could_be_read(#[case] code: u16, #[case] reason: &str, #[case] expected: &str) {
    let (server, _directory, config) = served();
    server.refuse_all(code, reason);
    let said = run(&config, &["-A"]);
    assert_eq!((said.code, said.text.as_str()), (Some(1), ""));
    assert!(said.error.contains(expected), "{}", said.error);
}

#[test]
fn a_server_that_is_away_is_one_line() {
    let directory = tempfile::tempdir().unwrap();
    let config = kubeconfig(directory.path(), "config", "http://127.0.0.1:1");
    let said = run(&config, &[]);
    assert_eq!((said.code, said.error.lines().count()), (Some(1), 1), "{}", said.error);
    assert!(
        said.error.starts_with("the cluster does not answer: ") && said.error.contains("refused"),
        "{}",
        said.error
    );
}

#[test]
fn the_kubeconfig_is_found_as_kubectl_finds_it() {
    let (_server, directory, config) = served();
    let away = kubeconfig(directory.path(), "away", "http://127.0.0.1:1");
    let missing = directory.path().join("missing").display().to_string();
    let empty = directory.path().join("empty");
    fs::write(&empty, "apiVersion: v1\nkind: Config\ncurrent-context: ''\n").unwrap();
    let is_found = |kubeconfig: &str, words: &[&str]| !run(kubeconfig, words).text.is_empty();
    // One that is not there, or sets nothing, does not hide the next; of two of one name the first counts.
    assert!(is_found(&format!("{missing}::{}:{config}", empty.display()), &[]));
    assert!(is_found(&format!("{config}:{away}"), &[]));
    assert!(!is_found(&format!("{away}:{config}"), &[]));
    // The flag is alone.
    assert!(is_found(&away, &["--kubeconfig", &config]));
    assert!(!is_found(&config, &["--kubeconfig", &away]));
    // The home directory's.
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".kube")).unwrap();
    fs::copy(&config, home.path().join(".kube/config")).unwrap();
    assert!(!run_in(home.path(), "", &[]).text.is_empty());
}

#[rstest]
#[case::none("", &[], "no kubeconfig: name one with --kubeconfig")]
#[case::none_there("/nowhere", &[], "no kubeconfig: name one with --kubeconfig")]
#[case::named_and_missing("", &["--kubeconfig", "/nowhere"], "/nowhere")]
fn without_a_cluster_the_remedy_is_named(#[case] kubeconfig: &str, #[case] words: &[&str], #[case] expected: &str) {
    let said = run(kubeconfig, words);
    assert_eq!((said.code, said.text.as_str()), (Some(1), ""));
    assert!(said.error.contains(expected) && said.error.contains("--kubeconfig"), "{}", said.error);
}

#[test]
fn a_proxy_is_refused_with_a_remedy() {
    let (server, directory, config) = served();
    let through =
        fs::read_to_string(&config).unwrap().replace("\"server\"", "\"proxy-url\":\"http://proxy:3128\",\"server\"");
    fs::write(directory.path().join("through"), through).unwrap();
    let said = run(&directory.path().join("through").display().to_string(), &[]);
    assert_eq!((said.code, server.asked().len()), (Some(1), 0));
    assert!(said.error.contains("http://proxy:3128") && said.error.contains("--context"), "{}", said.error);
}

#[test]
fn a_context_that_is_not_there_is_named() {
    let (_server, _directory, config) = served();
    let said = run(&config, &["--context", "three"]);
    assert!(said.code == Some(1) && said.error.contains("three"), "{}", said.error);
}

#[test]
fn with_files_no_cluster_is_asked() {
    let (server, directory, config) = served();
    let file = directory.path().join("a.yaml");
    fs::write(&file, "kind: ConfigMap\napiVersion: v1\n").unwrap();
    let said = run(&config, &["-f", &file.display().to_string()]);
    assert_eq!((said.code, server.asked().len()), (Some(0), 0), "{}", said.error);
}
