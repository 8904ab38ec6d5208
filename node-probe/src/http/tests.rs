use super::Listeners;
use crate::readers::tests::{Obedient, connect};
use crate::shared::Shared;
use longwire_pipeline::metrics::Budget;
use longwire_pipeline::pipeline::{KubeletCgroups, Options, Pipeline, Waits};
use longwire_wire::proto::readers_server::ReadersServer;
use std::collections::BTreeMap;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::transport::Server;

/// A probe with all pages, and its address.
async fn start(are_restricted: bool) -> (SocketAddr, Arc<Shared>) {
    let shared = Arc::new(Shared::new(Pipeline::new(Options {
        budget: Budget::undivided(1_000, 10),
        max_connections: 10,
        long_connection_threshold: 1,
        waits: Waits { answer: 1, pod: 1, settling: 0 },
        max_pending: 10,
        host_netns: 1,
        kubelet_cgroups: KubeletCgroups::default(),
        wall_clock_offset: 0,
        live_history: 8,
    })));
    shared.caught_up();
    let any = "127.0.0.1:0".parse().unwrap();
    let listeners = Listeners::bind(any, any).await.unwrap().restricted(are_restricted);
    let address = listeners.metrics.local_addr().unwrap();
    tokio::spawn(listeners.serve(Arc::clone(&shared), pending()));
    (address, shared)
}

/// Status code and body.
async fn get(address: SocketAddr, path: &str, token: &str) -> (u16, String) {
    let header = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    get_with_header(address, path, &header).await
}

async fn get_with_header(address: SocketAddr, path: &str, header: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.0\r\n{header}\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

const PAGES: [&str; 2] = ["/metrics", "/stats/prometheus"];

#[tokio::test]
async fn every_page_of_metrics_is_only_for_readers_that_the_operator_authorizes() {
    let (address, shared) = start(true).await;
    for page in PAGES {
        assert_eq!(get(address, page, "").await.0, 401);
        let (code, text) = get(address, page, "good").await;
        assert!(code == 503 && text.contains("no stream to the operator"), "{text}");
    }
    let open = shared.line.open(connect(Server::builder().add_service(ReadersServer::new(Obedient))).await);
    for page in PAGES {
        assert_eq!(get(address, page, "unauthenticated").await, (401, "the token is refused: because\n".to_owned()));
        assert_eq!(get(address, page, "forbidden").await, (403, "because\n".to_owned()));
        let (code, text) = get(address, page, "good").await;
        assert!(code == 200 && text.contains("longwire_probe_passes_total 0\n"), "{code}: {text}");
    }
    drop(open);
    // The operator is gone; admitted readers stay admitted.
    assert_eq!(get(address, "/metrics", "good").await.0, 200);
    assert_eq!(get(address, "/metrics", "unavailable").await.0, 503);
    assert_eq!(get(address, "/healthz", "").await, (200, "healthy\n".to_owned()));
    let counted: BTreeMap<_, _> =
        shared.metrics.counts().readers().into_iter().filter(|(_, count)| *count > 0).collect();
    let due = [("admitted", 3), ("forbidden", 2), ("no_token", 2), ("unauthenticated", 2), ("unavailable", 3)];
    assert_eq!(counted, due.into());
}

/// The index is open to clients that may not read metrics.
#[tokio::test]
async fn the_first_page_names_all_others_and_they_are_there() {
    let (address, _shared) = start(true).await;
    let (code, text) = get(address, "/", "").await;
    assert_eq!((code, text.lines().next()), (200, Some("longwire-probe")));
    let paths: Vec<&str> = text.lines().skip(2).map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(paths, ["/metrics", "/stats/prometheus", "/healthz", "/readyz"]);
    for path in paths {
        assert_ne!(get(address, path, "").await.0, 404, "{path}");
    }
    assert_eq!(get(address, "/elsewhere", "").await.0, 404);
}

#[tokio::test]
async fn without_the_flag_every_client_may_read() {
    let (address, shared) = start(false).await;
    for page in PAGES {
        assert_eq!(get(address, page, "").await.0, 200);
    }
    assert!(shared.metrics.counts().readers().iter().all(|(_, count)| *count == 0));
}

#[tokio::test]
async fn only_a_scraper_with_the_timeout_header_is_tracked_after_a_complete_response() {
    let (address, _shared) = start(false).await;
    let known = |page: &str| {
        page.lines().find(|line| line.contains("longwire_probe_table_entries{table=\"scrapers\"}")).map(str::to_owned)
    };
    let line = |count: u8| Some(format!("longwire_probe_table_entries{{table=\"scrapers\"}} {count}"));
    for _ in 0..2 {
        assert_eq!(known(&get_with_header(address, "/metrics", "").await.1), line(0));
    }
    let header = "X-Prometheus-Scrape-Timeout-Seconds: 10\r\n";
    assert_eq!(known(&get_with_header(address, "/metrics", header).await.1), line(0), "before the page is whole");
    for _ in 0..2 {
        assert_eq!(known(&get_with_header(address, "/stats/prometheus", header).await.1), line(1));
    }
}
