use super::*;

const POD: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

fn likely(zones: &Zones, source: IpAddr) -> Vec<u16> {
    zones.likely(source).collect()
}

#[test]
fn zones_are_asked_the_likeliest_first_and_each_once() {
    let mut zones = Zones::new(Instant::now());
    assert_eq!(likely(&zones, POD), [0]);
    zones.answered(POD, 0);
    assert_eq!((likely(&zones, POD), zones.by_source.len()), (vec![0], 0), "one zone needs no notes");
    zones.answered(POD, 7);
    assert_eq!((likely(&zones, POD), likely(&zones, OTHER)), (vec![7, 0], vec![0, 7]));
    zones.answered(OTHER, 9);
    assert_eq!((likely(&zones, POD), likely(&zones, OTHER)), (vec![7, 0, 9], vec![9, 0]));
}

#[test]
fn searches_take_one_hundredth_of_the_time_and_an_address_without_any_result_waits_a_minute() {
    let start = Instant::now();
    let after = |milliseconds| start + Duration::from_millis(milliseconds);
    let mut zones = Zones::new(start);
    assert!(zones.may_search(POD, start));
    zones.searched(POD, None, start, after(5));
    assert!(!zones.may_search(OTHER, after(504)));
    assert!(zones.may_search(OTHER, after(506)) && !zones.may_search(POD, after(506)));
    assert!(zones.may_search(POD, after(60_006)));
    zones.searched(OTHER, Some(7), after(506), after(507));
    assert_eq!((likely(&zones, OTHER), zones.searches()), (vec![7, 0], (2, 1)));
    zones.cannot_search();
    assert!(!zones.may_search(POD, after(1_000_000)));
}

#[test]
fn notes_of_addresses_are_bounded_and_those_that_tell_a_zone_stay_longest() {
    let now = Instant::now();
    let mut zones = Zones::new(now);
    zones.answered(POD, 7);
    for number in 0..2 * u32::try_from(MAX_ADDRESSES).unwrap() {
        zones.searched(IpAddr::V4(number.into()), None, now, now);
        assert!(zones.by_source.len() <= MAX_ADDRESSES);
    }
    assert_eq!(likely(&zones, POD), [7, 0]);
    for number in 0..2 * u32::try_from(MAX_ADDRESSES).unwrap() {
        zones.answered(IpAddr::V4(number.into()), 8);
        assert!(zones.by_source.len() <= MAX_ADDRESSES);
    }
}
