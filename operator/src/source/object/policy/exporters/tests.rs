use super::{
    Compression, Endpoint, Exporter, ExporterName, Flavor, Flush, Histograms, LogFile, Otlp, Pair, Protocol, Statsd,
    StatsdAddress, StatsdPrefix, Target, Temporality, read,
};
use longwire_crds::telemetry_policy as crd;
use rstest::rstest;
use serde_json::{Value, from_value, json};
use std::time::Duration;

/// What is read of `spec.exporters`, or why not.
fn exporters(value: Value) -> Result<Vec<Exporter>, String> {
    let written: Vec<crd::Exporter> = from_value(value).unwrap();
    read(written).map_err(|refusal| refusal.message)
}

fn target(kind: &str, value: &Value) -> Result<Target, String> {
    exporters(json!([{"name": "e", kind: value}])).map(|mut read| read.remove(0).target)
}

#[test]
fn every_field_of_otlp_is_read() {
    let read = target(
        "otlp",
        &json!({
            "endpoint": "https://otlp.example.com:4318", "protocol": "grpc", "signals": ["logs"], "compression": "gzip",
            "timeout": "5s", "interval": "15s", "temporality": "delta", "headers": {"X-Scope-OrgID": "shop"},
            "resourceAttributes": {"deployment.environment.name": "prod"}, "secret": "grafana-cloud",
        }),
    );
    let expected = Otlp {
        endpoint: Some(Endpoint::parse("https://otlp.example.com:4318").unwrap()),
        protocol: Some(Protocol::Grpc),
        compression: Some(Compression::Gzip),
        timeout: Some(Duration::from_secs(5)),
        interval: Some(Duration::from_secs(15)),
        temporality: Some(Temporality::Delta),
        headers: vec![Pair::header("x-scope-orgid", "shop").unwrap()],
        resource: vec![Pair::attribute("deployment.environment.name", "prod").unwrap()],
        secret: Some(ExporterName::parse("grafana-cloud").unwrap()),
        metrics: false,
        logs: true,
    };
    assert_eq!(read, Ok(Target::Otlp(Box::new(expected))));
}

#[test]
fn what_is_left_out_of_otlp_is_the_environments() {
    let Ok(Target::Otlp(read)) = target("otlp", &json!({})) else { panic!("not read") };
    let nothing = (read.endpoint, read.protocol, read.compression, read.timeout, read.interval, read.temporality);
    assert_eq!(nothing, (None, None, None, None, None, None));
    assert!(read.metrics && read.logs && read.headers.is_empty() && read.resource.is_empty() && read.secret.is_none());
}

#[test]
fn every_field_of_statsd_is_read() {
    let address = "tcp://statsd.monitoring:9125";
    let read = target(
        "statsd",
        &json!({
            "address": address, "flavor": "graphite", "prefix": "mesh.prod", "maxPacketBytes": 8192,
            "flushOnScrape": true, "histograms": "timers",
        }),
    );
    let expected = Statsd {
        address: StatsdAddress::parse(address).unwrap(),
        flavor: Flavor::Graphite,
        prefix: StatsdPrefix::parse("mesh.prod").unwrap(),
        max_packet_bytes: 8192,
        flush: Flush::OnScrape,
        histograms: Histograms::Timers,
    };
    assert_eq!(read, Ok(Target::Statsd(Box::new(expected.clone()))));
    let read = target("statsd", &json!({"address": address, "flushInterval": "1ms", "flushOnScrape": false}));
    let Ok(Target::Statsd(read)) = read else { panic!("{read:?}") };
    let usual = Statsd {
        flavor: Flavor::Dogstatsd,
        prefix: StatsdPrefix::default(),
        max_packet_bytes: 1432,
        flush: Flush::Every(Duration::from_millis(1)),
        histograms: Histograms::Buckets,
        ..expected
    };
    assert_eq!(*read, usual);
}

#[test]
fn every_field_of_a_file_is_read() {
    assert_eq!(
        target("file", &json!({"maxMebibytes": 2, "maxFiles": 1})),
        Ok(Target::File(LogFile { max_bytes: 2 << 20, max_files: 1 }))
    );
    assert_eq!(target("file", &json!({})), Ok(Target::File(LogFile { max_bytes: 10 << 20, max_files: 5 })));
}

#[test]
fn exporters_are_sorted_by_name() {
    let read = exporters(json!([{"name": "b", "file": {}}, {"name": "a", "file": {}}])).unwrap();
    assert_eq!(read.iter().map(|exporter| exporter.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

#[rstest]
#[case::twice(json!([{"name": "a", "file": {}}, {"name": "a", "otlp": {}}]), "spec.exporters[1].name: a is in the list twice")]
#[case::stdout(json!([{"name": "stdout", "file": {}}]), "spec.exporters[0].name: stdout: is the standard output of the probe, which is always there: choose another name")]
#[case::nothing(json!([{"name": "a"}]), "spec.exporters[0]: must have exactly one of otlp, statsd and file")]
#[case::both(json!([{"name": "a", "file": {}, "otlp": {}}]), "spec.exporters[0]: must have exactly one of otlp, statsd and file")]
#[case::no_url(json!([{"name": "a", "otlp": {"endpoint": "collector:4317"}}]), "spec.exporters[0].otlp.endpoint: \"collector:4317\": write a URL with http:// or https:// and a host, such as http://collector.observability:4317")]
#[case::no_signal(json!([{"name": "a", "otlp": {"signals": []}}]), "spec.exporters[0].otlp.signals: is empty: write metrics, logs or both, or leave it out")]
#[case::unknown_signal(json!([{"name": "a", "otlp": {"signals": ["logs", "traces"]}}]), "spec.exporters[0].otlp.signals[1]: \"traces\" is none of metrics, logs")]
#[case::unknown_protocol(json!([{"name": "a", "otlp": {"protocol": "http/json"}}]), "spec.exporters[0].otlp.protocol: \"http/json\" is none of grpc, http/protobuf")]
#[case::long_timeout(json!([{"name": "a", "otlp": {"timeout": "2m"}}]), "spec.exporters[0].otlp.timeout: 120s is not between 1s and 60s")]
#[case::two_headers(json!([{"name": "a", "otlp": {"headers": {"a": "1", "A": "2"}}}]), "spec.exporters[0].otlp.headers: a is there twice")]
#[case::both_flushes(json!([{"name": "a", "statsd": {"address": "udp://a:1", "flushInterval": "1s", "flushOnScrape": true}}]), "spec.exporters[0].statsd: must not have both flushInterval and flushOnScrape: leave one of them out")]
#[case::small_packet(json!([{"name": "a", "statsd": {"address": "udp://a:1", "maxPacketBytes": 63}}]), "spec.exporters[0].statsd.maxPacketBytes: 63 is not between 64 and 65000")]
#[case::colon_in_prefix(json!([{"name": "a", "statsd": {"address": "udp://a:1", "prefix": "a:b"}}]), "spec.exporters[0].statsd.prefix: \"a:b\": write letters, digits, dashes and underscores, and dots between them")]
#[case::dot_after_the_prefix(json!([{"name": "a", "statsd": {"address": "udp://a:1", "prefix": "mesh."}}]), "spec.exporters[0].statsd.prefix: \"mesh.\": write letters, digits, dashes and underscores, and dots between them")]
#[case::no_files(json!([{"name": "a", "file": {"maxFiles": 0}}]), "spec.exporters[0].file.maxFiles: 0 is not between 1 and 100")]
fn a_refusal_names_the_field_and_the_remedy(#[case] value: Value, #[case] expected: &str) {
    assert_eq!(exporters(value).unwrap_err(), expected);
}
