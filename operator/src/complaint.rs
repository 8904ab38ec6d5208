//! What a pod's annotations say and cannot be used.

/// Becomes one Event on the pod.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PodComplaint {
    pub namespace: String,
    pub name: String,
    pub uid: String,
    /// In CamelCase, at most 128 characters.
    pub reason: &'static str,
    /// What is wrong and what would be right; names the annotation.
    pub note: String,
}
