//! Whatever a name says, an attribute has it as it is, and the body has nothing that a terminal obeys.

use super::{attributes, encoded, sample, text};
use longwire_model::access_log::LogEvent;
use longwire_model::identity::{Pod, Service, Workload};
use longwire_pipeline::log::LogRecord;
use longwire_pipeline::observation::{DestinationService, Edge};
use proptest::prelude::*;
use rstest::rstest;
use std::sync::Arc;

fn named(name: &str) -> LogRecord {
    let name = || name.to_owned();
    let workload = Workload {
        namespace: name(),
        name: name(),
        canonical_service: name(),
        canonical_revision: name(),
        cluster: name(),
    };
    let service = Arc::new(Service { namespace: name(), name: name(), host: name(), cluster: name() });
    let record = sample(LogEvent::Close);
    let pod = record.source_pod.map(|pod| Arc::new(Pod { name: name(), ..Pod::clone(&pod) }));
    let edge = Edge {
        source: Some(Arc::new(workload)),
        destination_service: DestinationService::Service(Arc::clone(&service)),
        ..record.edge
    };
    LogRecord { edge, source_pod: pod, requested_service: Some(service), ..record }
}

const NAMES: [&str; 9] = [
    "server.k8s.service.host",
    "source.k8s.namespace.name",
    "source.k8s.workload.name",
    "source.k8s.pod.name",
    "source.service.name",
    "source.service.version",
    "destination.k8s.service.name",
    "destination.k8s.service.namespace",
    "destination.k8s.service.host",
];

fn check(name: &str) {
    let record = named(name);
    let read = attributes(&record);
    for attribute in NAMES {
        assert_eq!(read[attribute], name, "{attribute}");
    }
    let body = text(encoded(&record).body.as_ref());
    assert!(!body.contains(|character: char| character.is_control()), "{body:?}");
}

#[rstest]
#[case::quotes("\"\"\"")]
#[case::newlines("a\n{\"time\":0}\n")]
#[case::what_a_terminal_obeys("\u{1b}[2J\u{7f}\u{9b}2J\u{8}\u{7}")]
#[case::zero_bytes("\u{0}a\u{0}")]
#[case::the_largest_character("\u{10ffff}\u{ffff}")]
#[case::sixteen_kibibytes(&"\"\\\n\u{e9}".repeat(4 << 10))]
fn a_hostile_name_is_read_back_as_it_was(#[case] name: &str) {
    check(name);
}

/// No attribute is there without a value.
#[test]
fn an_empty_name_is_an_unknown_one() {
    let read = attributes(&named(""));
    assert!(NAMES.iter().all(|name| !read.contains_key(*name)), "{read:?}");
}

proptest! {
    #[test]
    fn any_name_is_read_back_as_it_was(name in "(?s).{1,40}") {
        prop_assume!(name != "unknown");
        check(&name);
    }
}
