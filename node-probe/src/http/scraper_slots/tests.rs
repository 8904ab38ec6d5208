use super::ScraperSlots;
use longwire_endpoint::Connection;
use std::net::IpAddr;
use std::sync::Arc;

fn connection(address: IpAddr) -> Arc<Connection> {
    Connection::unserved(address)
}

#[test]
fn each_connection_that_lives_has_a_slot_of_its_own_and_keeps_it() {
    let (slots, address) = (ScraperSlots::default(), IpAddr::from([10, 0, 0, 1]));
    let [one, two] = [connection(address), connection(address)];
    let take = |connection: &Arc<Connection>| {
        let scraper = slots.take(address, connection);
        (scraper.slot, scraper.is_new)
    };
    assert_eq!([take(&one), take(&two), take(&one), take(&two)], [(0, Some(0)), (1, Some(1)), (0, None), (1, None)]);
    drop(one);
    assert_eq!(take(&two), (1, None));
    let three = connection(address);
    assert_eq!([take(&three), take(&two)], [(0, Some(0b10)), (1, None)]);
}

#[test]
fn nothing_is_kept_of_connections_that_are_gone() {
    let slots = ScraperSlots::default();
    for number in 0..1_000_u32 {
        let address = IpAddr::from(number.to_be_bytes());
        let scraper = slots.take(address, &connection(address));
        assert_eq!((scraper.slot, scraper.is_new), (0, Some(0)));
    }
    assert_eq!(slots.0.lock().len(), 1);
}

#[test]
fn an_address_is_one_however_it_is_written() {
    let slots = ScraperSlots::default();
    let address = std::net::Ipv4Addr::new(10, 0, 0, 1);
    let (one, two) = (connection(address.into()), connection(address.into()));
    slots.take(address.into(), &one);
    let other = slots.take(address.to_ipv6_mapped().into(), &two);
    assert_eq!((other.address, other.slot), (address.into(), 1));
}
