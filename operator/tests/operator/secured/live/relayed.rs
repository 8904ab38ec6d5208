//! A standby: it passes connections to the leader, and serves documents where there is none.

use super::front_proxy::{Connection, eventually};
use super::{AGGREGATOR, PROBES, Served};
use longwire_operator::publish::role::Role;
use std::net::{IpAddr, SocketAddr};

fn standby(leader: IpAddr) -> Role {
    // The port is that of probes; the live API's is the standby's own.
    Role::Standby { leader: Some(SocketAddr::new(leader, 1)) }
}

/// A leader at another address with the same port, and its standby. Both have an API server of their own, and so authorities of their own:
/// which of both answers shows in the handshake.
async fn pair() -> (Served, Served) {
    let leader = Served::at("127.0.0.2:0").await;
    let standby = Served::at(&format!("127.0.0.1:{}", leader.address.port())).await;
    standby.role.send_replace(self::standby(leader.address.ip()));
    (leader, standby)
}

#[tokio::test]
async fn a_standby_passes_the_same_bytes_to_the_leader() {
    let (leader, standby) = pair().await;
    leader.api().allow("ops", "list", "");
    let _stream = leader.operator.admitted(&crate::secured::good()).await;
    // With the leader's certificates, at the standby's address.
    let mut connection = leader.connect_to(standby.address).await;
    let (code, list) = connection.get(PROBES, &[("x-remote-user", "ops")]).await.unwrap();
    assert_eq!((code, &list["items"][0]["status"]["connected"]), (200, &true.into()), "{list}");
    assert_eq!(standby.operator.counters.live.relayed(), 1);
    // Strangers do not get further than at the leader.
    let trust = leader.api().bundle(|_| true).await;
    let certificate = standby.proxy.issue(AGGREGATOR);
    let stranger = async {
        let mut connection = Connection::open(standby.address, &trust, Some(&certificate), "h2").await?;
        connection.get("/healthz", &[]).await
    };
    assert!(stranger.await.is_err());
}

#[tokio::test]
async fn a_replica_that_becomes_the_leader_serves_by_itself() {
    let (leader, standby) = pair().await;
    let mut relayed = leader.connect_to(standby.address).await;
    standby.role.send_replace(Role::Leader);
    relayed.closed().await;
    assert!(relayed.get("/healthz", &[]).await.is_err());
    standby.api().allow("ops", "list", "");
    assert_eq!(standby.ask("ops", PROBES).await.0, 200);
    eventually(async || match standby.operator.counters.live.relayed() {
        0 => Ok(()),
        some => Err(format!("{some} are relayed")),
    })
    .await;
}

#[tokio::test]
async fn without_a_leader_there_are_documents_and_no_data() {
    let served = Served::start().await;
    let mut before = served.connect().await;
    served.api().allow("ops", "list", "");
    served.role.send_replace(Role::Standby { leader: None });
    // The client is told to connect anew, because a leader may be elsewhere.
    before.closed().await;
    assert!(before.get("/healthz", &[]).await.is_err());
    let mut connection = served.connect().await;
    assert_eq!(connection.get("/apis", &[]).await.unwrap().0, 200);
    assert_eq!(connection.get(PROBES, &[("x-remote-user", "ops")]).await.unwrap().0, 503);
    // A user without the right does not learn even that.
    assert_eq!(connection.get(PROBES, &[("x-remote-user", "eve")]).await.unwrap().0, 403);
}

#[tokio::test]
async fn a_leader_that_cannot_be_reached_is_as_good_as_none() {
    let served = Served::start().await;
    // Nothing listens there.
    served.role.send_replace(standby("127.0.0.3".parse().unwrap()));
    served.api().allow("ops", "list", "");
    assert_eq!(served.ask("ops", PROBES).await.0, 503);
}

/// Each takes the other for the leader.
#[tokio::test]
async fn two_standbys_do_not_pass_a_connection_between_them_for_ever() {
    let (first, second) = pair().await;
    // The first one's own connections come from 127.0.0.1, where the second one is.
    first.role.send_replace(standby(second.address.ip()));
    first.api().allow("ops", "list", "");
    let mut connection = first.connect_to(second.address).await;
    assert_eq!(connection.get(PROBES, &[("x-remote-user", "ops")]).await.unwrap().0, 503);
    assert_eq!((first.operator.counters.live.relayed(), second.operator.counters.live.relayed()), (0, 1));
}
