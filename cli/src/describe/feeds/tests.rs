use super::{Feed, Role, feeds};
use longwire_live::EffectiveTelemetry;
use longwire_live::connection::{Connection, ConnectionSpec, ConnectionStatus, Phase};
use longwire_live::effective_telemetry::EffectiveTelemetrySpec;
use longwire_live::end::{Directions, End};

fn end(namespace: &str, pod: &str) -> End {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let workload = text(pod.split('-').next().unwrap());
    End { pod: text(pod), namespace: text(namespace), workload, address: text("10.0.0.9"), ..End::default() }
}

fn connection(source: End, destination: End, from_source: u64, phase: Phase) -> Connection {
    let spec = ConnectionSpec { source, destination, ..ConnectionSpec::default() };
    let bytes = Directions { from_source, from_destination: 7 };
    let status = Some(ConnectionStatus { phase, bytes, ..ConnectionStatus::default() });
    Connection { status, ..Connection::new("c", spec) }
}

#[test]
fn open_connections_of_these_pods_alone_are_added_up_by_peer() {
    let telemetries = [EffectiveTelemetry::new("web-1", EffectiveTelemetrySpec::default())];
    let web = || end("shop", "web-1");
    let outside = || end("", "");
    let connections = [
        connection(web(), end("bank", "db-1"), 10, Phase::Open),
        connection(web(), end("bank", "db-2"), u64::MAX, Phase::Open),
        connection(web(), end("bank", "db-1"), 10, Phase::Closed),
        connection(web(), outside(), 1, Phase::Open),
        connection(end("shop", "web-2"), end("bank", "db-1"), 10, Phase::Open),
        // Of the same name in another namespace.
        connection(end("bank", "web-1"), end("shop", "web-2"), 10, Phase::Open),
        connection(end("shop", "a-1"), web(), 3, Phase::Open),
        // With itself: it reports both ends.
        connection(web(), web(), 5, Phase::Open),
    ];
    let feed = |role, peer: &str, open, sent_bytes, received_bytes| Feed {
        role,
        peer: peer.to_owned(),
        service: None,
        open,
        sent_bytes,
        received_bytes,
    };
    let expected = [
        feed(Role::Source, "shop/web", 1, 5, 7),
        feed(Role::Source, "10.0.0.9", 1, 1, 7),
        feed(Role::Destination, "shop/web", 1, 7, 5),
        feed(Role::Destination, "shop/a", 1, 7, 3),
    ];
    let made = feeds(&connections, "shop", &telemetries);
    assert_eq!(made[0], feed(Role::Source, "bank/db", 2, u64::MAX, 14));
    assert_eq!(made[1..], expected);
}

#[test]
fn without_connections_nothing_is_fed() {
    assert_eq!(feeds(&[], "shop", &[EffectiveTelemetry::new("web-1", EffectiveTelemetrySpec::default())]), []);
}
