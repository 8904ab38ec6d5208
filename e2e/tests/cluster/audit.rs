//! Requests of the API server's audit log.

use anyhow::Result;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, ListParams};
use longwire_kubernetes::Kubernetes;

#[test]
fn the_audit_log_has_each_list_once_with_its_user() -> Result<()> {
    let kubernetes = Kubernetes::shared()?;
    let namespace = kubernetes.namespace()?;
    let maps: Api<ConfigMap> = namespace.api();
    let path = format!("/api/v1/namespaces/{}/configmaps?", namespace.name);
    let lists = || -> Result<Vec<_>> {
        let requests = kubernetes.audit()?.into_iter();
        Ok(requests.filter(|request| request.verb == "list" && request.uri.starts_with(&path)).collect())
    };
    // Controllers access a new namespace too.
    let of_admin = |requests: Vec<longwire_kubernetes::audit::Request>| {
        requests.into_iter().filter(|request| request.user == "admin").collect::<Vec<_>>()
    };
    assert_eq!(of_admin(lists()?), []);
    kubernetes.block_on(maps.list(&ListParams::default()))?;
    let found = of_admin(lists()?);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].resource, "configmaps");
    Ok(())
}
