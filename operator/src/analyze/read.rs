//! The files: objects that matter here, each with where it stands, and documents that cannot be read.

use super::File;
use super::finding::Subject;
use super::suggest;
use crate::source;
use crate::source::documents::{Document, Unreadable, documents};
use crate::source::object::Object;
use longwire_crds::{API_VERSION, GROUP};
use serde_json::{Map, Value};
use workload::Workload;

mod workload;

/// Kinds of [`GROUP`], for suggestions.
const OURS: [&str; 3] = ["ExtraStatTags", "StatsMatcher", "TelemetryPolicy"];
/// Of objects of a cluster, which all name theirs.
const DEFAULT_NAMESPACE: &str = "default";
/// Of a file that has what templates of charts have.
const RENDER: &str = "If this is a template, render it first: helm template CHART | kubectl longwire analyze -f -";
/// Lists in lists that are entered.
const MAX_DEPTH: usize = 4;

/// All files, read.
#[derive(Debug, Default)]
pub(super) struct Input<'a> {
    pub(super) files: Vec<(&'a str, Vec<Document<'a>>)>,
    pub(super) known: Vec<Known>,
    pub(super) unreadable: Vec<UnreadableObject>,
}

/// An object as it was read, and what is kept of it.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) subject: Subject,
    /// Of a workload the pod that its template makes.
    pub(super) object: Object,
    pub(super) value: Value,
    pub(super) place: Place,
    /// Where `object` is in `value`: empty, or the path of a pod template.
    pub(super) inside: &'static str,
}

/// A document, and where in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) file: usize,
    pub(super) document: usize,
    /// Of an item of a List, as `items[3]`.
    pub(super) path: String,
}

#[derive(Debug)]
pub(super) struct UnreadableObject {
    pub(super) subject: Option<Subject>,
    pub(super) place: Place,
    /// Of the file; `None`: where its field is.
    pub(super) line: Option<usize>,
    pub(super) message: String,
    /// `None`: the usual one.
    pub(super) remedy: Option<String>,
}

/// Why a value is no object.
#[derive(Debug)]
struct Wrong {
    message: String,
    remedy: Option<String>,
}

impl<'a> Input<'a> {
    /// `namespace`: of objects that name none.
    pub(super) fn read(files: &'a [File], namespace: &str) -> Self {
        let mut input = Self::default();
        for (file, File { name, text }) in files.iter().enumerate() {
            let mut documents = documents(text);
            for (number, document) in documents.iter_mut().enumerate() {
                let place = Place { file, document: number, path: String::new() };
                match &mut document.value {
                    Ok(value) => input.take(value.take(), place, namespace, 0),
                    Err(Unreadable { line, message }) => input.unreadable.push(UnreadableObject {
                        subject: None,
                        place,
                        line: Some(*line),
                        message: std::mem::take(message),
                        remedy: text.contains("{{").then(|| RENDER.to_owned()),
                    }),
                }
            }
            input.files.push((name.as_str(), documents));
        }
        input
    }

    /// Objects as an API server has them, with their kinds.
    pub(super) fn of_objects(objects: Vec<Value>) -> Self {
        let mut input = Self::default();
        for (number, object) in objects.into_iter().enumerate() {
            // Of no file, so that it has no line.
            let place = Place { file: usize::MAX, document: number, path: String::new() };
            input.take(object, place, DEFAULT_NAMESPACE, 0);
        }
        input
    }

    fn take(&mut self, mut value: Value, place: Place, namespace: &str, depth: usize) {
        let kind = text(&value, "kind");
        if let (Some(of), Some(Value::Array(items))) = (kind.strip_suffix("List"), value.get_mut("items")) {
            let items = if depth < MAX_DEPTH { std::mem::take(items) } else { Vec::new() };
            let version = text(&value, "apiVersion");
            for (number, item) in items.into_iter().enumerate() {
                let path = format!("{}items[{number}]", prefix(&place.path));
                let item = inherit(item, of, &version);
                self.take(item, Place { path, ..place.clone() }, namespace, depth + 1);
            }
            return;
        }
        complete(&mut value, namespace);
        let subject = Subject {
            kind: kind.clone(),
            namespace: text(&value["metadata"], "namespace"),
            name: text(&value["metadata"], "name"),
        };
        match object_of(&value, &kind, &subject) {
            Ok(None) => {}
            Ok(Some((object, inside))) => self.known.push(Known { subject, object, value, place, inside }),
            Err(Wrong { message, remedy }) => {
                let subject = Some(subject);
                self.unreadable.push(UnreadableObject { subject, place, line: None, message, remedy });
            }
        }
    }
}

/// `None`: of a kind that does not matter here.
fn object_of(value: &Value, kind: &str, subject: &Subject) -> Result<Option<(Object, &'static str)>, Wrong> {
    let version = text(value, "apiVersion");
    let group = version.split_once('/').map_or("", |(group, _)| group);
    if let Some(workload) = Workload::of(&version, kind) {
        let object = source::object_of(&workload.pod(value, subject)).map_err(|error| workload.at(&error))?;
        return Ok(object.map(|object| (object, workload.template())));
    }
    if group == GROUP && !OURS.contains(&kind) {
        let message = format!("kind: {kind:?} is no kind of {GROUP}: known are {}", OURS.join(", "));
        return Err(Wrong { message, remedy: suggest::remedy(kind, OURS) });
    }
    // Others have kinds of these names too.
    if OURS.contains(&kind) && group != GROUP && (version.is_empty() || version.contains("longwire")) {
        let have = if version.is_empty() { "missing".to_owned() } else { format!("{version:?} is not known") };
        return Err(format!("apiVersion: {have}: write {API_VERSION}").into());
    }
    let is_read = group == GROUP || version == "v1" && ["Namespace", "Pod", "Service"].contains(&kind);
    if !is_read {
        return Ok(None);
    }
    Ok(source::object_of(value)?.map(|object| (object, "")))
}

impl From<String> for Wrong {
    fn from(message: String) -> Self {
        Self { message, remedy: None }
    }
}

/// The API server gives objects these on their way in.
fn complete(value: &mut Value, namespace: &str) {
    let is_cluster_wide = text(value, "kind") == "Namespace";
    let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    if !is_cluster_wide && is_missing(metadata, "namespace") {
        metadata.insert("namespace".to_owned(), namespace.into());
    }
    if let (true, Some(begin)) = (is_missing(metadata, "name"), metadata.get("generateName").cloned()) {
        metadata.insert("name".to_owned(), begin);
    }
}

fn is_missing(metadata: &Map<String, Value>, name: &str) -> bool {
    metadata.get(name).is_none_or(|value| value.is_null() || value.as_str().is_some_and(str::is_empty))
}

/// Items of a list of one kind may leave their kind out.
fn inherit(mut item: Value, kind: &str, version: &str) -> Value {
    if let Some(fields) = item.as_object_mut().filter(|_| !kind.is_empty()) {
        fields.entry("kind").or_insert_with(|| kind.into());
        fields.entry("apiVersion").or_insert_with(|| version.into());
    }
    item
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Before a field of what stands there.
pub(super) fn prefix(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("{path}.") }
}

impl Known {
    /// A field of the object that is kept, as a field of the one in the file.
    pub(super) fn field(&self, field: &str) -> String {
        format!("{}{field}", prefix(self.inside))
    }
}
