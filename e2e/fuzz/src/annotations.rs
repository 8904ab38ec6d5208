//! Annotations of a pod: a name and a value on each line.

use k8s_openapi::api::core::v1 as core;
use longwire_operator::policy::merge::{Level, Own, merge};
use longwire_operator::source::object::{MAX_ENTRIES, Pod};

pub(crate) fn fuzz(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    let mut pod = core::Pod::default();
    pod.metadata.namespace = Some("default".to_owned());
    pod.metadata.name = Some("a".to_owned());
    pod.metadata.annotations = Some(lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect());
    let pod = Pod::try_from(pod).expect("no annotation makes a pod invalid");
    let own = Own { annotation_settings: pod.annotation_settings.as_deref(), ..Own::default() };
    let merged = merge(&[Level::default()], own);
    assert!(merged.warnings.len() <= 4 * (MAX_ENTRIES + 2), "as many Events as a pod may have");
}
