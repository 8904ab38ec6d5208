//! Overrides, tags, statistics and access logs.

use super::{AGE, MESH, explained, only, said, settings, tags};

#[test]
fn a_disabled_metric_of_a_set_that_is_off_is_said_to_have_no_effect() {
    let disabled = |metric: &str| format!("overrides: [{{match: {{metric: {metric}}}, disabled: true}}]");
    let (off, on) = (disabled("longwire_tcp_rtt_seconds"), disabled("istio_tcp_connections_opened_total"));
    let all = "overrides: [{match: {reporter: source}, disabled: false}]";
    let written = [
        MESH,
        ("TelemetryPolicy", "shop/unused", AGE, off.as_str()),
        ("TelemetryPolicy", "shop/used", AGE, on.as_str()),
        ("TelemetryPolicy", "root/kept", "", all),
    ];
    let status = explained("", &written);
    let overrides: Vec<_> = status
        .overrides
        .iter()
        .map(|it| format!("{}{} {}", it.disabled, only(&it.metrics), said(&it.provenance)))
        .collect();
    let others = "istio_tcp_connections_closed_total+istio_tcp_received_bytes_total+istio_tcp_sent_bytes_total";
    assert_eq!(overrides.len(), 3, "{overrides:#?}");
    assert!(overrides[0].starts_with("false of source istio_"), "{}", overrides[0]);
    assert!(
        overrides[0].ends_with(", destination  by TelemetryPolicy root kept spec.overrides[0].disabled"),
        "{}",
        overrides[0]
    );
    for name in others.split('+') {
        assert!(overrides[0].contains(name), "{name} {}", overrides[0]);
    }
    assert!(!overrides[0].contains("istio_tcp_connections_opened_total"), "{}", overrides[0]);
    let kept = |by: &str| {
        format!("lost TelemetryPolicy root kept spec.overrides[0].disabled: TelemetryPolicy shop/{by} is narrower")
    };
    assert_eq!(
        overrides[1..],
        [
            format!("true of no metric by TelemetryPolicy shop unused spec.overrides[0].disabled; {}", kept("unused")),
            format!(
                "true of istio_tcp_connections_opened_total by TelemetryPolicy shop used spec.overrides[0].disabled; {}",
                kept("used")
            ),
        ]
    );
}

#[test]
fn an_override_goes_before_an_extra_tag_metric_by_metric() {
    let tags = "tags: [{name: team, value: \"'shop'\"}, {name: tier, value: \"'web'\"}, {name: more, value: \"'x'\", optIn: true}]";
    let overrides = "overrides: [{tagOverrides: {team: {value: \"'mesh'\"}}}, \
                     {match: {metric: istio_tcp_sent_bytes_total}, tagOverrides: {tier: {value: \"'one'\"}, source_app: {operation: REMOVE}}}]";
    let written = [
        MESH,
        ("ExtraStatTags", "shop/tags", "", tags),
        ("ExtraStatTags", "root/tags", "", "tags: [{name: team, value: \"'root'\", maxValues: 3}]"),
        ("TelemetryPolicy", "root/over", "", overrides),
    ];
    let said = tags_of(&written);
    let field = "spec.overrides[1].tagOverrides";
    let over = "TelemetryPolicy root over";
    assert_eq!(said[0], format!("source_app removed of istio_tcp_sent_bytes_total by {over} {field}.source_app"));
    assert_eq!(
        said[1],
        format!(
            "team='mesh' by {over} spec.overrides[0].tagOverrides.team; \
             lost ExtraStatTags shop tags spec.tags[0] team: TelemetryPolicy root/over overrides it; \
             lost ExtraStatTags root tags spec.tags[0] team: TelemetryPolicy root/over overrides it"
        )
    );
    assert_eq!(
        said[2],
        format!(
            "tier='one' of istio_tcp_sent_bytes_total by {over} {field}.tier; \
             lost ExtraStatTags shop tags spec.tags[1] tier: TelemetryPolicy root/over overrides it"
        )
    );
    let others = "istio_tcp_received_bytes_total+istio_tcp_connections_opened_total+istio_tcp_connections_closed_total";
    assert_eq!(said[3], format!("tier='web' of {others} by ExtraStatTags shop tags spec.tags[1] tier"));
    assert_eq!(said.len(), 4, "{said:#?}");
}

