//! Any update is decoded as it was encoded, and no input makes the decoder panic.

use longwire_model::access_log::{AccessLog, LogEvent, LogEvents, LogFormat, LogOutputs, Share, Template};
use longwire_model::exporter::{
    Compression, Endpoint, Exporter, ExporterName, Flavor, Flush, Histograms, InvalidPair, LogFile, Otlp, Pair,
    Protocol, Statsd, StatsdAddress, StatsdPrefix, Target, Temporality,
};
use longwire_model::expression::{Condition, Expression};
use longwire_model::identity::{Address, Backing, Frontend, Owner, OwnerKind, Place, Pod, Service, Workload};
use longwire_model::matcher::{Pattern, StatsMatcher, StringMatcher, WholeRegex};
use longwire_model::series::{Metric, Metrics, SeriesSet};
use longwire_model::tag::TagName;
use longwire_model::telemetry::{Group, NodeSettings, Tag, TagValue, Telemetry};
use longwire_model::update::{LocalPod, Update};
use longwire_wire::decode::Decoder;
use longwire_wire::encode::Encoder;
use longwire_wire::{proto, version};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use prost::Message;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

fn ip() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(IpAddr::from),
        any::<[u8; 16]>().prop_map(|ip| IpAddr::from(ip).to_canonical())
    ]
}

/// Few different ones, so that references repeat.
fn service() -> impl Strategy<Value = Arc<Service>> {
    ("[ab]{0,1}", "[ab]{0,2}|\\PC{1,4}").prop_map(|(namespace, name)| {
        Arc::new(Service { host: format!("{name}.{namespace}.svc"), namespace, name, cluster: "c".to_owned() })
    })
}

fn workload() -> impl Strategy<Value = Arc<Workload>> {
    ("[ab]{0,2}", "[ab]{0,1}", "\\PC{0,2}").prop_map(|(name, canonical_service, canonical_revision)| {
        let (namespace, cluster) = ("n".to_owned(), String::new());
        Arc::new(Workload { namespace, name, canonical_service, canonical_revision, cluster })
    })
}

fn place() -> impl Strategy<Value = Arc<Place>> {
    ("[ab]{0,1}", "[ab]{0,1}").prop_map(|(node, zone)| Arc::new(Place { node, zone, region: "r".to_owned() }))
}

fn pod() -> impl Strategy<Value = Arc<Pod>> {
    let backings = btree_map(any::<u16>(), (any::<u16>(), service()), 0..4);
    let backing = |(target, (port, service))| Backing { target, port, service };
    let services = backings.prop_map(move |backings| backings.into_iter().map(backing).collect());
    let more = vec((0..9_u16, (any::<u16>(), service())), 0..4);
    let more = more.prop_map(move |mut more| {
        more.sort_by_key(|(target, _)| *target);
        more.into_iter().map(backing).collect()
    });
    let labels = btree_map("[ab]{1,2}", "\\PC{0,2}", 0..3).prop_map(|labels| labels.into_iter().collect());
    let names = ("\\PC{1,8}", "\\PC{0,8}", "[ab]{0,2}");
    (names, vec(ip(), 0..3), any::<bool>(), workload(), (services, more), place(), labels).prop_map(
        |((uid, name, service_account), addresses, host_network, workload, (services, more), place, labels)| {
            Arc::new(Pod {
                uid,
                name,
                addresses,
                host_network,
                workload,
                services,
                more_services: more,
                service_account,
                place,
                labels,
            })
        },
    )
}

fn tags() -> impl Strategy<Value = Vec<Tag>> {
    let expression = || Expression::parse("source.zone + '/' + destination.zone").unwrap();
    let value = proptest::option::of(proptest::option::of(any::<u32>()));
    btree_map("[a-d]", value, 0..3).prop_map(move |tags| {
        let value = |max_values| TagValue { expression: expression(), max_values };
        let tag = |(name, max_values): (String, Option<_>)| Tag {
            name: TagName::parse(&name).unwrap(),
            value: max_values.map(value),
        };
        tags.into_iter().map(tag).collect()
    })
}

/// Each metric in the first, in the second or in no group.
fn groups() -> impl Strategy<Value = Vec<Group>> {
    let named: Vec<Metric> = SeriesSet::NAMED.into_iter().flat_map(|set| Metrics::of(set).iter()).collect();
    let placed = vec(0..3_usize, named.len());
    (placed, tags(), tags()).prop_map(move |(placed, first, second)| {
        let of = |group| named.iter().zip(&placed).filter(|(_, at)| **at == group).map(|(metric, _)| *metric).collect();
        vec![Group { metrics: of(0), tags: first }, Group { metrics: of(1), tags: second }]
    })
}

