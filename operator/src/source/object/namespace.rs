use super::series::Bearer;
use super::{InvalidObject, SeriesAnnotation, cluster_wide};
use k8s_openapi::api::core::v1 as k8s;

/// Series sets of its pods, from its annotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    pub name: String,
    pub uid: String,
    pub series: SeriesAnnotation,
}

impl TryFrom<k8s::Namespace> for Namespace {
    type Error = InvalidObject;

    fn try_from(namespace: k8s::Namespace) -> Result<Self, Self::Error> {
        let series = SeriesAnnotation::of(namespace.metadata.annotations.as_ref(), Bearer::Namespace);
        let name = cluster_wide(&namespace.metadata)?;
        Ok(Self { name, uid: namespace.metadata.uid.unwrap_or_default(), series })
    }
}
