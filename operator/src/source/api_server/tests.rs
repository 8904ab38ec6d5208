use super::failure::WatchFailure;
use super::kinds::Watched;
use super::reduced::Reduced;
use super::store::Store;
use crate::source::event::Event;
use crate::source::object::{Kind, Name, Object};
use crate::source::sample::{keys_of, log_of};
use k8s_openapi::api::core::v1 as core;
use kube::core::Status;
use kube::runtime::watcher::{Error, InitialListStrategy};
use longwire_crds::{ExtraStatTags, TelemetryPolicy};
use rstest::rstest;
use serde_json::{Value, from_value, json};

fn reduced<K: Watched>(object: Value) -> Reduced<K> {
    from_value(object).unwrap()
}

fn pod(name: &str, version: u32, address: &str) -> Reduced<core::Pod> {
    reduced(json!({
        "metadata": {"name": name, "namespace": "shop", "uid": name, "resourceVersion": version.to_string(),
                     "managedFields": [{"manager": "kubelet"}]},
        "status": {"podIPs": [{"ip": address}]},
    }))
}

fn service(name: &str, version: u32, kind: &str) -> Reduced<core::Service> {
    reduced(json!({
        "metadata": {"name": name, "namespace": "shop", "resourceVersion": version.to_string()},
        "spec": {"type": kind},
    }))
}

/// The events of a list.
fn list<K>(store: &mut Store, objects: impl IntoIterator<Item = Reduced<K>>) -> Vec<String> {
    store.begin();
    let mut events: Vec<Event> = objects.into_iter().filter_map(|reduced| store.see(reduced.entry())).collect();
    let mut gone = store.end();
    gone.sort_by_key(|event| format!("{event:?}"));
    events.extend(gone);
    keys_of(&events)
}

fn see<K>(store: &mut Store, reduced: Reduced<K>) -> Vec<String> {
    keys_of(&store.see(reduced.entry()).into_iter().collect())
}

/// One that has listed pods `a` and `b`.
fn listed() -> Store {
    let mut store = Store::new(Kind::Pod);
    let events = list(&mut store, [pod("a", 1, "10.0.0.1"), pod("b", 2, "10.0.0.2")]);
    assert_eq!(events, ["+Pod shop/a", "+Pod shop/b"]);
    store
}

#[test]
fn a_list_after_an_outage_reports_only_changes() {
    let mut store = listed();
    let events = list(&mut store, [pod("b", 3, "10.0.0.9"), pod("c", 4, "10.0.0.3")]);
    assert_eq!(events, ["+Pod shop/b", "+Pod shop/c", "-Pod shop/a"]);
}

#[test]
fn a_list_that_breaks_off_takes_nothing_away() {
    let mut store = listed();
    store.begin();
    assert_eq!(see(&mut store, pod("a", 1, "10.0.0.1")), [""; 0]);
    // The next one is whole, and `a` went between the two.
    assert_eq!(list(&mut store, [pod("b", 2, "10.0.0.2")]), ["-Pod shop/a"]);
}

#[test]
fn a_change_of_an_unused_field_is_not_sent() {
    let mut store = listed();
    assert_eq!(see(&mut store, pod("a", 5, "10.0.0.1")), [""; 0]);
    assert_eq!(see(&mut store, pod("a", 6, "10.0.0.7")), ["+Pod shop/a"]);
}

#[test]
fn a_deletion_is_sent_once() {
    let mut store = listed();
    let name = Name::new("shop", "a");
    assert_eq!(keys_of(&store.lose(&name).into_iter().collect()), ["-Pod shop/a"]);
    assert_eq!(store.lose(&name), None);
    assert_eq!(keys_of(&store.clear()), ["-Pod shop/b"]);
}

#[test]
fn what_decides_nothing_any_more_goes() {
    let mut store = Store::new(Kind::Service);
    assert_eq!(see(&mut store, service("s", 1, "ExternalName")), [""; 0]);
    assert_eq!(see(&mut store, service("s", 2, "ClusterIP")), ["+Service shop/s"]);
    assert_eq!(see(&mut store, service("s", 3, "ExternalName")), ["-Service shop/s"]);
    assert_eq!(store.lose(&Name::new("shop", "s")), None);
}

