//! The committed messages of OpenTelemetry equal the output for the `.proto` files, which are unchanged from
//! opentelemetry-proto 1.11.0 (Maven's `io.opentelemetry.proto:opentelemetry-proto:1.11.0-alpha`).
//! `UPDATE_GENERATED=1 cargo test -p longwire-export --test generated` rewrites them.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

const SERVICES: [&str; 2] = ["metrics/v1/metrics_service.proto", "logs/v1/logs_service.proto"];

/// Generates the code with a compiler in Rust, so that protoc is not needed: each file's name with its text.
fn generate() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto");
    let descriptors =
        protox::compile(SERVICES.map(|file| format!("opentelemetry/proto/collector/{file}")), [root]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    prost_build::Config::new()
        .out_dir(directory.path())
        // They are in the `.proto` files. Here their drawings would be taken for tests.
        .disable_comments(["."])
        .compile_fds(descriptors)
        .unwrap();
    texts(directory.path())
}

fn texts(directory: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    let read = files.map(|file| (file.file_name().into_string().unwrap(), fs::read_to_string(file.path()).unwrap()));
    read.collect()
}

#[test]
fn the_generated_messages_are_those_of_the_proto_files() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/otlp/generated");
    let fresh = generate();
    if env::var_os("UPDATE_GENERATED").is_some() {
        for (name, text) in &fresh {
            fs::write(committed.join(name), text).unwrap();
        }
    }
    let is_same = texts(&committed) == fresh;
    assert!(is_same, "{} is not what the .proto files say; UPDATE_GENERATED=1 rewrites it", committed.display());
}
