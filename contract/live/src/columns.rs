//! The columns of `kubectl get`: their definitions, and what an object has in each.

pub(crate) mod cells;

use serde_json::{Value, json};

/// One column of a resource's table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub name: &'static str,
    pub kind: ColumnKind,
    pub description: &'static str,
    /// Whether `kubectl get` shows it only with `-o wide`.
    pub wide: bool,
    /// Its cell for an object, as JSON. An unknown value is null.
    pub cell: fn(&Value) -> Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// The object's name; the first column.
    Name,
    Text,
    Integer,
}

impl Column {
    #[must_use]
    pub(crate) const fn new(
        name: &'static str,
        kind: ColumnKind,
        description: &'static str,
        cell: fn(&Value) -> Value,
    ) -> Self {
        Self { name, kind, description, wide: false, cell }
    }

    /// The same, for `-o wide` alone.
    #[must_use]
    pub(crate) const fn wide(mut self) -> Self {
        self.wide = true;
        self
    }

    /// As `columnDefinitions` of a `meta.k8s.io/v1` Table has it.
    #[must_use]
    pub fn definition(&self) -> Value {
        let (kind, format) = match self.kind {
            ColumnKind::Name => ("string", "name"),
            ColumnKind::Text => ("string", ""),
            ColumnKind::Integer => ("integer", ""),
        };
        json!({
            "name": self.name, "type": kind, "format": format, "description": self.description,
            "priority": i32::from(self.wide),
        })
    }
}

/// The object's name.
pub(crate) const NAME: Column = Column::new("Name", ColumnKind::Name, "Name of the object.", |object| {
    object.pointer("/metadata/name").cloned().unwrap_or_default()
});

/// The text at this pointer; what is not known is shown as such.
pub(crate) fn text(object: &Value, pointer: &str) -> Value {
    match object.pointer(pointer) {
        None | Some(Value::Null) => UNKNOWN.into(),
        Some(Value::String(text)) => text.as_str().into(),
        Some(Value::Bool(true)) => "True".into(),
        Some(Value::Bool(false)) => "False".into(),
        Some(other) => other.to_string().into(),
    }
}

/// As kubectl shows a value that is not there.
pub(crate) const UNKNOWN: &str = "<none>";
