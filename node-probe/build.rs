//! Compiles the BPF programs; the object is embedded in the binary.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=bpf");
    println!("cargo::rerun-if-env-changed=CLANG");
    let object = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("connection.bpf.o");
    let clang = env::var("CLANG").unwrap_or_else(|_| "clang".to_owned());
    let arch = match env::var("CARGO_CFG_TARGET_ARCH").as_deref() {
        Ok("x86_64") => "x86",
        Ok("aarch64") => "arm64",
        other => panic!("Longwire runs on x86_64 and aarch64, not on {other:?}"),
    };
    let built = Command::new(&clang)
        .args(["-Wall", "-Wextra", "-Werror", "-O2", "-g", "-target", "bpf", "-mcpu=v3"])
        // For arguments of BPF_PROG, and parameters whose type alone is used.
        .arg("-Wno-unused-parameter")
        .arg(format!("-D__TARGET_ARCH_{arch}"))
        // BTF contains paths of sources; without the prefix the object is the same in every directory.
        .arg(format!("-ffile-prefix-map={}=.", env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR")))
        .args(["-c", "bpf/connection.bpf.c", "-o"])
        .arg(&object)
        .status();
    match built {
        Ok(status) if status.success() => {}
        Ok(status) => panic!("{clang} could not compile bpf/connection.bpf.c: {status}"),
        Err(error) => panic!("cannot run {clang}: {error}; install clang and libbpf-dev, or set CLANG"),
    }
    println!("cargo::rustc-env=LONGWIRE_LAYOUT={:016x}", layout());
    // The kernel does not use DWARF; BTF stays.
    match Command::new("llvm-strip").arg("-g").arg(&object).status() {
        Ok(status) if status.success() => {}
        _ => println!("cargo::warning=no llvm-strip: the embedded BPF object keeps its debug information"),
    }
    assert!(fs::metadata(&object).is_ok_and(|object| object.len() > 0), "clang left no object");
}

/// Hash of the two files that define the maps' layout, FNV-1a: maps of another build can be reused if it is equal.
fn layout() -> u64 {
    let bytes = ["bpf/record.h", "bpf/maps.h"].map(|header| fs::read(header).expect("a header of the BPF programs"));
    bytes
        .concat()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
