use super::{Controller, Naming};
use crate::canonical::Labels;
use rstest::rstest;

fn workload(generate_name: &str, labels: &[(&str, &str)], controller: Option<(&str, &str)>) -> String {
    let labels: Labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let controller = controller.map(|(kind, name)| Controller { kind: kind.to_owned(), name: name.to_owned() });
    let naming = Naming { pod: "the-pod", generate_name, labels: &labels, controller: controller.as_ref() };
    naming.workload().to_owned()
}

const HASH: (&str, &str) = ("pod-template-hash", "7d4b9c");
const ROLLOUT_HASH: (&str, &str) = ("rollouts-pod-template-hash", "5f6");

#[rstest]
#[case::deployment(&[HASH], ("ReplicaSet", "web-7d4b9c"), "web")]
#[case::a_bare_replica_set(&[], ("ReplicaSet", "web"), "web")]
#[case::a_replica_set_that_another_made(&[HASH], ("ReplicaSet", "web-other"), "web-other")]
#[case::an_empty_hash(&[("pod-template-hash", "")], ("ReplicaSet", "web-"), "web-")]
#[case::a_hash_without_a_hyphen(&[HASH], ("ReplicaSet", "web7d4b9c"), "web7d4b9c")]
#[case::rollout(&[ROLLOUT_HASH], ("ReplicaSet", "web-5f6"), "web")]
#[case::a_rollout_beside_a_foreign_hash(&[HASH, ROLLOUT_HASH], ("ReplicaSet", "web-5f6"), "web")]
#[case::deployment_config(&[("deploymentconfig", "dc")], ("ReplicationController", "web-3"), "dc")]
#[case::replication_controller(&[], ("ReplicationController", "web-3"), "web-3")]
#[case::an_empty_deployment_config(&[("deploymentconfig", "")], ("ReplicationController", "web-3"), "web-3")]
#[case::deployment_config_of_another_kind(&[("deploymentconfig", "dc")], ("StatefulSet", "db"), "db")]
#[case::job(&[], ("Job", "report"), "report")]
#[case::cron_job(&[], ("Job", "report-28473651"), "report")]
#[case::cron_job_of_ten_digits(&[], ("Job", "report-1234567890"), "report")]
#[case::a_job_with_seven_digits(&[], ("Job", "report-1234567"), "report-1234567")]
#[case::a_job_with_eleven_digits(&[], ("Job", "report-12345678901"), "report-12345678901")]
#[case::a_job_with_a_letter(&[], ("Job", "report-2847365a"), "report-2847365a")]
#[case::a_job_of_digits_alone(&[], ("Job", "-28473651"), "-28473651")]
#[case::only_the_last_number_of_a_job(&[], ("Job", "report-20240101-28473651"), "report-20240101")]
#[case::stateful_set(&[HASH], ("StatefulSet", "db-7d4b9c"), "db-7d4b9c")]
#[case::daemon_set(&[], ("DaemonSet", "agent"), "agent")]
#[case::a_custom_kind(&[], ("Cluster", "pg"), "pg")]
#[case::a_controller_without_a_name(&[], ("StatefulSet", ""), "the-pod")]
fn a_controlled_pod_is_named_after_its_owner(
    #[case] labels: &[(&str, &str)],
    #[case] controller: (&str, &str),
    #[case] expected: &str,
) {
    assert_eq!(workload("the-", labels, Some(controller)), expected);
}

#[test]
fn a_pod_without_a_controller_is_its_own_workload() {
    assert_eq!(workload("the-", &[HASH], None), "the-pod");
}

#[test]
fn a_pod_whose_name_was_not_generated_is_its_own_workload() {
    assert_eq!(workload("", &[HASH], Some(("ReplicaSet", "web-7d4b9c"))), "the-pod");
}

#[rstest]
#[case::over_the_owner("the-", Some(("ReplicaSet", "web-7d4b9c")), "mine")]
#[case::over_the_pod("", None, "mine")]
#[case::even_empty("the-", Some(("DaemonSet", "agent")), "")]
fn the_workload_name_label_overrides(
    #[case] generate_name: &str,
    #[case] controller: Option<(&str, &str)>,
    #[case] expected: &str,
) {
    let labels = [HASH, ("service.istio.io/workload-name", expected)];
    assert_eq!(workload(generate_name, &labels, controller), expected);
}
