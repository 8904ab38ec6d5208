//! The manifest by which krew installs the plugin.

use serde_json::Value;

const MANIFEST: &str = include_str!("../krew/longwire.yaml");
/// As krew's own list demands it, so that a line of a terminal has room for the name too.
const MAX_SHORT: usize = 50;

fn manifest() -> Value {
    serde_saphyr::from_str(MANIFEST).unwrap()
}

#[test]
fn it_names_this_version_and_what_kubectl_looks_for() {
    let manifest = manifest();
    assert_eq!(manifest["apiVersion"], "krew.googlecontainertools.github.com/v1alpha2");
    assert_eq!((&manifest["kind"], &manifest["metadata"]["name"]), (&"Plugin".into(), &"longwire".into()));
    assert_eq!(manifest["spec"]["version"], concat!("v", env!("CARGO_PKG_VERSION")));
    for platform in manifest["spec"]["platforms"].as_array().unwrap() {
        // kubectl finds `kubectl longwire` by this name.
        assert_eq!(platform["bin"], "kubectl-longwire");
        let uri = platform["uri"].as_str().unwrap();
        let labels = &platform["selector"]["matchLabels"];
        let end = format!(
            "/v{}/kubectl-longwire-linux-{}.tar.gz",
            env!("CARGO_PKG_VERSION"),
            labels["arch"].as_str().unwrap()
        );
        assert!(labels["os"] == "linux" && uri.starts_with("https://") && uri.ends_with(&end), "{uri}");
        let sum = platform["sha256"].as_str().unwrap();
        assert!(sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit()), "{sum}");
    }
}

#[test]
fn the_short_description_is_one_short_line_without_what_is_known_anyway() {
    let manifest = manifest();
    let short = manifest["spec"]["shortDescription"].as_str().unwrap();
    assert!((1..=MAX_SHORT).contains(&short.chars().count()), "{} characters: {short}", short.len());
    assert!(!short.ends_with('.') && !short.contains('\n') && !short.to_lowercase().contains("kubectl"), "{short}");
}
