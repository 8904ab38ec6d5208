//! Lines in packets.

use super::parsed::texts;
use super::stage::{Stage, bytes};
use crate::statsd::packet::{Of, Packing};
use crate::statsd::{Flavor, Framing, Options, Packet};
use proptest::prelude::*;
use rstest::rstest;

fn packed(framing: Framing, max_bytes: usize, lines: &[&str]) -> Vec<String> {
    let mut packing = Packing::new(framing, max_bytes);
    lines.iter().for_each(|line| packing.push(line.as_bytes(), Of::Gauge));
    let mut packets = packing.full();
    packets.extend(packing.finish());
    packets.into_iter().map(|packet| String::from_utf8(packet.bytes().to_vec()).unwrap()).collect()
}

#[rstest]
#[case::they_fit_to_the_byte(Framing::Datagrams, 5, &["ab", "cd"], &["ab\ncd"])]
#[case::they_do_not(Framing::Datagrams, 4, &["ab", "cd"], &["ab", "cd"])]
#[case::a_long_one_goes_alone(Framing::Datagrams, 4, &["a", "b", "cdefgh", "i"], &["a\nb", "cdefgh", "i"])]
#[case::each_ends(Framing::Stream, 6, &["ab", "cd", "ef"], &["ab\ncd\n", "ef\n"])]
#[case::a_byte_too_few(Framing::Stream, 5, &["ab", "cd"], &["ab\n", "cd\n"])]
#[case::nothing(Framing::Stream, 5, &[], &[])]
fn lines_are_joined(
    #[case] framing: Framing,
    #[case] max_bytes: usize,
    #[case] lines: &[&str],
    #[case] expected: &[&str],
) {
    assert_eq!(packed(framing, max_bytes, lines), expected);
}

#[test]
fn a_packet_knows_its_lines() {
    for framing in [Framing::Datagrams, Framing::Stream] {
        let mut packing = Packing::new(framing, 100);
        ["ab", "c", "def"].iter().for_each(|line| packing.push(line.as_bytes(), Of::Gauge));
        let packet = packing.finish().unwrap();
        let lines: Vec<_> = packet.lines().map(|(line, _)| line).collect();
        assert_eq!(lines, [&b"ab"[..], b"c", b"def"]);
    }
}

/// Of a gauge that connections which ended more often than they began have brought below 0.
fn below_zero(flavor: Flavor, max_bytes: usize) -> Vec<Vec<String>> {
    let mut stage = Stage::new(Options { flavor, max_bytes, ..Options::default() });
    let to = stage.edge("client");
    stage.add(&to, &bytes(0));
    (0..3).for_each(|_| stage.store.deactivate(&to));
    stage.store.publish();
    let packets = stage.packets();
    let lines = |packet: &Packet| {
        let lines = stage.read(packet);
        assert!(lines.iter().all(|line| line.name == "longwire_tcp_connections_active" && line.kind == "g"));
        lines.into_iter().map(|line| line.value).collect()
    };
    packets.iter().map(lines).collect()
}

#[rstest]
fn a_negative_gauge_comes_after_a_zero(#[values(Flavor::Statsd, Flavor::Dogstatsd, Flavor::Graphite)] flavor: Flavor) {
    // A sign makes a gauge relative to statsd, Graphite's and statsd_exporter; to Datadog's agent the last value counts.
    assert_eq!(below_zero(flavor, 1_432), [["0", "-3"]]);
    assert_eq!(below_zero(flavor, 100), [["0"], ["-3"]]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_packet_is_longer_than_it_may_be_unless_it_is_one_line(
        max_bytes in 0..3_000_usize,
        sources in prop::collection::vec("[a-z]{1,60}", 0..12),
        is_stream in any::<bool>(),
    ) {
        let framing = if is_stream { Framing::Stream } else { Framing::Datagrams };
        let mut stage = Stage::new(Options { max_bytes, framing, ..Options::default() });
        for source in &sources {
            let to = stage.edge(source);
            stage.add(&to, &bytes(1));
        }
        let packets = stage.packets();
        let lines: Vec<_> = packets.iter().map(|packet| texts(packet.bytes(), framing).len()).collect();
        let whole = packets.iter().zip(&lines).all(|(packet, lines)| *lines == 1 || packet.bytes().len() <= max_bytes);
        prop_assert!(whole);
        // A next one would not have fitted.
        let pairs = packets.windows(2).map(|pair| {
            let first = texts(pair[1].bytes(), framing)[0].len();
            pair[0].bytes().len() + first + 1 > max_bytes
        });
        prop_assert!(pairs.into_iter().all(|is_full| is_full));
    }
}
