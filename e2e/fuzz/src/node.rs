//! A pipeline with a pod on its node, and invariants that hold after any input.

use longwire_export::exposition::{Cursor, Encoder, Format};
use longwire_model::identity::{Place, Pod, Workload};
use longwire_model::series::SeriesSets;
use longwire_model::telemetry::Telemetry;
use longwire_model::update::{LocalPod, Update};
use longwire_pipeline::metrics::Budget;
use longwire_pipeline::pipeline::{Dropped, KubeletCgroups, Options, Pipeline, SaveCursor, Waits};
use std::sync::Arc;

pub(crate) const S: u64 = 1_000_000_000;

pub(crate) fn options() -> Options {
    Options {
        budget: Budget::shared(2_000, 50),
        max_connections: 100,
        long_connection_threshold: 5 * S,
        waits: Waits { answer: 3 * S, pod: 3 * S, settling: S },
        max_pending: 50,
        host_netns: 1,
        kubelet_cgroups: KubeletCgroups::default(),
        wall_clock_offset: 1_700_000_000 * S,
        live_history: 8,
    }
}

/// The pod `a` at 10.0.0.1, in the cgroup 1.
pub(crate) fn pipeline() -> Pipeline {
    let workload = Workload {
        namespace: "default".to_owned(),
        name: "a".to_owned(),
        canonical_service: "a".to_owned(),
        canonical_revision: "latest".to_owned(),
        cluster: "Kubernetes".to_owned(),
    };
    let pod = Pod {
        uid: "uid-a".to_owned(),
        name: "a-0".to_owned(),
        addresses: vec!["10.0.0.1".parse().expect("an address")],
        host_network: false,
        workload: Arc::new(workload),
        services: Vec::new(),
        more_services: Vec::new(),
        service_account: "a".to_owned(),
        place: Arc::new(Place { node: "node".to_owned(), zone: "zone".to_owned(), region: "region".to_owned() }),
        labels: Vec::new(),
    };
    let telemetry = Arc::new(Telemetry::plain(SeriesSets::default()));
    let mut pipeline = Pipeline::new(options());
    pipeline.local_cgroups([(1, "kubepods/poduid-a/x".to_owned())]);
    let pods = vec![LocalPod { pod: Arc::new(pod), telemetry }];
    pipeline.apply(&Update { pods, ..Update::default() }, 100 * S);
    pipeline
}

/// It can be scraped, and its saved state restores completely.
pub(crate) fn check(pipeline: &mut Pipeline, now: u64) {
    pipeline.publish();
    for format in [Format::Text, Format::OpenMetrics] {
        let (mut encoder, mut text, mut cursor) = (Encoder::default(), Vec::new(), Cursor::new(format));
        while encoder.render(pipeline.store(), &mut cursor, 64 << 10, &mut text) {}
        assert!(String::from_utf8(text).is_ok(), "a scrape that is no text");
    }
    let (mut cursor, mut state) = (SaveCursor::new(), Vec::new());
    while pipeline.save(&mut cursor, 4 << 10, &mut state) {}
    let restored = Pipeline::restore(options(), &state, now).expect("a state that was saved is one");
    assert_eq!(restored.dropped, Dropped::default(), "what was saved is whole");
}
