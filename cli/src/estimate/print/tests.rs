use super::{EstimateOutput, print};
use longwire_live::SeriesEstimate;
use serde_json::json;

fn estimate() -> SeriesEstimate {
    serde_json::from_value(json!({
        "apiVersion": "live.telemetry.longwire.io/v1alpha1", "kind": "SeriesEstimate", "metadata": {"namespace": "shop"},
        "spec": {"object": {"kind": "ExtraStatTags", "metadata": {"name": "team", "namespace": "shop"}}},
        "status": {
            "complete": false, "warnings": ["1 of 2 nodes did not answer: n2"], "connections": 9, "relabelled": 4,
            "changes": [{"what": "label team becomes source.labels['team']", "pods": 1}],
            "series": {"before": 12, "after": 20, "stopped": 8, "later": 0},
            "metrics": [{"name": "istio_tcp_sent_bytes_total", "before": 12, "after": 20, "stopped": 8, "later": 0}],
            "namespaces": [{"name": "shop", "before": 12, "after": 20, "stopped": 8, "later": 0}],
            "overflows": [{"node": "n1", "namespace": "shop", "resource": "series", "limit": 100, "refused": 3}],
            "labels": [{"name": "team", "connections": 4, "unknown": 1, "overflow": 0, "values": 2,
                        "top": [{"value": "pay\u{1b}ments", "connections": 3}, {"value": "unknown", "connections": 1}]}],
        },
    }))
    .unwrap()
}

#[test]
fn an_estimate_as_a_table() {
    let text = print(&[estimate()], EstimateOutput::Table).unwrap();
    let text = anstream::adapter::strip_str(&text).to_string();
    let expected = "\
ExtraStatTags shop/team: 4 of 9 live connections would change
Warning: 1 of 2 nodes did not answer: n2
  label team becomes source.labels['team'] (1 pod)

SERIES                       BEFORE   AFTER   STOPPED   LATER
istio_tcp_sent_bytes_total       12      20         8       0
all                              12      20         8       0

NAMESPACE   BEFORE   AFTER   STOPPED   LATER
shop            12      20         8       0

LABEL   CONNECTIONS   VALUES   UNKNOWN   OVERFLOW   TOP
team              4        2       25%         0%   pay\u{fffd}ments (3), unknown (1)

no room: namespace shop on node n1 may have 100 series, and 3 times there would be no room for a connection
";
    assert_eq!(text, expected);
}

#[test]
fn one_is_itself_and_several_are_a_list() {
    let read = |estimates: &[SeriesEstimate]| -> serde_json::Value {
        serde_json::from_str(&print(estimates, EstimateOutput::Json).unwrap()).unwrap()
    };
    assert_eq!(read(&[estimate()])["status"]["series"]["after"], json!(20));
    assert_eq!(read(&[estimate(), estimate()])["items"].as_array().unwrap().len(), 2);
    assert!(print(&[estimate()], EstimateOutput::Yaml).unwrap().contains("relabelled: 4"));
}
