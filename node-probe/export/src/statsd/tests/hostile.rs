//! Whatever a label says, its line is whole, and no other label set reads the same.

use super::parsed::unescaped;
use super::stage::{SENT, Stage, bytes, everything, options};
use crate::statsd::escape::escape;
use crate::statsd::{Flavor, Histograms, Options};
use longwire_model::identity::Workload;
use longwire_pipeline::labels::samples::{edge, workload};
use longwire_pipeline::metrics::samples::hold_edge;
use longwire_pipeline::observation::{Edge, Reporter};
use proptest::prelude::*;
use rstest::rstest;
use std::sync::Arc;

const FLAVORS: [Flavor; 3] = [Flavor::Statsd, Flavor::Dogstatsd, Flavor::Graphite];

fn escaped(value: &str, flavor: Flavor) -> String {
    let mut out = Vec::new();
    escape(value, flavor, &mut out);
    String::from_utf8(out).unwrap()
}

/// As a receiver of each flavor gets it.
fn read_back(value: &str) -> [Vec<String>; 3] {
    FLAVORS.map(|flavor| {
        let mut stage = Stage::new(options(flavor, Histograms::Buckets));
        let mut hostile = Workload::clone(&workload("client"));
        value.clone_into(&mut hostile.canonical_service);
        let edge = Edge { source: Some(Arc::new(hostile)), ..edge(Reporter::Source, "", "server") };
        let to = hold_edge(&mut stage.store, &edge, everything(), 0);
        stage.add(&to, &bytes(1));
        let label = if flavor == Flavor::Statsd { "02" } else { "source_canonical_service" };
        let lines = stage.flush();
        lines.iter().filter(|line| line.name == SENT).map(|line| line.labels[label].clone()).collect()
    })
}

#[rstest]
#[case::what_ends_a_name("a:b")]
#[case::what_parts_fields("|c|@0.1|#x:y")]
#[case::what_parts_tags("a,b:c")]
#[case::what_parts_graphites_tags(";a=b~!^")]
#[case::a_tilde_first("~a")]
#[case::dots("..a.b.")]
#[case::underscores("_._x_2e__x2e")]
#[case::what_looks_escaped("_x0a_xx")]
#[case::newlines("a\nb:1|c")]
#[case::other_line_ends("\r\n\u{b}\u{c}\u{85}\u{2028}")]
#[case::blanks(" a\t\u{a0}")]
#[case::zero_bytes("\u{0}\u{7f}\u{1b}[0m")]
#[case::signs("+Inf-1%2C\\\"'`$(){}[]<>?*&")]
#[case::not_ascii("\u{e9}\u{1f980}\u{200d}")]
#[case::a_cluster("outbound|80||server.shop.svc.cluster.local")]
#[case::a_principal("spiffe://cluster.local/ns/a/sa/b")]
#[case::long(&"a.".repeat(500))]
fn a_hostile_value_is_read_back_as_it_was(#[case] value: &str) {
    assert_eq!(read_back(value), [vec![value], vec![value], vec![value]]);
}

#[test]
fn no_value_is_empty() {
    // A tag without a value is an error to statsd_exporter.
    let unknown = || vec!["unknown".to_owned()];
    assert_eq!(read_back(""), [unknown(), unknown(), unknown()]);
}

#[rstest]
#[case("mutual_tls", ["mutual_x5ftls", "mutual_tls", "mutual_tls"])]
#[case("server.shop.svc", ["server_shop_svc", "server.shop.svc", "server.shop.svc"])]
#[case("10.0.0.1:80", ["10_0_0_1_x3a80", "10.0.0.1:80", "10.0.0.1_x3a80"])]
#[case("a/b", ["a_x2fb", "a/b", "a_x2fb"])]
#[case("a.x", ["a_x2ex", "a.x", "a.x"])]
#[case("a_x", ["a_x5fx", "a_x5fx", "a_x5fx"])]
#[case("a|b,c", ["a_x7cb_x2cc"; 3])]
#[case("\u{e9}", ["_xc3_xa9"; 3])]
fn what_a_flavor_does_not_keep_is_written_in_hexadecimal(#[case] value: &str, #[case] expected: [&str; 3]) {
    assert_eq!(FLAVORS.map(|flavor| escaped(value, flavor)), expected);
}

#[test]
fn every_character_of_one_byte_has_a_text_of_its_own() {
    for flavor in FLAVORS {
        let mut texts: Vec<_> = (0..=127_u8).map(|byte| escaped(&char::from(byte).to_string(), flavor)).collect();
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), 128);
        assert!(texts.iter().all(|text| !text.contains([':', '|', '@', '#', ',', ';', '=', '\n'])
            || flavor == Flavor::Dogstatsd && text == ":"));
    }
}

#[test]
fn a_line_that_is_too_long_for_any_receiver_is_left_out_and_counted() {
    let [plain, dog, graphite] = read_back(&"a".repeat(1_400));
    assert_eq!([plain.len(), dog.len(), graphite.len()], [1; 3]);
    assert_eq!(read_back(&"a".repeat(4_000)), [const { Vec::<String>::new() }; 3]);
    let mut stage = Stage::new(Options::default());
    let to = stage.edge(&"\u{e9}".repeat(1_000));
    stage.add(&to, &bytes(1));
    // The bytes and a gauge: counters at 0 have no line.
    assert_eq!(stage.flush(), []);
    assert_eq!(stage.encoder.lock().unwrap().too_long(), 2);
}

proptest! {
    #[test]
    fn no_two_values_have_one_text(value in "(?s)[._x0-9a-f|:\n\u{e9}]{1,12}|.{0,20}") {
        for flavor in FLAVORS {
            let text = escaped(&value, flavor);
            prop_assert_eq!(unescaped(&text, flavor), value.as_str());
        }
    }
}