fn tags_of(written: &[(&str, &str, &str, &str)]) -> Vec<String> {
    tags(&explained("", written))
}

#[test]
fn a_narrower_tag_of_the_same_name_has_it_and_an_annotation_chooses_others() {
    let tag = |value: &str| format!("tags: [{{name: team, value: \"'{value}'\", optIn: true}}]");
    let (broad, narrow) = (tag("broad"), tag("narrow"));
    let written =
        [("ExtraStatTags", "root/tags", "", broad.as_str()), ("ExtraStatTags", "shop/tags", "", narrow.as_str())];
    assert_eq!(tags_of(&written), [""; 0]);
    let status = explained("sidecar.istio.io/extraStatTags: \"team,nothing\"", &written);
    assert_eq!(
        tags(&status),
        ["team='narrow' by ExtraStatTags shop tags spec.tags[0] team; \
          lost ExtraStatTags root tags spec.tags[0] team: ExtraStatTags shop/tags is narrower"]
    );
    assert_eq!(
        (&status.annotations[0].name, &status.annotations[0].value),
        (&"sidecar.istio.io/extraStatTags".to_owned(), &"team,nothing".to_owned())
    );
    assert_eq!((status.problems.len(), &status.problems[0].object), (1, &None));
    assert!(status.problems[0].message.contains("has a tag \"nothing\""), "{:?}", status.problems);
}

#[test]
fn statistics_and_access_logs_have_their_origins_too() {
    let written = [
        ("StatsMatcher", "root/none", "", "rejectAll: true"),
        ("StatsMatcher", "shop/some", "", "inclusionPrefixes: [cluster.a], inclusionSuffixes: [.cx_total]"),
        ("TelemetryPolicy", "root/logs", "", "accessLogs: {enabled: true, rateLimit: 500, format: '%BYTES_SENT%'}"),
        (
            "TelemetryPolicy",
            "shop/logs",
            "",
            "accessLogs: {enabled: false, rateLimit: 5, sample: 12.5, events: [connect, close]}",
        ),
    ];
    let annotations =
        "telemetry.longwire.io/access-log: \"true\", sidecar.istio.io/statsInclusionPrefixes: \"cluster.b,cluster.c\"";
    let by = "by TelemetryPolicy shop logs spec.accessLogs";
    assert_eq!(
        settings(&explained(annotations, &written)),
        [
            "statsMatcher.inclusionPrefixes=cluster.b, cluster.c by Pod metadata.annotations.sidecar.istio.io/statsInclusionPrefixes; \
             lost StatsMatcher shop some spec.inclusionPrefixes: the pod's annotation goes before it; \
             lost StatsMatcher root none spec.rejectAll: the pod's annotation goes before it"
                .to_owned(),
            "statsMatcher.inclusionSuffixes=.cx_total by StatsMatcher shop some spec.inclusionSuffixes".to_owned(),
            "accessLogs.enabled=true by Pod metadata.annotations.telemetry.longwire.io/access-log; \
             lost TelemetryPolicy shop logs spec.accessLogs.enabled: the pod's annotation goes before it; \
             lost TelemetryPolicy root logs spec.accessLogs.enabled: the pod's annotation goes before it"
                .to_owned(),
            format!("accessLogs.events=connect,close {by}.events"),
            format!("accessLogs.sample=12.5% {by}.sample"),
            format!("accessLogs.rateLimit=5 {by}.rateLimit"),
            "accessLogs.rateLimit=500 of the node by TelemetryPolicy root logs spec.accessLogs.rateLimit".to_owned(),
            "accessLogs.format=a format string by TelemetryPolicy root logs spec.accessLogs.format".to_owned(),
        ]
    );
}
