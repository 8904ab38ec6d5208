use super::{INVALID_ANNOTATION, On, Warning, Warnings};
use crate::source::sample::log_of;
use tokio::sync::mpsc;

fn warning(note: &str) -> Warning {
    let text = str::to_owned;
    Warning {
        on: On::Pod,
        namespace: text("shop"),
        name: text("a"),
        uid: text("u"),
        reason: INVALID_ANNOTATION,
        note: text(note),
        occasion: String::new(),
    }
}

#[test]
fn without_events_warnings_are_logged() {
    let ((), lines) = log_of(|| Warnings::default().send(warning("x")));
    assert_eq!(lines, ["WARN Pod shop/a: x"]);
}

#[test]
fn warnings_without_room_are_counted_and_the_others_are_not_logged_here() {
    let (sender, mut receiver) = mpsc::channel(1);
    let mut warnings = Warnings::to(sender);
    let ((), lines) = log_of(|| ["x", "y", "z", "z"].into_iter().for_each(|note| warnings.send(warning(note))));
    let dropped = |count| format!("WARN {count} Events were dropped: the queue was full");
    assert_eq!(lines, [dropped(1), dropped(2)]);
    assert_eq!((receiver.try_recv().unwrap(), receiver.try_recv().is_err()), (warning("x"), true));
}
