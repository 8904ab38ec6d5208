//! How an end of a connection is called.

use longwire_live::end::{End, ServiceReference};

/// The workload, else the pod; else the address, without which an end has no name.
pub(crate) fn workload(end: &End) -> String {
    named(end, end.workload.as_ref().or(end.pod.as_ref()))
}

/// The pod; else the address.
pub(crate) fn pod(end: &End) -> String {
    named(end, end.pod.as_ref())
}

/// With its port.
pub(crate) fn socket(end: &End) -> String {
    let name = pod(end);
    let is_bare = end.pod.is_none() && name.contains(':');
    let name = if is_bare { format!("[{name}]") } else { name };
    end.port.map_or_else(|| name.clone(), |port| format!("{name}:{port}"))
}

/// With its namespace if that is not the destination's.
pub(crate) fn service(service: &ServiceReference, destination: &End) -> Option<String> {
    let name = service.name.as_ref()?;
    let namespace = service.namespace.as_ref().filter(|namespace| destination.namespace.as_ref() != Some(namespace));
    Some(namespace.map_or_else(|| name.clone(), |namespace| format!("{namespace}/{name}")))
}

fn named(end: &End, name: Option<&String>) -> String {
    match (&end.namespace, name, &end.address) {
        (Some(namespace), Some(name), _) => format!("{namespace}/{name}"),
        (None, Some(name), _) => name.clone(),
        (_, None, Some(address)) => address.clone(),
        (_, None, None) => "unknown".to_owned(),
    }
}
