//! The text of one document to objects.

use crate::source::object::{EndpointSlice, InvalidObject, Namespace, Node, Object, Pod, Service};
use crate::source::split::Piece;
use crate::source::yaml;
use k8s_openapi::api::{core::v1 as core, discovery::v1 as discovery};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_saphyr::SnippetMode;
use std::sync::Arc;

pub(super) mod policy;
#[cfg(test)]
pub(super) mod tests;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Yaml,
    Json,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InvalidDocument {
    /// Of the file, counted from 1.
    pub(super) line: usize,
    pub(super) message: String,
}

/// The readable part of a document that has errors.
#[derive(Debug)]
pub(super) struct Damaged {
    /// Those items of a List that are right.
    pub(super) objects: Vec<Object>,
    pub(super) first: InvalidDocument,
    pub(super) more: Vec<InvalidDocument>,
}

impl From<InvalidDocument> for Damaged {
    fn from(error: InvalidDocument) -> Self {
        Self { objects: Vec::new(), first: error, more: Vec::new() }
    }
}

/// The objects of a document: one, those of a List, or none that matters here.
pub(super) fn parse(format: Format, piece: Piece<'_>) -> Result<Vec<Object>, Damaged> {
    let text = Text { format, piece };
    let Some(head) = text.read::<Option<Head>>()? else { return Ok(Vec::new()) };
    if head.is_list() {
        let list = text.read::<List>().map_err(|error| items_alone(&text, error))?;
        return Ok(list.items.into_iter().filter_map(|Item(object)| object).collect());
    }
    let object =
        convert(&head, &text, |error: InvalidObject| InvalidDocument { line: piece.line, message: error.to_string() })?;
    Ok(object.into_iter().collect())
}

/// An item of a List that cannot be read is alone. The first error is on the line that it is about; further ones name their item.
fn items_alone(text: &Text<'_>, first: InvalidDocument) -> Damaged {
    let Ok(Items { items }) = text.read::<Items>() else { return first.into() };
    let mut damaged = Damaged::from(first);
    let mut wrong = 0_usize;
    for (number, value) in items.into_iter().enumerate() {
        match Item::deserialize(value) {
            Ok(Item(object)) => damaged.objects.extend(object),
            Err(error) => {
                wrong += 1;
                if wrong > 1 {
                    let message = format!("items[{number}]: {error}");
                    damaged.more.push(InvalidDocument { line: text.piece.line, message });
                }
            }
        }
    }
    damaged
}

/// What every object begins with.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    api_version: String,
    kind: String,
}

impl Head {
    fn is_list(&self) -> bool {
        (self.api_version.as_str(), self.kind.as_str()) == ("v1", "List")
    }
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    items: Vec<Item>,
}

/// The same before anything of them is read.
#[derive(Deserialize)]
struct Items {
    #[serde(default)]
    items: Vec<Value>,
}

/// An object of a List. Read within the list, so that an error is on the line that it is about.
struct Item(Option<Object>);

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let head = Head::deserialize(&value).map_err(D::Error::custom)?;
        convert(&head, &value, serde_json::Error::custom).map(Self).map_err(D::Error::custom)
    }
}

/// Where an object of a kind that is known by now can be read from.
trait Source {
    type Error;
    fn read<T: DeserializeOwned>(&self) -> Result<T, Self::Error>;
}

impl Source for Value {
    type Error = serde_json::Error;

    fn read<T: DeserializeOwned>(&self) -> Result<T, Self::Error> {
        T::deserialize(self)
    }
}

/// A value whose errors name the field that is wrong.
struct Pathed<'a>(&'a Value);

impl Source for Pathed<'_> {
    type Error = String;

    fn read<T: DeserializeOwned>(&self) -> Result<T, String> {
        with_path(self.0)
    }
}

/// Read in a way that knows the field that is wrong.
fn with_path<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let problem = error.inner().to_string();
        match error.path().to_string().as_str() {
            "." => problem,
            path => format!("{path}: {problem}"),
        }
    })
}