fn matcher() -> impl Strategy<Value = StringMatcher> {
    let pattern = prop_oneof![
        "[a|.]{1,8}".prop_map(Pattern::Exact),
        "[a|.]{1,8}".prop_map(Pattern::Prefix),
        "[a|.]{1,8}".prop_map(Pattern::Suffix),
        "[a|.]{1,8}".prop_map(Pattern::Contains),
    ];
    let literal = (pattern, any::<bool>());
    let regex = "[a-c.*]{1,2}b".prop_filter_map("not a regular expression", |text| WholeRegex::parse(&text).ok());
    prop_oneof![literal, regex.prop_map(|regex| (Pattern::Regex(regex), false))]
        .prop_map(|(pattern, ignore_case)| StringMatcher::new(pattern, ignore_case).unwrap())
}

fn stats() -> impl Strategy<Value = StatsMatcher> {
    prop_oneof![
        Just(StatsMatcher::RejectAll),
        vec(matcher(), 0..3).prop_map(StatsMatcher::Inclusion),
        vec(matcher(), 0..3).prop_map(StatsMatcher::Exclusion),
    ]
}

fn time() -> impl Strategy<Value = Option<Duration>> {
    proptest::option::of((0..1_000_000_u64).prop_map(Duration::from_millis))
}

fn format() -> impl Strategy<Value = LogFormat> {
    let text = "[a%]{0,3}%(BYTES_SENT|START_TIME|DURATION:5|LONGWIRE\\(type\\))%\n?";
    let template = text.prop_filter_map("not a template", |text| Template::parse(&text).ok());
    prop_oneof![
        prop::sample::select(LogFormat::PRESETS.to_vec()).prop_map(|name| LogFormat::preset(name).unwrap()),
        template.prop_map(LogFormat::Text),
        // What a policy can only mean as a preset is another thing here.
        Just(LogFormat::Text(Template::parse("json").unwrap())),
    ]
}

fn outputs() -> impl Strategy<Value = LogOutputs> {
    prop::sample::subsequence(vec!["archive", "collector", "stdout"], 1..=3)
        .prop_map(|names| LogOutputs::parse(names).unwrap())
}

fn access_log() -> impl Strategy<Value = AccessLog> {
    let milliseconds = || any::<u32>().prop_map(|ms| Duration::from_millis(ms.into()));
    let events = prop::sample::subsequence(LogEvent::ALL.to_vec(), 0..=LogEvent::ALL.len());
    let events = events.prop_map(|events| events.into_iter().fold(LogEvents::NONE, LogEvents::with));
    let filter = proptest::option::of(any::<u16>().prop_map(|port| format!("destination.port == {port}")));
    let filter = filter.prop_map(|text| text.map(|text| Condition::parse(&text).unwrap()));
    let sample = (0..=1_000_000_u32).prop_map(|millionths| Share::try_from(millionths).unwrap());
    let (rate, until) = (proptest::option::of(any::<u32>()), proptest::option::of(any::<u64>()));
    (events, milliseconds(), milliseconds(), filter, sample, rate, until, format(), outputs()).prop_map(
        |(events, interval, min_duration, filter, sample, rate_limit, until, format, outputs)| AccessLog {
            events,
            interval,
            min_duration,
            filter,
            sample,
            rate_limit,
            until,
            format,
            outputs,
        },
    )
}

fn telemetry() -> impl Strategy<Value = Arc<Telemetry>> {
    (time(), groups(), groups(), proptest::option::of(stats()), proptest::option::of(access_log())).prop_map(
        |(long_connections, source, destination, stats, access_log)| {
            Arc::new(Telemetry { long_connections, source, destination, stats, access_log })
        },
    )
}

fn pairs(of: fn(&str, &str) -> Result<Pair, InvalidPair>) -> impl Strategy<Value = Vec<Pair>> {
    vec(("[a-z-]{1,4}", "[ -~]{0,4}").prop_filter_map("reserved", move |(key, value)| of(&key, &value).ok()), 0..3)
}

fn otlp() -> impl Strategy<Value = Target> {
    let endpoint = prop::sample::select(vec![None, Some("http://c:4317"), Some("https://[::1]/otlp")]);
    let words = (
        proptest::option::of(prop::sample::select(Protocol::ALL.to_vec())),
        proptest::option::of(prop::sample::select(Compression::ALL.to_vec())),
        proptest::option::of(prop::sample::select(Temporality::ALL.to_vec())),
    );
    let secret = proptest::option::of(Just(ExporterName::parse("s").unwrap()));
    let signals = (any::<bool>(), any::<bool>());
    (endpoint, words, time(), time(), pairs(Pair::header), pairs(Pair::attribute), secret, signals).prop_map(
        |(endpoint, (protocol, compression, temporality), timeout, interval, headers, resource, secret, signals)| {
            let endpoint = endpoint.map(|text| Endpoint::parse(text).unwrap());
            let (metrics, logs) = signals;
            Target::Otlp(Box::new(Otlp {
                endpoint,
                protocol,
                compression,
                timeout,
                interval,
                temporality,
                headers,
                resource,
                secret,
                metrics,
                logs,
            }))
        },
    )
}

