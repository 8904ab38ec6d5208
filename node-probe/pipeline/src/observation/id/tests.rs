use super::SharedId;
use std::collections::BTreeSet;

fn id(sequence: (u32, u32), server: &str) -> SharedId {
    SharedId::of(sequence, server.parse().unwrap())
}

#[test]
fn the_function_is_the_same_in_every_release() {
    assert_eq!(id((1, 2), "10.0.0.2:8080").to_string(), "1edad50829cd6e7dd02319790c77ae63");
    assert_eq!(id((0xdead_beef, 0), "[fd00::1]:443").to_string(), "4cbacc5cd5f23791111f5f455fc26cdf");
}

#[test]
fn an_ipv4_address_is_the_same_among_those_of_ipv6() {
    assert_eq!(id((1, 2), "10.0.0.2:8080"), id((1, 2), "[::ffff:10.0.0.2]:8080"));
}

#[test]
fn each_part_changes_the_id() {
    let ids = [
        id((1, 2), "10.0.0.2:8080"),
        id((2, 1), "10.0.0.2:8080"),
        id((1, 3), "10.0.0.2:8080"),
        id((1, 2), "10.0.0.3:8080"),
        id((1, 2), "10.0.0.2:8081"),
        id((1, 2), "[fd00::1]:8080"),
    ];
    assert_eq!(BTreeSet::from(ids).len(), ids.len());
}

/// Samplers read the low 56 bits: a tenth of them must select a tenth of the connections.
#[test]
fn the_low_bits_are_spread_evenly() {
    let low = |number: u32| {
        let bytes = id((number, number.wrapping_mul(7)), "10.0.0.2:8080").to_bytes();
        u64::from_be_bytes(bytes[8..].try_into().unwrap()) & ((1 << 56) - 1)
    };
    let selected = (0..100_000).filter(|number| low(*number) < (1 << 56) / 10).count();
    assert!((9_600..10_400).contains(&selected), "{selected}");
}
