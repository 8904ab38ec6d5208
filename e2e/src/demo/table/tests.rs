use super::{live, size};
use longwire_testkit::{Format, Scrape};
use std::time::Duration;

#[test]
fn sizes_are_readable() {
    let sizes = [0, 1023, 1024, 1_572_864, 5 << 30].map(size);
    assert_eq!(sizes, ["0 B", "1023 B", "1.0 KiB", "1.5 MiB", "5.0 GiB"]);
}

#[test]
fn a_row_shows_one_edge_by_its_client_and_fits_a_terminal() {
    let labels = "{reporter=\"source\",source_workload=\"productpage-v1\",destination_workload=\"reviews-v2\"}";
    let family = |name: &str, value: &str| format!("# HELP {name} H.\n# TYPE {name} counter\n{name}{labels} {value}\n");
    let body = [
        family("istio_tcp_connections_opened_total", "3"),
        family("istio_tcp_connections_closed_total", "1"),
        family("istio_tcp_received_bytes_total", "2048"),
        family("istio_tcp_sent_bytes_total", "10"),
    ];
    let table = live(&Scrape::parse(&body.concat(), Format::Text).unwrap(), Duration::from_secs(4));
    let row = table.lines().nth(1).unwrap();
    assert_eq!(
        row.split_whitespace().collect::<Vec<_>>().join(" "),
        "productpage-v1 > reviews-v2 0 3 1 0 2.0 KiB 10 B 0 B -"
    );
    assert!(table.lines().all(|line| line.len() <= 100), "{table}");
}
