use super::Source;

#[track_caller]
fn check(one: &str, other: &str, same: bool) {
    let of = |text: &str| Source::of(text.parse().unwrap());
    assert_eq!(of(one) == of(other), same, "{one} and {other}");
}

#[test]
fn an_ipv4_address_is_a_source_in_either_notation() {
    check("10.0.0.1", "10.0.0.1", true);
    check("10.0.0.1", "::ffff:10.0.0.1", true);
    check("10.0.0.1", "10.0.0.2", false);
}

#[test]
fn addresses_of_one_ipv6_network_are_one_source() {
    check("2001:db8::1", "2001:db8::ffff:0:0:2", true);
    check("2001:db8::1", "2001:db8:0:1::1", false);
}
