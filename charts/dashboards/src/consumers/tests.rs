use super::{all, text};
use std::path::{Path, PathBuf};
use std::{env, fs};

fn of_the_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

#[test]
fn the_table_lists_what_the_queries_read() {
    let file = of_the_repository("charts/longwire/consumers.json");
    if env::var_os("UPDATE_DASHBOARDS").is_some_and(|value| value == "1") {
        fs::write(&file, text()).unwrap();
    }
    let is_same = fs::read_to_string(&file).unwrap() == text();
    assert!(is_same, "consumers.json is old: UPDATE_DASHBOARDS=1 cargo test -p longwire-dashboards writes it anew");
}

#[test]
fn kiali_reads_names_clusters_and_principals_of_bytes_alone() {
    let kiali: Vec<_> = all().into_iter().filter(|row| row.consumer == "Kiali").collect();
    let [row] = &kiali[..] else { panic!("{kiali:?}") };
    assert_eq!(row.metrics, ["istio_tcp_received_bytes_total", "istio_tcp_sent_bytes_total"]);
    for label in ["reporter", "source_cluster", "source_principal", "destination_service", "response_flags"] {
        assert!(row.labels.contains(label), "{label}");
    }
    assert!(!row.labels.contains("source_app"));
}

#[test]
fn every_dashboard_of_connections_reads_something() {
    for dashboard in crate::all().iter().filter(|dashboard| dashboard.uid != "longwire-itself") {
        let name = format!("dashboard {}", dashboard.title);
        assert!(all().iter().any(|row| row.consumer == name && !row.labels.is_empty()), "{name}");
    }
}

#[test]
fn the_page_on_kiali_names_every_label_that_it_needs() {
    let page = fs::read_to_string(of_the_repository("docs/kiali.md")).unwrap();
    for label in all().into_iter().filter(|row| row.consumer == "Kiali").flat_map(|row| row.labels) {
        assert!(page.contains(&format!("| `{label}` |")), "docs/kiali.md has no row of {label}");
    }
}
