use super::*;
use rstest::rstest;
use std::os::unix::ffi::OsStrExt;

fn parsed(variables: &[(&str, &str)]) -> (Environment, Vec<String>) {
    let (environment, invalid) = Environment::parse(variables.iter().copied());
    (environment, invalid.iter().map(ToString::to_string).collect())
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<Pair> {
    pairs.iter().map(|(key, value)| Pair { key: (*key).to_owned(), value: (*value).to_owned() }).collect()
}

#[test]
fn each_variable_is_read_for_all_signals_and_for_each() {
    for (prefix, of) in [
        ("OTEL_EXPORTER_OTLP_", (|all| &all.general) as fn(&Environment) -> &Variables),
        ("OTEL_EXPORTER_OTLP_METRICS_", |all| &all.metrics),
        ("OTEL_EXPORTER_OTLP_LOGS_", |all| &all.logs),
    ] {
        let names = ["ENDPOINT", "PROTOCOL", "HEADERS", "COMPRESSION", "TIMEOUT", "CERTIFICATE", "CLIENT_KEY"];
        let values = ["http://c:1", "GRPC", "a=b", "gzip", "2500", "/ca", "/key"];
        let mut variables: Vec<_> = names.iter().map(|name| format!("{prefix}{name}")).zip(values).collect();
        variables.push((format!("{prefix}CLIENT_CERTIFICATE"), "/crt"));
        let (environment, invalid) = Environment::parse(variables);
        assert_eq!(invalid, []);
        let expected = Variables {
            endpoint: Some(Endpoint::parse("http://c:1").unwrap()),
            protocol: Some(Protocol::Grpc),
            headers: Some(Headers(pairs(&[("a", "b")]))),
            compression: Some(Compression::Gzip),
            timeout: Some(Duration::from_millis(2500)),
            certificate: Some("/ca".into()),
            client_key: Some("/key".into()),
            client_certificate: Some("/crt".into()),
        };
        assert_eq!(of(&environment), &expected, "{prefix}");
        let others = [&environment.general, &environment.metrics, &environment.logs];
        assert_eq!(others.iter().filter(|other| ***other == Variables::default()).count(), 2, "{prefix}");
    }
}

#[test]
fn variables_of_metrics_and_of_the_resource_are_read() {
    let (environment, invalid) = parsed(&[
        ("OTEL_METRIC_EXPORT_INTERVAL", "15000"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=b, k%3D1 = v%2C2,ü%20=%C3%BC"),
        ("OTEL_SERVICE_NAME", "a"),
    ]);
    // A name that is no printable ASCII is refused, and then all of the variable is.
    assert_eq!(invalid.len(), 1, "{invalid:?}");
    assert_eq!(environment.interval(), Some(Duration::from_secs(15)));
    let (environment, invalid) =
        parsed(&[("OTEL_RESOURCE_ATTRIBUTES", "service.name=b, k%3D1 = v%2C2,u=%C3%BC,"), ("OTEL_SERVICE_NAME", "a")]);
    assert_eq!(invalid, [""; 0]);
    let resource: Vec<_> = environment.resource().cloned().collect();
    assert_eq!(resource, pairs(&[("service.name", "b"), ("k=1", "v,2"), ("u", "ü"), ("service.name", "a")]));
}

#[rstest]
#[case("cumulative", Temporality::Cumulative)]
#[case("Delta", Temporality::Delta)]
#[case("LowMemory", Temporality::Delta)]
fn temporalities(#[case] text: &str, #[case] expected: Temporality) {
    let (environment, invalid) = parsed(&[("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", text)]);
    assert_eq!((environment.temporality(), invalid.len()), (Some(expected), 0));
}

#[test]
fn an_empty_variable_is_none() {
    let names = ["ENDPOINT", "PROTOCOL", "HEADERS", "COMPRESSION", "TIMEOUT", "CERTIFICATE", "METRICS_TIMEOUT"];
    let names = names.iter().map(|name| format!("OTEL_EXPORTER_OTLP_{name}"));
    let names = names.chain(["OTEL_METRIC_EXPORT_INTERVAL", "OTEL_SERVICE_NAME"].map(str::to_owned));
    let (environment, invalid) = Environment::parse(names.map(|name| (name, " ")));
    assert_eq!((environment, invalid), (Environment::default(), vec![]));
}

#[test]
fn other_variables_are_not_ours() {
    let (environment, invalid) = parsed(&[
        ("PATH", "/bin"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "carrier pigeon"),
        ("OTEL_TRACES_SAMPLER", "always_on"),
        ("OTEL_EXPORTER_OTLP_INSECURE", "true"),
    ]);
    assert_eq!((environment, invalid), (Environment::default(), vec![]));
}

#[rstest]
#[case("ENDPOINT", "collector:4317", "is wrong: \"collector:4317\": write a URL with http:// or https:// and a host")]
#[case("PROTOCOL", "http/json", "is \"http/json\", which is not known here: write grpc or http/protobuf")]
#[case("COMPRESSION", "zstd", "is \"zstd\", which is not known here: write none or gzip")]
#[case("TIMEOUT", "10s", "is \"10s\": write whole milliseconds, from 1 to 3600000")]
#[case("TIMEOUT", "0", "is \"0\": write whole milliseconds")]
#[case(
    "METRICS_TEMPORALITY_PREFERENCE",
    "x",
    "is \"x\", which is not known here: write cumulative or delta or lowmemory"
)]
#[case("HEADERS", "a=b,secret", "is wrong: entry 2 has no =: write name=value")]
#[case("HEADERS", "Authorization: Bearer secret=", "is wrong: entry 1 has no name of a header before its =")]
#[case("HEADERS", "content-type=secret", "is wrong: entry 1 sets content-type, which the protocol itself sets")]
#[case("HEADERS", "a=secret%0A", "is wrong: entry 1 has a value of a that is too long or has control characters")]
#[case("HEADERS", "a=secret%2", "is wrong: entry 1 has a % that two hexadecimal digits of UTF-8 do not follow")]
#[case("HEADERS", "a=secret%FF", "is wrong: entry 1 has a %")]
fn a_wrong_value_is_named_with_its_remedy_and_left_out(#[case] name: &str, #[case] value: &str, #[case] said: &str) {
    let name = format!("OTEL_EXPORTER_OTLP_{name}");
    let (environment, invalid) = parsed(&[(&name, value)]);
    assert_eq!(environment, Environment::default());
    assert_eq!(invalid.len(), 1);
    assert!(invalid[0].starts_with(&format!("{name} {said}")), "{}", invalid[0]);
    assert!(!invalid[0].contains("secret"), "{}", invalid[0]);
}

#[test]
fn a_value_that_is_no_text_is_named() {
    let value = OsStr::from_bytes(b"http://\xff");
    let (_, invalid) = Environment::parse([(OsStr::new("OTEL_EXPORTER_OTLP_ENDPOINT"), value)]);
    assert_eq!(invalid[0].to_string(), "OTEL_EXPORTER_OTLP_ENDPOINT is no UTF-8: write text");
}

#[test]
fn there_are_at_most_as_many_headers_as_an_exporter_may_have() {
    let list = |len: usize| (0..len).map(|n| format!("h{n}=v")).collect::<Vec<_>>().join(",");
    assert_eq!(parsed(&[("OTEL_EXPORTER_OTLP_HEADERS", &list(32))]).1.len(), 0);
    let (_, invalid) = parsed(&[("OTEL_EXPORTER_OTLP_HEADERS", &list(33))]);
    assert_eq!(invalid, ["OTEL_EXPORTER_OTLP_HEADERS is wrong: has more than 32 entries: leave some out"]);
}

#[test]
fn values_of_headers_are_not_shown() {
    let (environment, _) = parsed(&[("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20secret")]);
    let shown = format!("{environment:?}");
    assert!(shown.contains("authorization") && !shown.contains("secret"), "{shown}");
}
