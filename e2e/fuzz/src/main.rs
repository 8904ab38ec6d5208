//! Runs one target of [`TARGETS`], named by `LONGWIRE_FUZZ`. libFuzzer has `main`, and its flags are the program's.

#![no_main]

mod annotations;
mod exposition;
mod expression;
mod http;
mod node;
mod record;
mod state;
mod wire;
mod yaml;

use std::env;
use std::sync::LazyLock;

type Target = fn(&[u8]);

/// All readers of bytes from elsewhere: the kernel's ring, a file of an earlier process, the other end of a stream,
/// users' text.
const TARGETS: [(&str, Target); 8] = [
    ("record", record::fuzz),
    ("state", state::fuzz),
    ("wire", wire::fuzz),
    ("expression", expression::fuzz),
    ("yaml", yaml::fuzz),
    ("annotations", annotations::fuzz),
    ("http", http::fuzz),
    ("exposition", exposition::fuzz),
];

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = env::var("LONGWIRE_FUZZ").unwrap_or_default();
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    let names = || TARGETS.map(|(name, _)| name).join(", ");
    target.unwrap_or_else(|| panic!("LONGWIRE_FUZZ={name:?} is none of {}", names())).1
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| TARGET(bytes));
