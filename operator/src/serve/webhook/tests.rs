use super::{MAX_REVIEW, router, verdict};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use rstest::rstest;
use serde_json::{Value, json};
use tower::util::ServiceExt;

const ROOT: &str = "longwire-system";

fn object(kind: &str, namespace: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "telemetry.longwire.io/v1alpha1", "kind": kind,
        "metadata": {"name": "p", "namespace": namespace, "uid": "u"}, "spec": spec,
    })
}

#[rstest]
#[case::an_expression("TelemetryPolicy", json!({"overrides": [{"tagOverrides": {"team": {"value": "source.wrkload"}}}]}), "spec.overrides[0].tagOverrides.team.value")]
#[case::of_a_tag("ExtraStatTags", json!({"tags": [{"name": "zone", "value": "1 + 1"}]}), "spec.tags[0].value")]
#[case::a_large_regex("StatsMatcher", json!({"inclusionRegexps": ["\\w{400}"]}), "spec.inclusionRegexps[0]")]
#[case::elsewhere("TelemetryPolicy", json!({"reportingInterval": "5s"}), "NotRootNamespace")]
#[case::too_large("StatsMatcher", json!({"inclusionPrefixes": ["x".repeat(40_000)]}), "TooLarge")]
fn an_object_that_is_not_accepted_is_refused_with_the_same_message(
    #[case] kind: &str,
    #[case] spec: Value,
    #[case] words: &str,
) {
    let refused = verdict(ROOT, kind, &object(kind, "shop", &spec), &Value::Null).unwrap_err();
    assert!(refused.starts_with("the operator would not accept it: ") && refused.contains(words), "{refused}");
}

#[rstest]
#[case::as_large_as_may_be(MAX_REVIEW, StatusCode::OK)]
#[case::larger(MAX_REVIEW + 1, StatusCode::PAYLOAD_TOO_LARGE)]
#[tokio::test]
async fn a_review_is_read_up_to_its_bound(#[case] bytes: usize, #[case] status: StatusCode) {
    let request = json!({"uid": "u", "kind": {"kind": "TelemetryPolicy"}, "object": {}, "oldObject": null});
    let mut review = json!({"request": request}).to_string();
    review += &" ".repeat(bytes - review.len());
    let request = Request::post("/review").header(header::CONTENT_TYPE, "application/json");
    let answer = router(ROOT.to_owned()).oneshot(request.body(Body::from(review)).unwrap()).await.unwrap();
    assert_eq!(answer.status(), status);
}

#[test]
fn what_it_accepts_and_what_it_cannot_tell_is_allowed() {
    let interval = object("TelemetryPolicy", ROOT, &json!({"reportingInterval": "5s"}));
    assert_eq!(verdict(ROOT, "TelemetryPolicy", &interval, &Value::Null), Ok(()));
    assert_eq!(verdict(ROOT, "Pod", &json!({}), &Value::Null), Ok(()));
    assert_eq!(verdict(ROOT, "TelemetryPolicy", &json!({"metadata": {}}), &Value::Null), Ok(()));
}

#[test]
fn an_edit_that_leaves_the_spec_as_it_is_is_allowed() {
    let spec = json!({"overrides": [{"tagOverrides": {"team": {"value": "source.wrkload"}}}]});
    let (wrong, right) = (object("TelemetryPolicy", "shop", &spec), object("TelemetryPolicy", "shop", &json!({})));
    assert_eq!(verdict(ROOT, "TelemetryPolicy", &wrong, &wrong), Ok(()));
    assert!(verdict(ROOT, "TelemetryPolicy", &wrong, &right).is_err());
}
