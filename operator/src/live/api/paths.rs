//! What a path means.

use longwire_live::resources::{Scope, resource};
use longwire_live::{GROUP, LiveResource, VERSION};
use percent_encoding::percent_decode_str;

#[cfg(test)]
mod tests;

#[derive(Clone, Debug)]
pub(super) enum Target {
    /// `/apis`
    Groups,
    /// `/apis/<group>`
    Group,
    /// `/apis/<group>/<version>`
    Resources,
    OpenApiV2,
    OpenApiIndex,
    OpenApiV3,
    Health,
    Version,
    Objects(Objects),
    Nothing,
}

/// Objects of a resource, or one of them.
#[derive(Clone, Debug)]
pub(super) struct Objects {
    pub(super) resource: &'static LiveResource,
    /// `None`: in all namespaces, or the resource has none.
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
}

impl Target {
    pub(super) fn of(path: &str) -> Self {
        let Some(segments) = segments(path) else { return Self::Nothing };
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["apis"] => Self::Groups,
            ["apis", GROUP] => Self::Group,
            ["apis", GROUP, VERSION] => Self::Resources,
            ["apis", GROUP, VERSION, rest @ ..] => objects(rest).map_or(Self::Nothing, Self::Objects),
            ["openapi", "v2"] => Self::OpenApiV2,
            ["openapi", "v3"] => Self::OpenApiIndex,
            ["openapi", "v3", "apis", GROUP, VERSION] => Self::OpenApiV3,
            ["healthz" | "readyz" | "livez"] => Self::Health,
            ["version"] => Self::Version,
            _ => Self::Nothing,
        }
    }

    pub(super) fn is_open_api(&self) -> bool {
        matches!(self, Self::OpenApiV2 | Self::OpenApiIndex | Self::OpenApiV3)
    }
}

/// Decoded; a slash at the end changes nothing. `None`: they are no text.
fn segments(path: &str) -> Option<Vec<String>> {
    let path = path.strip_prefix('/')?;
    let path = path.strip_suffix('/').unwrap_or(path);
    let decode = |segment: &str| Some(percent_decode_str(segment).decode_utf8().ok()?.into_owned());
    path.split('/').map(decode).collect()
}

fn objects(rest: &[&str]) -> Option<Objects> {
    let (namespace, plural, name) = match *rest {
        ["namespaces", namespace, plural] => (Some(namespace), plural, None),
        ["namespaces", namespace, plural, name] => (Some(namespace), plural, Some(name)),
        [plural] => (None, plural, None),
        [plural, name] => (None, plural, Some(name)),
        _ => return None,
    };
    let resource = resource(plural)?;
    let is_namespaced = resource.scope == Scope::Namespaced;
    // One object of a namespaced resource has a namespace, and what has none is in no namespace.
    let fits = if is_namespaced { namespace.is_some() || name.is_none() } else { namespace.is_none() };
    let is_whole = namespace != Some("") && name != Some("");
    let owned = |text: Option<&str>| text.map(str::to_owned);
    (fits && is_whole).then(|| Objects { resource, namespace: owned(namespace), name: owned(name) })
}
