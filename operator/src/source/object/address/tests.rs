use super::*;
use crate::source::sample::log_of;
use rstest::rstest;

#[rstest]
#[case::plain("10.0.0.1", Some("10.0.0.1"))]
#[case::leading_zeros("172.030.099.196", Some("172.30.99.196"))]
#[case::zeros("000.00.0.01", Some("0.0.0.1"))]
#[case::octal_it_is_not("010.0.0.8", Some("10.0.0.8"))]
#[case::mapped("::ffff:10.0.0.1", Some("10.0.0.1"))]
#[case::mapped_with_leading_zeros("::ffff:010.0.0.001", Some("10.0.0.1"))]
#[case::blanks(" 10.0.0.1 ", Some("10.0.0.1"))]
#[case::v6("FD00:0:0::1", Some("fd00::1"))]
#[case::too_large("10.0.0.256", None)]
#[case::too_large_with_a_zero("10.0.0.0256", None)]
#[case::three_parts("10.0.1", None)]
#[case::five_parts("10.0.0.0.1", None)]
#[case::no_number("10.0.0.x", None)]
#[case::signed("10.0.0.+1", None)]
#[case::an_empty_part("10..0.1", None)]
#[case::nothing("", None)]
fn an_address_is_read_as_kubernetes_reads_it(#[case] text: &str, #[case] expected: Option<&str>) {
    assert_eq!(address("f", text).ok(), expected.map(|expected| expected.parse().unwrap()));
}

#[test]
fn only_invalid_entries_are_left_out_with_one_warning() {
    let (found, lines) = log_of(|| {
        let mut left_out = LeftOut::default();
        let found = left_out.addresses("spec.externalIPs", ["10.0.0.1", "?", "10.0.0.2", "10.0.0.1", "!"]);
        left_out.log(Kind::Service, &Name::new("shop", "web"));
        found
    });
    assert_eq!(found, ["10.0.0.1", "10.0.0.2"].map(|text| text.parse::<IpAddr>().unwrap()));
    let line = "WARN Service shop/web: spec.externalIPs: \"?\" is not an IP address: it is left out, and 1 more of its entries";
    assert_eq!(lines, [line]);
    let ((), lines) = log_of(|| LeftOut::default().log(Kind::Service, &Name::new("shop", "web")));
    assert_eq!(lines, [""; 0]);
}

#[test]
fn of_a_hundred_thousand_addresses_the_first_thousand_are_read() {
    let texts: Vec<String> = (0..100_000_u32).map(|number| Ipv4Addr::from(number).to_string()).collect();
    let (found, lines) = log_of(|| {
        let mut left_out = LeftOut::default();
        let found = left_out.addresses("spec.externalIPs", texts.iter().map(String::as_str));
        left_out.log(Kind::Service, &Name::new("shop", "web"));
        found
    });
    assert_eq!(found.len(), MAX_ADDRESSES);
    assert_eq!(lines, ["WARN Service shop/web: spec.externalIPs: more than 1024 addresses: it is left out"]);
}
