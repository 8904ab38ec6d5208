//! OpenAPI documents: version 3, which `kubectl explain` reads, and version 2, against which kubectl validates what it creates.
//!
//! Both are made from the schemas of the types and the table of resources. The committed documents are what is served.

mod paths;
mod schemas;

use crate::{GROUP, VERSION};
use serde_json::{Map, Value, json};

/// `openapi/v2.json` and `openapi/v3.json`; a test holds them to [`v2`] and [`v3`].
pub const V2: &str = include_str!("../openapi/v2.json");
pub const V3: &str = include_str!("../openapi/v3.json");

/// The group's key in `/openapi/v3`.
#[must_use]
pub fn key() -> String {
    format!("apis/{GROUP}/{VERSION}")
}

/// Which of both a part is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    V2,
    V3,
}

impl Dialect {
    /// A reference to a schema.
    fn reference(self, name: &str) -> Value {
        let place = match self {
            Self::V2 => "definitions",
            Self::V3 => "components/schemas",
        };
        json!({"$ref": format!("#/{place}/{name}")})
    }
}

/// The document of version 3.
#[must_use]
pub fn v3() -> Value {
    let mut document = head(Dialect::V3);
    document.insert("openapi".to_owned(), "3.0.0".into());
    document.insert("components".to_owned(), json!({"schemas": schemas::schemas(Dialect::V3)}));
    document.into()
}

/// The document of version 2.
#[must_use]
pub fn v2() -> Value {
    let mut document = head(Dialect::V2);
    document.insert("swagger".to_owned(), "2.0".into());
    document.insert("definitions".to_owned(), schemas::schemas(Dialect::V2).into());
    document.into()
}

fn head(dialect: Dialect) -> Map<String, Value> {
    let mut document = Map::new();
    document.insert("info".to_owned(), json!({"title": "Longwire", "version": VERSION}));
    document.insert("paths".to_owned(), paths::paths(dialect).into());
    document
}
