//! What the fuzz targets `state` and `record` begin with: the world of which `state` tests the layout.

use crate::state::world;
use crate::world::{Told, World};
use longwire_pipeline::record::RawRecord;
use std::path::Path;
use std::{env, fs};

/// The steps by which `e2e/fuzz/src/record.rs` hears the same.
fn heard(world: &World) -> Vec<u8> {
    let mut steps = Vec::new();
    for told in &world.told {
        let Told::Record(bytes) = told else { continue };
        if bytes.len() == size_of::<RawRecord>() {
            steps.push(0);
        } else {
            steps.extend([3, u8::try_from(bytes.len()).unwrap()]);
        }
        steps.extend(bytes);
        // A pass, and a second later a tick.
        steps.extend([4 | 8, 5]);
    }
    steps
}

#[test]
fn the_corpora_are_of_this_layout() {
    let world = world();
    let corpus = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../e2e/fuzz/corpus"));
    for (file, bytes) in [("state/every-kind", world.saved(usize::MAX)), ("record/every-kind", heard(&world))] {
        let file = corpus.join(file);
        if env::var_os("UPDATE_CORPUS").is_some() {
            fs::write(&file, &bytes).unwrap();
        }
        assert!(
            fs::read(&file).is_ok_and(|there| there == bytes),
            "{file:?} is not: UPDATE_CORPUS=1 cargo test corpus"
        );
    }
}
