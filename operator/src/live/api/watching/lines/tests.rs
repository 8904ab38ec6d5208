use super::{Form, IncludeObject, Lines};
use crate::live::api::status::Failure;
use crate::live::fake::facts;
use crate::live::merge::Merged;
use crate::live::view::Views;
use crate::live::watcher::{Event, EventKind};
use longwire_live::resource;
use serde_json::{Value, json};

fn made(form: Form, write: impl FnOnce(&mut Lines)) -> Vec<Value> {
    let mut lines = Lines::new(resource("connections").unwrap(), form, IncludeObject::Metadata);
    write(&mut lines);
    let chunk = lines.take().unwrap();
    assert_eq!(lines.take(), None);
    std::str::from_utf8(&chunk).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn event() -> Event {
    let state = Views::new(6).publish(&facts(1, Some("web"), None), Merged::default(), None);
    Event { kind: EventKind::Added, state }
}

#[test]
fn an_event_is_a_line_in_the_form_that_is_wanted() {
    let of = |form| made(form, |lines| [(), ()].iter().for_each(|()| lines.event(&event(), "shop")));
    let plain = of(Form::Objects);
    assert_eq!((&plain[0]["type"], &plain[0]["object"]["kind"]), (&json!("ADDED"), &json!("Connection")));
    assert_eq!((plain.len(), &plain[1]["object"]["metadata"]["resourceVersion"]), (2, &json!("7")));
    let table = of(Form::Table);
    assert_eq!(table[0]["object"]["columnDefinitions"][0]["name"], "Name");
    assert_eq!(table[1]["object"]["columnDefinitions"], Value::Null);
    assert_eq!(table[1]["object"]["rows"][0]["cells"][1], "Open");
    assert_eq!(of(Form::Metadata)[0]["object"]["kind"], "PartialObjectMetadata");
}

#[test]
fn a_bookmark_is_of_our_kind_and_says_what_it_marks() {
    let [first, second] = &made(Form::Objects, |lines| {
        lines.bookmark(9, None, true);
        lines.bookmark(12, Some(3), false);
    })[..] else {
        panic!("two lines")
    };
    let expected = json!({
        "kind": "Connection", "apiVersion": "live.telemetry.longwire.io/v1alpha1",
        "metadata": {"resourceVersion": "9", "annotations": {"k8s.io/initial-events-end": "true"}},
    });
    assert_eq!((&first["type"], &first["object"]), (&json!("BOOKMARK"), &expected));
    let missed = &second["object"]["metadata"]["annotations"];
    assert_eq!(*missed, json!({"live.telemetry.longwire.io/missed-updates": "3"}));
}

#[test]
fn an_error_is_a_status_in_every_form() {
    let [line] = &made(Form::Table, |lines| lines.error(&Failure::expired("too old")))[..] else { panic!("a line") };
    assert_eq!((&line["type"], &line["object"]["code"]), (&json!("ERROR"), &json!(410)));
    assert_eq!((&line["object"]["kind"], &line["object"]["reason"]), (&json!("Status"), &json!("Expired")));
}
