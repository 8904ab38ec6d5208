use super::*;
use rstest::rstest;

#[rstest]
#[case::service("http://collector.observability:4317", true)]
#[case::path("https://otlp.example.com/otlp", true)]
#[case::v6("http://[fd00::1]:4318/", true)]
#[case::v6_without_port("http://[fd00::1]/", true)]
#[case::no_scheme("collector:4317", false)]
#[case::another_scheme("grpc://collector:4317", false)]
#[case::no_host("http://:4317", false)]
#[case::no_port("http://collector:", false)]
#[case::large_port("http://collector:65536", false)]
#[case::port_zero("http://collector:0", false)]
#[case::password("http://user:secret@collector:4317", false)]
#[case::space("http://collector :4317", false)]
#[case::newline("http://collector:4317/\nx", false)]
#[case::query("http://collector:4317/?a=b", false)]
fn endpoints(#[case] text: &str, #[case] is_valid: bool) {
    let parsed = Endpoint::parse(text);
    assert_eq!(parsed.is_ok(), is_valid, "{parsed:?}");
    assert_eq!(parsed.map(String::from).ok(), is_valid.then(|| text.to_owned()));
}

#[test]
fn a_password_is_not_repeated_in_the_error() {
    let said = Endpoint::parse("http://user:secret@collector:4317").unwrap_err().to_string();
    assert!(!said.contains("secret"), "{said}");
}

#[rstest]
#[case::udp("udp://127.0.0.1:8125", true)]
#[case::tcp("tcp://statsd.monitoring:9125", true)]
#[case::v6("udp://[::1]:8125", true)]
#[case::unix("unix:///var/run/datadog/dsd.socket", true)]
#[case::no_port("udp://statsd", false)]
#[case::relative("unix://dsd.socket", false)]
#[case::up("unix:///var/run/../../etc/passwd", false)]
#[case::directory("unix:///var/run/", false)]
#[case::http("http://statsd:8125", false)]
#[case::sign("udp://statsd:+8125", false)]
fn statsd_addresses(#[case] text: &str, #[case] is_valid: bool) {
    let parsed = StatsdAddress::parse(text);
    assert_eq!(parsed.is_ok(), is_valid, "{parsed:?}");
    assert_eq!(parsed.map(String::from).ok(), is_valid.then(|| text.to_owned()));
}

#[rstest]
#[case("collector", true)]
#[case("grafana-cloud-2", true)]
#[case("", false)]
#[case("stdout", false)]
#[case("Upper", false)]
#[case("-a", false)]
#[case("a-", false)]
#[case("a/b", false)]
#[case("..", false)]
fn names(#[case] text: &str, #[case] is_valid: bool) {
    assert_eq!(ExporterName::parse(text).is_ok(), is_valid);
}

#[test]
fn bounds_hold() {
    assert!(ExporterName::parse(&"a".repeat(63)).is_ok());
    assert!(ExporterName::parse(&"a".repeat(64)).is_err());
    assert!(Endpoint::parse(&format!("http://c/{}", "a".repeat(1024 - 9))).is_ok());
    assert!(Endpoint::parse(&format!("http://c/{}", "a".repeat(1024 - 8))).is_err());
    assert!(StatsdAddress::parse(&format!("unix:///{}", "a".repeat(106))).is_ok());
    assert!(StatsdAddress::parse(&format!("unix:///{}", "a".repeat(107))).is_err());
}

#[test]
fn headers_are_in_lower_case_and_not_those_of_the_protocol() {
    let known = Pair::header("X-Scope-OrgID", "shop").unwrap();
    assert_eq!((known.key.as_str(), known.value.as_str()), ("x-scope-orgid", "shop"));
    for (key, value) in
        [("", "a"), ("a b", "c"), ("Content-Type", "a"), ("grpc-timeout", "1"), ("a", "b\r\nc: d"), ("a", "ä")]
    {
        assert!(Pair::header(key, value).is_err(), "{key}: {value}");
    }
}

#[test]
fn attributes_may_have_any_text_as_value() {
    assert!(Pair::attribute("deployment.environment.name", "übung").is_ok());
    for (key, value) in [("", "a"), ("a b", "c"), ("a", "b\nc")] {
        assert!(Pair::attribute(key, value).is_err(), "{key}: {value}");
    }
    assert!(Pair::attribute("a", &"b".repeat(1024)).is_ok());
    assert!(Pair::attribute("a", &"b".repeat(1025)).is_err());
}

#[rstest]
#[case::nothing("", true)]
#[case::a_word("longwire", true)]
#[case::levels("eu-1.node_7.longwire", true)]
#[case::the_longest(&"a".repeat(128), true)]
#[case::too_long(&"a".repeat(129), false)]
#[case::an_empty_level("a..b", false)]
#[case::a_dot_at_the_start(".a", false)]
#[case::a_dot_at_the_end("a.", false)]
#[case::what_ends_a_name("a:1|c", false)]
#[case::a_tag("a;b=c", false)]
#[case::a_newline("a\n", false)]
#[case::not_ascii("\u{e9}", false)]
fn prefixes(#[case] text: &str, #[case] is_valid: bool) {
    let parsed = StatsdPrefix::parse(text);
    assert_eq!(parsed.is_ok(), is_valid, "{parsed:?}");
    assert_eq!(parsed.map(String::from).ok(), is_valid.then(|| text.to_owned()));
}
