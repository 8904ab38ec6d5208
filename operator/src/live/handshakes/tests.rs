use super::{ALL, Handshakes, OF_ONE};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

fn pod(number: u8) -> IpAddr {
    Ipv4Addr::new(10, 0, 0, number).into()
}

#[test]
fn one_address_leaves_room_for_others() {
    let handshakes = Arc::<Handshakes>::default();
    let mut begun: Vec<_> = std::iter::from_fn(|| handshakes.begin(pod(1))).take(ALL).collect();
    assert_eq!(begun.len(), OF_ONE);
    assert!(handshakes.begin("::ffff:10.0.0.1".parse().unwrap()).is_none());
    assert!(handshakes.begin(pod(2)).is_some());
    begun.pop();
    assert!(handshakes.begin(pod(1)).is_some());
    drop(begun);
    assert!(handshakes.0.lock().is_empty());
}

#[test]
fn all_addresses_together_have_a_bound() {
    let handshakes = Arc::<Handshakes>::default();
    let begun: Vec<_> = (0..=u8::MAX).filter_map(|number| handshakes.begin(pod(number))).collect();
    assert_eq!(begun.len(), ALL);
}
