use super::*;
use longwire_model::exporter::ExporterName;
use rstest::rstest;
use std::fs;

pub(in crate::otlp) fn otlp() -> Otlp {
    Otlp {
        endpoint: None,
        protocol: None,
        compression: None,
        timeout: None,
        interval: None,
        temporality: None,
        headers: Vec::new(),
        resource: Vec::new(),
        secret: None,
        metrics: true,
        logs: true,
    }
}

fn environment(variables: &[(&str, &str)]) -> Environment {
    let (environment, invalid) = Environment::parse(variables.iter().copied());
    assert_eq!(invalid, []);
    environment
}

fn pair(key: &str, value: &str) -> Pair {
    Pair { key: key.to_owned(), value: value.to_owned() }
}

fn resolved(otlp: &Otlp, signal: Signal, variables: &[(&str, &str)]) -> Settings {
    Settings::resolve(otlp, signal, &environment(variables), None).unwrap()
}

#[test]
fn defaults_are_those_of_the_specification() {
    let settings = resolved(&otlp(), Signal::Metrics, &[]);
    let expected = Settings {
        signal: Signal::Metrics,
        protocol: Protocol::HttpProtobuf,
        compression: Compression::None,
        timeout: Duration::from_secs(10),
        interval: Duration::from_secs(60),
        temporality: Temporality::Cumulative,
        resource: vec![],
        url: Uri::from_static("http://localhost:4318/v1/metrics"),
        headers: Headers::default(),
        certificates: Certificates::default(),
    };
    assert_eq!(settings, expected);
}

const GENERAL: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://general:1/base/");
const OF_LOGS: (&str, &str) = ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://logs:2");
const GRPC: (&str, &str) = ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");

#[rstest]
#[case::default_of_logs(None, Signal::Logs, &[], "http://localhost:4318/v1/logs")]
#[case::default_of_grpc(None, Signal::Logs, &[GRPC], "http://localhost:4317")]
#[case::general(None, Signal::Metrics, &[GENERAL, OF_LOGS], "http://general:1/base/v1/metrics")]
#[case::of_the_signal(None, Signal::Logs, &[GENERAL, OF_LOGS], "http://logs:2/")]
#[case::given(Some("https://given"), Signal::Logs, &[GENERAL, OF_LOGS], "https://given/v1/logs")]
#[case::given_with_a_path(Some("https://given/otlp/"), Signal::Metrics, &[], "https://given/otlp/v1/metrics")]
#[case::grpc_has_no_path(Some("https://given:3/otlp/"), Signal::Metrics, &[GRPC], "https://given:3")]
#[case::grpc_of_the_signal(None, Signal::Logs, &[GRPC, GENERAL, OF_LOGS], "http://logs:2")]
#[case::v6(Some("http://[::1]:4318"), Signal::Metrics, &[], "http://[::1]:4318/v1/metrics")]
fn addresses(
    #[case] given: Option<&str>,
    #[case] signal: Signal,
    #[case] variables: &[(&str, &str)],
    #[case] url: &str,
) {
    let endpoint = given.map(|text| Endpoint::parse(text).unwrap());
    assert_eq!(resolved(&Otlp { endpoint, ..otlp() }, signal, variables).url(), url);
}

#[test]
fn an_endpoint_that_is_no_url_is_named() {
    let endpoint = Some(Endpoint::parse("http://collector/<here>").unwrap());
    let refused = Settings::resolve(&Otlp { endpoint, ..otlp() }, Signal::Logs, &Environment::default(), None);
    let said = refused.unwrap_err().to_string();
    assert!(said.starts_with("the endpoint \"http://collector/<here>/v1/logs\" is no URL: "), "{said}");
}

