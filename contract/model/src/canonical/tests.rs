use super::{Labels, canonical_revision, canonical_service};
use rstest::rstest;

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[rstest]
#[case::nothing(&[], "workload")]
#[case::app(&[("app", "a")], "a")]
#[case::kubernetes_name_over_app(&[("app", "a"), ("app.kubernetes.io/name", "n")], "n")]
#[case::canonical_name_over_all(
    &[("app", "a"), ("app.kubernetes.io/name", "n"), ("service.istio.io/canonical-name", "c")],
    "c"
)]
#[case::an_empty_canonical_name_wins(&[("app", "a"), ("service.istio.io/canonical-name", "")], "")]
#[case::an_empty_kubernetes_name_wins(&[("app", "a"), ("app.kubernetes.io/name", "")], "")]
#[case::an_empty_app_wins(&[("app", "")], "")]
#[case::other_labels_do_not_count(&[("k8s-app", "a"), ("name", "n"), ("App", "A")], "workload")]
fn the_first_name_label_that_is_there_names_the_service(#[case] pairs: &[(&str, &str)], #[case] expected: &str) {
    assert_eq!(canonical_service(&labels(pairs), "workload"), expected);
}

#[rstest]
#[case::nothing(&[], "latest")]
#[case::version(&[("version", "v1")], "v1")]
#[case::kubernetes_version_over_version(&[("version", "v1"), ("app.kubernetes.io/version", "2.0")], "2.0")]
#[case::canonical_revision_over_all(
    &[("version", "v1"), ("app.kubernetes.io/version", "2.0"), ("service.istio.io/canonical-revision", "r")],
    "r"
)]
#[case::an_empty_canonical_revision_wins(&[("version", "v1"), ("service.istio.io/canonical-revision", "")], "")]
#[case::an_empty_kubernetes_version_wins(&[("version", "v1"), ("app.kubernetes.io/version", "")], "")]
#[case::an_empty_version_wins(&[("version", "")], "")]
fn the_first_revision_label_that_is_there_names_the_revision(#[case] pairs: &[(&str, &str)], #[case] expected: &str) {
    assert_eq!(canonical_revision(&labels(pairs)), expected);
}
