use super::leader_of;
use crate::publish::role::Role;
use std::net::SocketAddr;

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[test]
fn a_standby_passes_connections_to_the_leaders_port_of_the_live_api() {
    let standby = |leader: &str| Role::Standby { leader: Some(at(leader)) };
    let api_server = at("10.0.0.9:40000");
    assert_eq!(leader_of(standby("10.0.0.7:15010"), api_server, 15014), Some(at("10.0.0.7:15014")));
    assert_eq!(leader_of(standby("[fd00::7]:15010"), api_server, 15014), Some(at("[fd00::7]:15014")));
    assert_eq!(leader_of(Role::Standby { leader: None }, api_server, 15014), None);
    assert_eq!(leader_of(Role::Leader, api_server, 15014), None);
}

/// Else two standbys could pass one connection between them for ever.
#[test]
fn a_connection_does_not_go_back_to_where_it_comes_from() {
    let role = Role::Standby { leader: Some(at("10.0.0.7:15010")) };
    assert_eq!(leader_of(role, at("10.0.0.7:50000"), 15014), None);
    assert_eq!(leader_of(role, at("[::ffff:10.0.0.7]:50000"), 15014), None);
}
