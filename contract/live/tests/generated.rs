//! openapi/*.json is what the types and the table say.

use longwire_live::openapi;
use serde_json::Value;
use std::path::Path;
use std::{env, fs};

fn check(name: &str, committed: &str, document: &Value) {
    let made = format!("{}\n", serde_json::to_string_pretty(document).unwrap());
    if env::var_os("UPDATE_OPENAPI").is_some_and(|value| value == "1") {
        fs::write(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi")).join(name), &made).unwrap();
        return;
    }
    assert!(
        committed == made,
        "contract/live/openapi/{name} is old: UPDATE_OPENAPI=1 cargo test -p longwire-live writes it anew"
    );
}

#[test]
fn the_documents_are_up_to_date() {
    check("v2.json", openapi::V2, &openapi::v2());
    check("v3.json", openapi::V3, &openapi::v3());
}
