use super::groups;
use longwire_live::EffectiveTelemetry;
use longwire_live::effective_telemetry::{EffectiveSet, EffectiveTelemetrySpec, EffectiveTelemetryStatus};

fn telemetry(pod: &str, workload: &str, on: bool) -> EffectiveTelemetry {
    let spec = EffectiveTelemetrySpec {
        workload: workload.to_owned(),
        node: Some("n1".to_owned()),
        canonical_service: workload.to_owned(),
        canonical_revision: "v1".to_owned(),
        services: vec!["web".to_owned()],
    };
    let mut made = EffectiveTelemetry::new(pod, spec);
    let set = EffectiveSet { name: "istio".to_owned(), on, ..EffectiveSet::default() };
    made.status = Some(EffectiveTelemetryStatus { series_sets: vec![set], ..EffectiveTelemetryStatus::default() });
    made
}

#[test]
fn pods_with_the_same_telemetry_are_one_group_and_the_largest_stands_first() {
    let mut telemetries: Vec<_> = (0..100).rev().map(|at| telemetry(&format!("web-{at:02}"), "web", true)).collect();
    telemetries.insert(3, telemetry("a", "old", false));
    let groups = groups(telemetries);
    let sizes: Vec<_> = groups.iter().map(|group| (group.pods.len(), group.pods[0].as_str())).collect();
    assert_eq!(sizes, [(100, "web-00"), (1, "a")]);
    assert_eq!((groups[0].workloads.len(), groups[0].nodes.len(), groups[0].canonical_services.len()), (1, 1, 1));
    assert!(groups[0].telemetry.series_sets[0].on && !groups[1].telemetry.series_sets[0].on);
}

#[test]
fn without_pods_there_is_no_group() {
    assert_eq!(groups(Vec::new()), []);
}
