//! Where no descriptor is left: what is known stays, and what could not be done is counted.

use longwire_operator::counters::Counters;
use longwire_operator::source::api_server::client;
use longwire_operator::source::manifests::Manifests;
use std::env;
use std::fs::{self, File};
use std::iter::from_fn;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Set in a process of its own, which may have few descriptors.
const ALONE: &str = "LONGWIRE_TEST_ALONE";

fn run_alone(test: &str, variables: &[(&str, &str)]) {
    let mut command = Command::new("prlimit");
    command.arg("--nofile=64:64").arg(env::current_exe().unwrap()).env(ALONE, "1").envs(variables.iter().copied());
    let output = command.args([&format!("descriptors::{test}"), "--exact", "--nocapture"]).output().unwrap();
    let texts = [output.stdout, output.stderr].map(|texts| String::from_utf8_lossy(&texts).into_owned());
    assert!(output.status.success(), "{}", texts.concat());
}

/// Every descriptor that there is.
fn all() -> Vec<File> {
    from_fn(|| File::open("/dev/null").ok()).collect()
}

#[test]
fn manifests_that_no_descriptor_is_left_for_stay_and_are_counted() {
    if env::var_os(ALONE).is_none() {
        return run_alone("manifests_that_no_descriptor_is_left_for_stay_and_are_counted", &[]);
    }
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("node.yaml"), "apiVersion: v1\nkind: Node\nmetadata: {name: a}\n").unwrap();
    let mut manifests = Manifests::open(directory.path()).unwrap();
    assert_eq!((manifests.look().len(), manifests.starved()), (2, 0), "the node, and that this is all");
    let held = all();
    assert_eq!((manifests.look().len(), manifests.starved()), (0, 1));
    drop(held);
    assert_eq!((manifests.look().len(), manifests.starved()), (0, 1));
}

#[test]
fn a_request_to_the_api_server_that_no_descriptor_is_left_for_is_counted() {
    if env::var_os(ALONE).is_none() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("kubeconfig");
        let text = "apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters: [{name: a, cluster: {server: 'http://127.0.0.1:1'}}]\n\
                    contexts: [{name: a, context: {cluster: a, user: a}}]\nusers: [{name: a, user: {}}]\n";
        fs::write(&file, text).unwrap();
        let test = "a_request_to_the_api_server_that_no_descriptor_is_left_for_is_counted";
        return run_alone(test, &[("KUBECONFIG", file.to_str().unwrap())]);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let counters = Arc::<Counters>::default();
    let starved = || counters.requests_without_descriptor.load(Relaxed);
    runtime.block_on(async {
        let client = client::connect(Arc::clone(&counters)).await.unwrap();
        let held = all();
        client.apiserver_version().await.unwrap_err();
        assert_eq!(starved(), 1);
        drop(held);
        // Nothing listens there, which is a different failure.
        client.apiserver_version().await.unwrap_err();
        assert_eq!(starved(), 1);
    });
}
