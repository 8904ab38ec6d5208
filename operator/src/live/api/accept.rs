//! In which form a client wants its answer, by its Accept header. The first that is known here counts.

use super::status::Failure;
use mediatype::{MediaType, MediaTypeList, Name, ReadParams, names};

#[cfg(test)]
mod tests;

const META_GROUP: &str = "meta.k8s.io";
const AS: Name<'_> = Name::new_unchecked("as");
const G: Name<'_> = Name::new_unchecked("g");
const V: Name<'_> = Name::new_unchecked("v");
const Q: Name<'_> = Name::new_unchecked("q");

/// How objects are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Objects,
    /// With columns, as `kubectl get` asks for it.
    Table,
    /// Their metadata alone.
    Metadata,
}

/// One object, or a list of them: the names of forms differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    One,
    List,
}

/// Without a header any form will do.
pub(super) fn form(accept: Option<&str>, shape: Shape) -> Result<Form, Failure> {
    ranges(accept)
        .find_map(|range| form_of(&range, shape))
        .ok_or_else(|| Failure::not_acceptable(&["application/json", "application/json;as=Table;v=v1;g=meta.k8s.io"]))
}

fn form_of(range: &MediaType<'_>, shape: Shape) -> Option<Form> {
    let metadata = match shape {
        Shape::One => "PartialObjectMetadata",
        Shape::List => "PartialObjectMetadataList",
    };
    match parameter(range, AS) {
        None => Some(Form::Objects),
        Some(wanted)
            if parameter(range, G).as_deref() == Some(META_GROUP) && parameter(range, V).as_deref() == Some("v1") =>
        {
            match wanted.as_str() {
                "Table" => Some(Form::Table),
                wanted if wanted == metadata => Some(Form::Metadata),
                _ => None,
            }
        }
        Some(_) => None,
    }
}

/// Whether the list of groups may have their resources in it.
pub(super) fn is_for_aggregated_discovery(accept: Option<&str>) -> Result<bool, Failure> {
    let choose = |range: MediaType<'_>| match parameter(&range, AS).as_deref() {
        None => Some(false),
        Some("APIGroupDiscoveryList") => {
            let (group, version) = (parameter(&range, G), parameter(&range, V));
            (group.as_deref() == Some("apidiscovery.k8s.io") && version.as_deref() == Some("v2")).then_some(true)
        }
        Some(_) => None,
    };
    ranges(accept).find_map(choose).ok_or_else(|| Failure::not_acceptable(&["application/json"]))
}

/// A document that has one form.
pub(super) fn is_json(accept: Option<&str>) -> Result<(), Failure> {
    let has_json = ranges(accept).any(|range| parameter(&range, AS).is_none());
    if has_json { Ok(()) } else { Err(Failure::not_acceptable(&["application/json"])) }
}

/// Those that JSON fits into.
fn ranges(accept: Option<&str>) -> impl Iterator<Item = MediaType<'_>> {
    let accept = accept.filter(|accept| !accept.trim().is_empty()).unwrap_or("*/*");
    MediaTypeList::new(accept).flatten().filter(|range| {
        let is_any = range.ty == names::_STAR && range.subty == names::_STAR;
        let is_json = is_any || range.ty == names::APPLICATION && [names::_STAR, names::JSON].contains(&range.subty);
        let is_refused =
            parameter(range, Q).is_some_and(|quality| quality.parse::<f32>().is_ok_and(|quality| quality == 0.0));
        is_json && range.suffix.is_none() && !is_refused
    })
}

fn parameter(range: &MediaType<'_>, name: Name<'_>) -> Option<String> {
    range.get_param(name).map(|value| value.unquoted_str().into_owned())
}
