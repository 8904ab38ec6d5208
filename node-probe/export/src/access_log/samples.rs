//! Records for tests and benchmarks.

use longwire_model::access_log::{AccessLog, LogEvent, LogFormat};
use longwire_model::identity::{Place, Pod, UnixNanos, Workload};
use longwire_model::series::SeriesSets;
use longwire_model::telemetry::Telemetry;
use longwire_pipeline::event::{ConnectionId, Traffic};
use longwire_pipeline::labels::sample_id;
use longwire_pipeline::labels::samples::{edge_between, pod, service};
use longwire_pipeline::log::LogRecord;
use longwire_pipeline::observation::{DestinationService, Edge, Reporter};
use longwire_pipeline::record::{CloseReason, FailReason};
use std::net::SocketAddr;
use std::sync::Arc;

/// 2026-12-01T13:40:00.123456789Z
const NOW: UnixNanos = 1_796_132_400_123_456_789;

/// The client's end of a connection of pod `web-0`, 10.0.0.1, to pod `db-0`, 10.1.2.3, by way of the Service `db`, all of namespace
/// `shop`.
#[must_use]
pub fn record(event: LogEvent, format: LogFormat) -> LogRecord {
    let edge = edge_between(Reporter::Source, ["shop", "web"], ["shop", "db"]);
    let edge = Edge { destination_service: DestinationService::Service(service("db")), ..edge };
    let server = SocketAddr::from(([10, 1, 2, 3], 5432));
    let failed = event == LogEvent::Failed;
    let closed = event == LogEvent::Close;
    let duration = match event {
        LogEvent::Connect => 250_999,
        LogEvent::Periodic => 60_000_250_999,
        LogEvent::Close => 13_712_345,
        LogEvent::Failed => 1_000_000,
    };
    let has_moved = matches!(event, LogEvent::Periodic | LogEvent::Close);
    let traffic = |sent, received| if has_moved { traffic(sent, received) } else { Traffic::default() };
    LogRecord {
        telemetry: telemetry(format),
        event,
        time: NOW,
        id: if failed { ConnectionId::Local(7) } else { ConnectionId::Shared(sample_id((1, 2), server)) },
        source_pod: on_node("web-0", edge.source.as_ref(), "node-1"),
        destination_pod: on_node("db-0", edge.destination.as_ref(), "node-2"),
        edge,
        requested_service: Some(service("db")),
        source: ([10, 0, 0, 1], 45784).into(),
        requested: ([10, 96, 0, 5], 5433).into(),
        answered: (!failed).then_some(server),
        cluster: Some("outbound|5433||db.shop.svc.cluster.local".to_owned()),
        start: NOW - duration,
        duration,
        totals: traffic(406, 108),
        new: traffic(400, 100),
        rtt_us: (!failed).then_some(345),
        min_rtt_us: (!failed).then_some(120),
        handshake: (!failed).then_some(210_999),
        closed_by: closed.then_some(Reporter::Destination),
        close_reason: closed.then_some(CloseReason::Fin),
        failure: failed.then_some(FailReason::Refused),
        connections: 1,
        suppressed: 0,
    }
}

/// The same connection, as the server's end reports it.
#[must_use]
pub fn at_server(record: LogRecord) -> LogRecord {
    let edge = Edge { reporter: Reporter::Destination, ..record.edge };
    let server = record.answered.unwrap_or(record.requested);
    LogRecord { edge, requested: server, answered: Some(server), cluster: None, ..record }
}

/// Only this format.
#[must_use]
pub fn telemetry(format: LogFormat) -> Arc<Telemetry> {
    let access_log = Some(AccessLog { format, ..AccessLog::default() });
    Arc::new(Telemetry { access_log, ..Telemetry::plain(SeriesSets::default()) })
}

fn traffic(sent: u64, received: u64) -> Traffic {
    Traffic { sent, received, retransmitted_bytes: 30, retransmits: 2, lost: 1 }
}

fn on_node(name: &str, workload: Option<&Arc<Workload>>, node: &str) -> Option<Arc<Pod>> {
    let place = Arc::new(Place { node: node.to_owned(), ..Place::default() });
    workload.map(|workload| Arc::new(Pod { place, ..Pod::clone(&pod(name, workload)) }))
}
