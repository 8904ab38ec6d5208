//! The committed code equals the output for the `.proto` files. `UPDATE_GENERATED=1 cargo test -p longwire-wire`
//! rewrites it.

use std::path::Path;
use std::{env, fs};

const FILE: &str = "longwire.v1.rs";

/// Generates the code with a compiler in Rust, so that protoc is not needed.
fn generate() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto");
    let descriptors = protox::compile(["longwire/v1/control.proto", "longwire/v1/live.proto"], [root]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    tonic_prost_build::configure()
        .out_dir(directory.path())
        .emit_rerun_if_changed(false)
        // Its constructor would be named `connect`, as one of our calls is.
        .build_transport(false)
        // Much larger than the hello beside it.
        .boxed(".longwire.v1.LiveReport.report.batch")
        .boxed(".longwire.v1.LiveReport.report.facts")
        .boxed(".longwire.v1.LiveOrder.order.estimate")
        // Checks a message before it is decoded.
        .codec_path("crate::codec::BoundedCodec")
        .compile_fds(descriptors)
        .unwrap();
    fs::read_to_string(directory.path().join(FILE)).unwrap()
}

#[test]
fn the_generated_code_is_that_of_the_proto_file() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/generated").join(FILE);
    let fresh = generate();
    if env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&committed, &fresh).unwrap();
    }
    let same = fs::read_to_string(&committed).is_ok_and(|text| text == fresh);
    assert!(same, "{} is not what the .proto files say; UPDATE_GENERATED=1 rewrites it", committed.display());
}