fn statsd() -> impl Strategy<Value = Target> {
    let address = prop::sample::select(vec!["udp://c:1", "tcp://[::1]:65535", "unix:///a/b"]);
    let flush =
        prop_oneof![Just(Flush::OnScrape), (1..300_000_u64).prop_map(|ms| Flush::Every(Duration::from_millis(ms)))];
    let words = (
        prop::sample::select(Flavor::ALL.to_vec()),
        prop::sample::select(Histograms::ALL.to_vec()),
        "([a-z]{1,2}(\\.[a-z]){0,2})?",
    );
    (address, words, any::<u16>(), flush).prop_map(
        |(address, (flavor, histograms, prefix), max_packet_bytes, flush)| {
            let (address, prefix) = (StatsdAddress::parse(address).unwrap(), StatsdPrefix::parse(&prefix).unwrap());
            Target::Statsd(Box::new(Statsd { address, flavor, prefix, max_packet_bytes, flush, histograms }))
        },
    )
}

fn exporters() -> impl Strategy<Value = Vec<Exporter>> {
    let file =
        (any::<u64>(), any::<u32>()).prop_map(|(max_bytes, max_files)| Target::File(LogFile { max_bytes, max_files }));
    let targets = vec(prop_oneof![otlp(), statsd(), file], 0..4);
    targets.prop_map(|targets| {
        let named = targets
            .into_iter()
            .enumerate()
            .map(|(at, target)| Exporter { name: ExporterName::parse(&format!("e{at}")).unwrap(), target });
        named.collect()
    })
}

fn settings() -> impl Strategy<Value = NodeSettings> {
    let number = || proptest::option::of(any::<u32>());
    (time(), number(), number(), number(), number(), exporters()).prop_map(
        |(reporting_interval, series, long_connections, series_per_namespace, access_log_rate, exporters)| {
            NodeSettings {
                reporting_interval,
                series,
                long_connections,
                series_per_namespace,
                access_log_rate,
                exporters,
            }
        },
    )
}

fn local_pod() -> impl Strategy<Value = LocalPod> {
    (pod(), telemetry()).prop_map(|(pod, telemetry)| LocalPod { pod, telemetry })
}

fn frontend() -> impl Strategy<Value = Frontend> {
    let ports = btree_set(any::<u16>(), 0..3).prop_map(|ports| ports.into_iter().collect());
    let endpoints = btree_set((ip(), any::<u16>()), 0..3);
    let endpoints = endpoints.prop_map(|endpoints| endpoints.into_iter().map(SocketAddr::from).collect());
    (service(), ports, endpoints, any::<bool>()).prop_map(|(service, ports, endpoints, is_external)| Frontend {
        service,
        ports,
        endpoints,
        is_external,
    })
}

fn owner() -> impl Strategy<Value = Owner> {
    let kind = prop_oneof![
        pod().prop_map(OwnerKind::Pod),
        frontend().prop_map(OwnerKind::Service),
        "\\PC{0,8}".prop_map(OwnerKind::Node),
    ];
    let until = proptest::option::of(1..u64::MAX);
    (kind, any::<u64>(), until, any::<bool>()).prop_map(|(kind, from, until, observed)| Owner {
        kind,
        from,
        until,
        observed,
    })
}

fn update() -> impl Strategy<Value = Update> {
    let addresses = vec((ip(), vec(owner(), 0..3)), 0..4)
        .prop_map(|list| list.into_iter().map(|(address, owners)| Address { address, owners }).collect());
    let settings = proptest::option::of(settings());
    (any::<u64>(), settings, vec(local_pod(), 0..4), vec("\\PC{0,8}", 0..3), addresses).prop_map(
        |(version, settings, pods, removed_pods, addresses)| Update {
            version,
            settings,
            pods,
            removed_pods,
            addresses,
        },
    )
}

fn over_the_wire(sent: &proto::Update) -> proto::Update {
    proto::Update::decode(sent.encode_to_vec().as_slice()).unwrap()
}

proptest! {
    #[test]
    fn updates_survive_a_round_trip_on_a_stream(updates in vec(update(), 1..5)) {
        let (mut encoder, mut decoder) = (Encoder::default(), Decoder::default());
        for sent in updates {
            let received = decoder.decode(over_the_wire(&encoder.encode(&sent).unwrap())).unwrap();
            let pods: Vec<u64> = received.update.pods.iter().map(version::of_local_pod).collect();
            let addresses: Vec<u64> = received.update.addresses.iter().map(version::of_address).collect();
            prop_assert_eq!(&received.update, &sent);
            prop_assert_eq!(received.pod_versions, pods);
            prop_assert_eq!(received.address_versions, addresses);
        }
    }

    #[test]
    fn damaged_messages_are_refused_or_understood_and_never_panic(
        update in update(), at in any::<prop::sample::Index>(), byte in any::<u8>(), more in vec(any::<u8>(), 0..64),
    ) {
        let mut bytes = Encoder::default().encode(&update).unwrap().encode_to_vec();
        let at = at.index(bytes.len() + 1);
        bytes.splice(at..(at + 1).min(bytes.len()), [byte]);
        bytes.extend(more);
        if let Ok(message) = proto::Update::decode(bytes.as_slice()) {
            let _ = Decoder::default().decode(message);
        }
    }
}
