//! Warnings about pods' annotations.

use super::targets::Bound;
use crate::index::warning::{INVALID_ANNOTATION, On, TOO_MANY_LABELS, Warning};
use crate::source::object::Pod;
use longwire_model::limits::MAX_LABEL_BYTES;

/// Collects the warnings that the pod did not have just before, so that an edit does not repeat them.
pub(super) fn collect(pod: &Pod, bound: &Bound, former: Option<&Bound>, warnings: &mut Vec<Warning>) {
    let known = former.filter(|former| former.is_of(pod.node_uid()));
    for note in pod.series.warnings(known.and_then(Bound::annotation)) {
        warnings.push(warning(pod, INVALID_ANNOTATION, note));
    }
    if pod.labels_left_out > 0 && known.is_none() {
        let note = format!(
            "{} labels are not read: a pod may have {MAX_LABEL_BYTES} bytes of them, and these come last by name",
            pod.labels_left_out
        );
        warnings.push(warning(pod, TOO_MANY_LABELS, note));
    }
    let known_warnings = known.map(|known| known.outcome.warnings.as_slice()).unwrap_or_default();
    for new in bound.outcome.warnings.iter().filter(|new| !known_warnings.contains(new)) {
        warnings.push(warning(pod, new.reason, new.note.clone()));
    }
}

fn warning(pod: &Pod, reason: &'static str, note: String) -> Warning {
    let (namespace, name) = (pod.name.namespace.clone(), pod.name.name.clone());
    Warning { on: On::Pod, namespace, name, uid: pod.uid.clone(), reason, note, occasion: String::new() }
}
