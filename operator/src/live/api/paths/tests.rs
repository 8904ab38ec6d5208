use super::{Objects, Target};
use rstest::rstest;

const ROOT: &str = "/apis/live.telemetry.longwire.io/v1alpha1";

fn name_of(path: &str) -> String {
    match Target::of(path) {
        Target::Objects(Objects { resource, namespace, name }) => format!("{} {namespace:?} {name:?}", resource.plural),
        other => format!("{other:?}"),
    }
}

#[rstest]
#[case("/apis", "Groups")]
#[case("/apis/", "Groups")]
#[case("/apis/live.telemetry.longwire.io", "Group")]
#[case("/apis/apps", "Nothing")]
#[case("/openapi/v2", "OpenApiV2")]
#[case("/openapi/v3", "OpenApiIndex")]
#[case("/openapi/v3/apis/live.telemetry.longwire.io/v1alpha1", "OpenApiV3")]
#[case("/openapi/v3/apis/apps/v1", "Nothing")]
#[case("/healthz", "Health")]
#[case("/readyz", "Health")]
#[case("/livez", "Health")]
#[case("/version", "Version")]
#[case("/", "Nothing")]
#[case("", "Nothing")]
#[case("/metrics", "Nothing")]
#[case("/apis/%ff", "Nothing")]
fn documents_have_their_places(#[case] path: &str, #[case] target: &str) {
    assert_eq!(name_of(path), target);
}

#[rstest]
#[case("", "Resources")]
#[case("/", "Resources")]
#[case("/probes", "probes None None")]
#[case("/probes/n1", r#"probes None Some("n1")"#)]
#[case("/probes/ip-10-0-0-1.ec2.internal", r#"probes None Some("ip-10-0-0-1.ec2.internal")"#)]
#[case("/probes/n%31", r#"probes None Some("n1")"#)]
#[case("/probes/n1/status", "Nothing")]
#[case("/probes//", "Nothing")]
#[case("/pods", "Nothing")]
#[case("/namespaces/shop/probes", "Nothing")]
#[case("/namespaces/shop/probes/n1", "Nothing")]
#[case("/namespaces/shop/pods", "Nothing")]
#[case("/namespaces/shop", "Nothing")]
fn objects_have_theirs(#[case] path: &str, #[case] target: &str) {
    assert_eq!(name_of(&format!("{ROOT}{path}")), target);
}
