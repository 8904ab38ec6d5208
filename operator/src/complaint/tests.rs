use super::{Complaints, INVALID_ANNOTATION, PodComplaint};
use crate::sample::log_of;
use tokio::sync::mpsc;

fn complaint(note: &str) -> PodComplaint {
    let text = str::to_owned;
    PodComplaint {
        namespace: text("shop"),
        name: text("a"),
        uid: text("u"),
        reason: INVALID_ANNOTATION,
        note: text(note),
    }
}

#[test]
fn every_complaint_is_logged_and_those_without_room_are_counted() {
    let (sender, mut receiver) = mpsc::channel(1);
    let mut complaints = Complaints::to(sender);
    let ((), lines) = log_of(|| ["x", "y", "z", "z"].into_iter().for_each(|note| complaints.tell(complaint(note))));
    let dropped = |count| format!("WARN {count} Events on pods were not made: more waited than there is room for");
    let logged = |note| format!("WARN Pod shop/a: {note}");
    assert_eq!(lines, [logged("x"), logged("y"), dropped(1), logged("z"), dropped(2), logged("z")]);
    assert_eq!((receiver.try_recv().unwrap(), receiver.try_recv().is_err()), (complaint("x"), true));
}
