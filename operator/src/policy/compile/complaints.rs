//! What pods are told about their annotations.

use super::reach::Bound;
use crate::index::warning::{Complaint, INVALID_ANNOTATION, On, TOO_MANY_LABELS};
use crate::source::object::Pod;
use longwire_model::limits::MAX_LABEL_BYTES;

/// Notes what was not said of this pod just before: nothing is repeated at every edit of whatever.
pub(super) fn tell(pod: &Pod, bound: &Bound, former: Option<&Bound>, complaints: &mut Vec<Complaint>) {
    let known = former.filter(|former| former.is_of(pod.node_uid()));
    for note in pod.series.complaints(known.and_then(Bound::asked)) {
        complaints.push(complaint(pod, INVALID_ANNOTATION, note));
    }
    if pod.labels_left_out > 0 && known.is_none() {
        let note = format!(
            "{} labels are not read: a pod may have {MAX_LABEL_BYTES} bytes of them, and these come last by name",
            pod.labels_left_out
        );
        complaints.push(complaint(pod, TOO_MANY_LABELS, note));
    }
    let told = known.map(|known| known.outcome.complaints.as_slice()).unwrap_or_default();
    for new in bound.outcome.complaints.iter().filter(|new| !told.contains(new)) {
        complaints.push(complaint(pod, new.reason, new.note.clone()));
    }
}

fn complaint(pod: &Pod, reason: &'static str, note: String) -> Complaint {
    let (namespace, name) = (pod.name.namespace.clone(), pod.name.name.clone());
    Complaint { on: On::Pod, namespace, name, uid: pod.uid.clone(), reason, note, occasion: String::new() }
}