#[test]
fn a_pod_that_cannot_be_read_is_named_once_a_version_and_stays_what_it_was() {
    let mut store = listed();
    let broken = || {
        reduced::<core::Pod>(
            json!({"metadata": {"name": "a", "namespace": "shop", "resourceVersion": "5"}, "spec": {"nodeName": 5}}),
        )
    };
    let (events, lines) = log_of(|| [see(&mut store, broken()), list(&mut store, [broken(), pod("c", 1, "::1")])]);
    assert_eq!(events, [vec![], vec!["+Pod shop/c".to_owned(), "-Pod shop/b".to_owned()]]);
    let expected =
        "ERROR Pod shop/a: spec.nodeName: invalid type: integer `5`, expected a string: this version of it is ignored";
    assert_eq!(lines, [expected]);
    // Its mend is no change if it is again what it was.
    assert_eq!(see(&mut store, pod("a", 6, "10.0.0.1")), [""; 0]);
}

#[test]
fn an_unreadable_policy_is_reported_in_its_place() {
    let mut store = Store::new(Kind::TelemetryPolicy);
    let object = json!({
        "apiVersion": "telemetry.longwire.io/v1alpha1", "kind": "TelemetryPolicy",
        "metadata": {"name": "p", "namespace": "shop", "uid": "u", "resourceVersion": "1", "generation": 3},
        "spec": 7,
    });
    let (event, lines) = log_of(|| store.see(reduced::<TelemetryPolicy>(object).entry()));
    let Some(Event::Apply(Object::Unreadable(unreadable))) = event else { panic!("{event:?}") };
    assert_eq!((unreadable.key.to_string().as_str(), unreadable.uid.as_str()), ("TelemetryPolicy shop/p", "u"));
    assert_eq!((unreadable.generation, lines.len()), (3, 1));
    assert!(
        unreadable.refusal.message.starts_with("spec: invalid type: integer `7`"),
        "{}",
        unreadable.refusal.message
    );
}

/// As an API server with another release's definition of the kind sends it.
fn of_another_release(resource_version: u32, version: &str, spec: &Value) -> Reduced<TelemetryPolicy> {
    reduced(json!({
        "apiVersion": format!("telemetry.longwire.io/{version}"), "kind": "TelemetryPolicy",
        "metadata": {"name": "p", "namespace": "shop", "uid": "u", "horizon": 1,
                     "resourceVersion": resource_version.to_string()},
        "spec": spec, "status": {"horizon": 2}, "horizon": 3,
    }))
}

#[test]
fn a_policy_of_another_release_is_refused_by_name_and_logged_once() {
    let cases = [
        ("v1alpha1", json!({"overrides": {"all": true}}), "spec.overrides: invalid type: map"),
        ("v1alpha1", json!({"overrides": [{"disabled": "y"}]}), "spec.overrides[0].disabled: invalid type"),
        ("v2", json!({}), "apiVersion: telemetry.longwire.io/v2 is not known to this operator: write"),
    ];
    for (version, spec, expected) in cases {
        let mut store = Store::new(Kind::TelemetryPolicy);
        let look = |()| store.see(of_another_release(1, version, &spec).entry());
        let (events, lines) = log_of(|| [(); 2].map(look));
        let [Some(Event::Apply(Object::Unreadable(unreadable))), None] = events else { panic!("{events:?}") };
        assert!(unreadable.refusal.message.starts_with(expected), "{}", unreadable.refusal.message);
        assert_eq!(lines, [format!("ERROR TelemetryPolicy shop/p: {}: it has no effect", unreadable.refusal.message)]);
        let mended = store.see(of_another_release(2, "v1alpha1", &json!({})).entry());
        assert!(matches!(mended, Some(Event::Apply(Object::TelemetryPolicy(_)))), "{mended:?}");
    }
}

