//! What the fuzz targets `state` and `record` begin with: the world of which `state` tests the layout.

use crate::state::world;
use crate::world::{HOST, KernelOutput, S, World, octets};
use longwire_pipeline::record::{CGROUP_LEVELS, CGROUP_NAME, Folded, FoldedKey, RawAddress, RawCgroup, RawRecord};
use longwire_pipeline::record::{flag, kind};
use std::path::Path;
use std::{env, fs};
use zerocopy::IntoBytes;

/// The steps by which `e2e/fuzz/src/record.rs` reads the same, and inputs that this world does not need.
fn steps(world: &World) -> Vec<u8> {
    let mut steps = Vec::new();
    for emitted in &world.emitted {
        match emitted {
            KernelOutput::Record(bytes) => {
                assert_eq!(bytes.len(), size_of::<RawRecord>());
                steps.push(0);
                steps.extend(bytes);
            }
            KernelOutput::Folded(key, sums) => steps.extend(folded(key, sums)),
        }
        // A second later.
        steps.push(5);
    }
    steps.extend(sized(cgroup().as_bytes()));
    steps.extend(sized(address().as_bytes()));
    let (key, sums) = ends();
    steps.extend(folded(&key, &sums));
    // Conntrack answers with backends, and a pass sees no connection.
    steps.extend([6, 4 | 8]);
    steps
}

fn sized(record: &[u8]) -> Vec<u8> {
    let length = u16::try_from(record.len()).unwrap();
    [&[3], length.to_ne_bytes().as_slice(), record].concat()
}

fn folded(key: &FoldedKey, sums: &Folded) -> Vec<u8> {
    [&[6 | 8], key.as_bytes(), sums.as_bytes()].concat()
}

fn cgroup() -> RawCgroup {
    let mut name = [[0; CGROUP_NAME]; CGROUP_LEVELS];
    for (level, text) in name.iter_mut().zip(["x", "poduid-a", "kubepods"]) {
        level[..text.len()].copy_from_slice(text.as_bytes());
    }
    RawCgroup { kind: kind::CGROUP, levels: 3, cgroup: 4, name }
}

fn address() -> RawAddress {
    RawAddress { kind: kind::ADDRESS, netns: 7, cgroup: 4, time: 100 * S, local: octets("10.0.0.1") }
}

fn ends() -> (FoldedKey, Folded) {
    let key = FoldedKey {
        cgroup: 1,
        epoch: 1,
        netns: HOST + 1,
        kind: kind::CLOSE,
        flags: flag::ACTIVE,
        error: 0,
        port: 8080,
        pad: 0,
        local: octets("10.0.0.1"),
        remote: octets("10.0.1.1"),
    };
    (key, Folded { first: 100 * S, last: 101 * S, connections: 3, sent: 10, received: 20, ..Folded::default() })
}

#[test]
fn the_corpora_are_of_this_layout() {
    let world = world();
    let corpus = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../e2e/fuzz/corpus"));
    for (file, bytes) in [("state/every-kind", world.saved(usize::MAX)), ("record/every-kind", steps(&world))] {
        let file = corpus.join(file);
        if env::var_os("UPDATE_CORPUS").is_some() {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, &bytes).unwrap();
        }
        assert!(
            fs::read(&file).is_ok_and(|there| there == bytes),
            "{} is of another layout: UPDATE_CORPUS=1 cargo test corpora",
            file.display()
        );
    }
}