/// The object that a value is. `None`: of a kind that decides nothing.
pub(super) fn object(value: &Value) -> Result<Option<Object>, String> {
    let source = Pathed(value);
    convert(&source.read::<Head>()?, &source, |error| error.to_string())
}

/// A document as it is, before it is an object.
pub(super) fn value(format: Format, piece: Piece<'_>) -> Result<Value, InvalidDocument> {
    Text { format, piece }.read()
}

/// `None` for kinds that decide nothing.
fn convert<S: Source>(
    head: &Head,
    source: &S,
    invalid: impl Fn(InvalidObject) -> S::Error,
) -> Result<Option<Object>, S::Error> {
    if let Some(kind) = policy::kind(head) {
        return policy::read(kind, head, source, invalid).map(Some);
    }
    let Head { api_version, kind } = head;
    Ok(match (api_version.as_str(), kind.as_str()) {
        ("v1", "Namespace") => {
            let namespace = Namespace::try_from(source.read::<core::Namespace>()?).map_err(invalid)?;
            Some(Object::Namespace(Arc::new(namespace)))
        }
        ("v1", "Node") => {
            let node = Node::try_from(source.read::<core::Node>()?).map_err(invalid)?;
            Some(Object::Node(Arc::new(node)))
        }
        ("v1", "Pod") => {
            let pod = Pod::try_from(source.read::<core::Pod>()?).map_err(invalid)?;
            Some(Object::Pod(Arc::new(pod)))
        }
        ("v1", "Service") => {
            let service = Service::read(source.read::<core::Service>()?).map_err(invalid)?;
            service.map(Arc::new).map(Object::Service)
        }
        ("discovery.k8s.io/v1", "EndpointSlice") => {
            let slice = EndpointSlice::read(source.read::<discovery::EndpointSlice>()?).map_err(invalid)?;
            slice.map(Arc::new).map(Object::EndpointSlice)
        }
        _ => {
            tracing::debug!("ignored an object of kind {api_version} {kind}");
            None
        }
    })
}

/// A document as it lies in its file.
struct Text<'a> {
    format: Format,
    piece: Piece<'a>,
}

impl Source for Text<'_> {
    type Error = InvalidDocument;

    fn read<T: DeserializeOwned>(&self) -> Result<T, InvalidDocument> {
        let Piece { line, text } = self.piece;
        match self.format {
            Format::Json => serde_json::from_str(text).map_err(|error| InvalidDocument {
                line: line + error.line().saturating_sub(1),
                message: error.to_string(),
            }),
            Format::Yaml => read_yaml(text).map_err(|error| in_yaml(text, line, &error)),
        }
    }
}

fn read_yaml<T: DeserializeOwned>(text: &str) -> Result<T, serde_saphyr::Error> {
    #[cfg(test)]
    tests::READ.with(|read| read.set(read.get() + text.len()));
    yaml::read(text)
}

/// `first`: the line of the file on which the document begins.
fn in_yaml(text: &str, first: usize, error: &serde_saphyr::Error) -> InvalidDocument {
    let above = first - 1;
    let reported = error.location().and_then(|location| usize::try_from(location.line()).ok());
    let own = reported.filter(|own| *own >= 1).unwrap_or(1);
    let options = serde_saphyr::render_options! { snippets: SnippetMode::Off, line_offset: above as u64 };
    let message = error.render_with_options(options);
    match tab_after(text, own) {
        // The scanner names the line on which it stood when it met the tab that people have to remove.
        Some(own) if message.contains("tab") => InvalidDocument {
            line: above + own,
            message: "a tab in the indentation, where YAML allows spaces only".to_owned(),
        },
        _ => InvalidDocument { line: above + own, message },
    }
}

/// First line from this one on whose indentation has a tab.
fn tab_after(text: &str, line: usize) -> Option<usize> {
    let indented = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
    let mut lines = text.lines().zip(1..).skip(line - 1);
    lines.find(|(text, _)| text[..indented(text)].contains('\t')).map(|(_, number)| number)
}
