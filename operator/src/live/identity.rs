//! The user of a request, as kube-apiserver's headers name it.

use super::front_proxy::HeaderNames;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use std::collections::BTreeMap;

#[cfg(test)]
mod tests;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) user: String,
    pub(super) uid: Option<String>,
    pub(super) groups: Vec<String>,
    pub(super) extra: BTreeMap<String, Vec<String>>,
}

impl Identity {
    /// `None`: there is no user.
    pub(super) fn of(headers: &HeaderMap, names: &HeaderNames) -> Option<Self> {
        let user = first(headers, &names.user)?;
        let groups = names.group.iter().flat_map(|name| headers.get_all(name)).filter_map(text).map(str::to_owned);
        Some(Self {
            user,
            uid: first(headers, &names.uid),
            groups: groups.collect(),
            extra: extra(headers, &names.extra_prefix),
        })
    }
}

/// Names of users may have any letters, so they are read as UTF-8.
fn text(value: &HeaderValue) -> Option<&str> {
    std::str::from_utf8(value.as_bytes()).ok().filter(|text| !text.is_empty())
}

fn first(headers: &HeaderMap, names: &[HeaderName]) -> Option<String> {
    names.iter().find_map(|name| headers.get(name).and_then(text)).map(str::to_owned)
}

/// The key is the rest of the header's name, percent-decoded.
fn extra(headers: &HeaderMap, prefixes: &[String]) -> BTreeMap<String, Vec<String>> {
    let mut extra = BTreeMap::<_, Vec<_>>::new();
    for prefix in prefixes {
        for (name, value) in headers {
            let Some(key) = name.as_str().strip_prefix(prefix.as_str()) else { continue };
            let decoded = percent_decode_str(key).decode_utf8();
            let key = decoded.map_or_else(|_| key.to_owned(), Cow::into_owned);
            extra.entry(key).or_default().extend(std::str::from_utf8(value.as_bytes()).ok().map(str::to_owned));
        }
    }
    extra
}