#[test]
fn the_signal_s_variables_beat_those_of_all_signals() {
    let variables = [
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "none"),
        ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1000"),
        ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "2000"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=general,b=general"),
        ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "a=logs"),
    ];
    let [metrics, logs] = [Signal::Metrics, Signal::Logs].map(|signal| resolved(&otlp(), signal, &variables));
    assert_eq!((metrics.compression, logs.compression), (Compression::None, Compression::Gzip));
    assert_eq!((metrics.timeout.as_secs(), logs.timeout.as_secs()), (2, 1));
    assert_eq!(metrics.headers.0, [pair("a", "general"), pair("b", "general")]);
    assert_eq!(logs.headers.0, [pair("a", "logs")]);
}

#[test]
fn what_the_resource_says_beats_all_variables() {
    let given = Otlp {
        protocol: Some(Protocol::HttpProtobuf),
        compression: Some(Compression::None),
        timeout: Some(Duration::from_secs(3)),
        interval: Some(Duration::from_secs(4)),
        temporality: Some(Temporality::Cumulative),
        headers: vec![pair("mine", "1")],
        resource: vec![pair("zone", "mine"), pair("service.name", "mine")],
        ..otlp()
    };
    let variables = [
        GRPC,
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "2000"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "5000"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=for-another"),
        ("OTEL_RESOURCE_ATTRIBUTES", "zone=theirs,rack=theirs"),
        ("OTEL_SERVICE_NAME", "theirs"),
    ];
    let settings = resolved(&given, Signal::Metrics, &variables);
    assert_eq!((settings.protocol, settings.compression), (Protocol::HttpProtobuf, Compression::None));
    assert_eq!((settings.timeout.as_secs(), settings.interval.as_secs()), (3, 4));
    assert_eq!((settings.temporality, settings.headers.0), (Temporality::Cumulative, vec![pair("mine", "1")]));
    assert_eq!(settings.resource, [pair("zone", "mine"), pair("rack", "theirs"), pair("service.name", "mine")]);
    let settings = resolved(&otlp(), Signal::Metrics, &variables);
    assert_eq!((settings.protocol, settings.compression), (Protocol::Grpc, Compression::Gzip));
    assert_eq!((settings.interval.as_secs(), settings.temporality), (5, Temporality::Delta));
    assert_eq!(settings.resource, [pair("zone", "theirs"), pair("rack", "theirs"), pair("service.name", "theirs")]);
}

#[test]
fn a_renewed_secret_gives_other_settings_and_its_headers_beat_the_resource_s() {
    let secrets = tempfile::tempdir().unwrap();
    let directory = secrets.path().join("vendor");
    fs::create_dir(&directory).unwrap();
    let given = Otlp {
        endpoint: Some(Endpoint::parse("https://vendor").unwrap()),
        headers: vec![pair("a", "open"), pair("b", "open")],
        secret: Some(ExporterName::parse("vendor").unwrap()),
        ..otlp()
    };
    let resolve = || Settings::resolve(&given, Signal::Logs, &Environment::default(), Some(secrets.path())).unwrap();
    fs::write(directory.join("headers"), "A=hidden-1\n").unwrap();
    let first = resolve();
    assert_eq!(first.headers.0, [pair("a", "hidden-1"), pair("b", "open")]);
    assert_eq!(first, resolve());
    fs::write(directory.join("headers"), "A=hidden-2\n").unwrap();
    let second = resolve();
    assert_ne!(first, second);
    fs::write(directory.join("ca.crt"), "hidden").unwrap();
    assert_ne!(second, resolve());
    let shown = format!("{:?}", resolve());
    assert!(shown.contains("ca.crt") && !shown.contains("hidden") && !shown.contains("open"), "{shown}");
}

#[test]
fn credentials_of_the_environment_are_for_its_own_endpoint() {
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://own"), ("OTEL_EXPORTER_OTLP_HEADERS", "token=hidden")];
    let (environment, _) = Environment::parse(variables);
    let resolve = |given: &Otlp| Settings::resolve(given, Signal::Metrics, &environment, None).unwrap();
    assert_eq!(resolve(&otlp()).headers.0, [pair("token", "hidden")]);
    let elsewhere = Otlp { endpoint: Some(Endpoint::parse("http://vendor").unwrap()), ..otlp() };
    assert_eq!(resolve(&elsewhere).headers.0, []);
}