#[test]
fn of_a_policy_of_a_later_release_what_is_known_counts_and_the_rest_is_named() {
    let cases = [
        (json!({"seriesSets": []}), None),
        (json!({"horizon": 5}), Some("spec.horizon is")),
        (
            json!({"overrides": [{}, {"match": {"reporter": "source", "way": "up"}}], "a": null, "b": {}, "c": []}),
            Some("spec.a, spec.b, spec.c are"),
        ),
        (
            json!({"overrides": [{}, {"match": {"metric": "istio_tcp_sent_bytes_total", "way": "up"}}]}),
            Some("spec.overrides[1].match.way is"),
        ),
    ];
    for (spec, expected) in cases {
        let event = Store::new(Kind::TelemetryPolicy).see(of_another_release(1, "v1alpha1", &spec).entry());
        let Some(Event::Apply(Object::TelemetryPolicy(policy))) = event else { panic!("{event:?}") };
        let rest = "not known to this operator and without effect: leave out, or upgrade the operator";
        assert_eq!(policy.unknown, expected.map(|expected| format!("{expected} {rest}")));
    }
}

#[test]
fn a_policy_that_is_refused_is_one_all_the_same() {
    let mut store = Store::new(Kind::ExtraStatTags);
    let object = json!({
        "apiVersion": "telemetry.longwire.io/v1alpha1", "kind": "ExtraStatTags",
        "metadata": {"name": "p", "namespace": "shop", "uid": "u", "resourceVersion": "1"},
        "spec": {"tags": [{"name": "zone", "value": "source.zne"}]},
    });
    assert_eq!(see(&mut store, reduced::<ExtraStatTags>(object)), ["+ExtraStatTags shop/p"]);
}

#[test]
fn a_policy_that_the_index_did_not_keep_is_sent_again_when_it_is_listed_again() {
    let policy = || of_another_release(1, "v1alpha1", &json!({}));
    let mut store = Store::new(Kind::TelemetryPolicy);
    let kept = store.see(policy().entry());
    assert!(kept.is_some());
    assert_eq!(list(&mut store, [policy()]), [""; 0]);
    drop(kept);
    assert_eq!(list(&mut store, [policy()]), ["+TelemetryPolicy shop/p"]);
    // The deletion is sent, whether the index kept the object or not.
    assert_eq!(list(&mut store, Vec::<Reduced<TelemetryPolicy>>::new()), ["-TelemetryPolicy shop/p"]);
}

#[test]
fn what_is_not_even_an_object_is_an_error_of_the_watch() {
    assert!(from_value::<Reduced<core::Pod>>(json!({"metadata": {"namespace": "shop"}})).is_err());
    assert!(from_value::<Reduced<core::Pod>>(json!([1])).is_err());
}

fn status(code: u16) -> Box<Status> {
    Status::failure("because", "Because").with_code(code).boxed()
}

#[rstest]
#[case::no_streaming_lists(Error::WatchStartFailed(kube::Error::Api(status(422))), WatchFailure::NoStreaming)]
#[case::refused_otherwise(Error::WatchFailed(kube::Error::Api(status(422))), WatchFailure::Passing)]
#[case::no_such_kind(Error::WatchStartFailed(kube::Error::Api(status(404))), WatchFailure::Missing)]
#[case::not_allowed(Error::WatchStartFailed(kube::Error::Api(status(403))), WatchFailure::Forbidden)]
#[case::fell_behind(Error::WatchError(status(410)), WatchFailure::Expired)]
#[case::fell_behind_at_once(Error::WatchStartFailed(kube::Error::Api(status(410))), WatchFailure::Expired)]
#[case::busy(Error::WatchStartFailed(kube::Error::Api(status(503))), WatchFailure::Passing)]
#[case::no_version(Error::NoResourceVersion, WatchFailure::Passing)]
fn an_error_decides_how_to_continue(#[case] error: Error, #[case] expected: WatchFailure) {
    assert_eq!(WatchFailure::of(&error, &InitialListStrategy::StreamingList), expected);
}

#[test]
fn refused_pages_are_not_requested_in_another_way() {
    let error = Error::WatchStartFailed(kube::Error::Api(status(400)));
    assert_eq!(WatchFailure::of(&error, &InitialListStrategy::ListWatch), WatchFailure::Passing);
}

#[test]
fn a_kind_that_is_not_installed_is_logged_with_the_remedy() {
    let error = Error::WatchStartFailed(kube::Error::Api(status(404)));
    let text = WatchFailure::Missing.text(&error, "telemetry.longwire.io", "statsmatchers");
    let expected = "statsmatchers.telemetry.longwire.io: the API server does not know this kind: there are none until it \
                    is installed with kubectl apply -f crds/manifests";
    assert_eq!(text, expected);
}
