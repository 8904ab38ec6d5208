//! The one table of resources. Discovery, OpenAPI, the operator's router and the chart's roles follow it.

use crate::columns::Column;
use crate::connection::CONNECTIONS;
use crate::edge::EDGES;
use crate::effective_telemetry::EFFECTIVE_TELEMETRIES;
use crate::probe::PROBES;
use crate::series_estimate::SERIES_ESTIMATES;
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// What the operator serves.
pub const RESOURCES: &[LiveResource] = &[CONNECTIONS, EDGES, EFFECTIVE_TELEMETRIES, PROBES, SERIES_ESTIMATES];

/// One resource of the API.
#[derive(Clone, Copy, Debug)]
pub struct LiveResource {
    pub kind: &'static str,
    pub plural: &'static str,
    pub singular: &'static str,
    pub short_names: &'static [&'static str],
    /// One sentence or two, for `kubectl explain`.
    pub description: &'static str,
    pub scope: Scope,
    pub verbs: &'static [Verb],
    /// Labels that a field selector may name.
    pub fields: &'static [&'static str],
    /// The first is the name.
    pub columns: &'static [Column],
    /// Makes the schemas of its parts.
    pub schemas: fn(&mut SchemaGenerator) -> KindSchemas,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Cluster,
    Namespaced,
}

/// A verb of a request, as authorization has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    Get,
    List,
    Watch,
    /// Asks for an answer: nothing is stored.
    Create,
}

/// Schemas of a kind's parts.
#[derive(Clone, Debug)]
pub struct KindSchemas {
    pub(crate) spec: Schema,
    pub(crate) status: Schema,
}

impl KindSchemas {
    pub(crate) fn of<Spec: JsonSchema, Status: JsonSchema>(generator: &mut SchemaGenerator) -> Self {
        Self { spec: generator.subschema_for::<Spec>(), status: generator.subschema_for::<Status>() }
    }
}

impl LiveResource {
    /// The kind of its lists.
    #[must_use]
    pub fn list_kind(&self) -> String {
        format!("{}List", self.kind)
    }

    #[must_use]
    pub fn may(&self, verb: Verb) -> bool {
        self.verbs.contains(&verb)
    }

    pub(crate) fn verb_names(&self) -> Vec<String> {
        self.verbs.iter().map(|verb| verb.name().to_owned()).collect()
    }

    pub(crate) fn owned_short_names(&self) -> Vec<String> {
        self.short_names.iter().map(|name| (*name).to_owned()).collect()
    }
}

impl Scope {
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cluster => "Cluster",
            Self::Namespaced => "Namespaced",
        }
    }
}

impl Verb {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
        }
    }
}

/// The resource of this name.
#[must_use]
pub fn resource(plural: &str) -> Option<&'static LiveResource> {
    RESOURCES.iter().find(|resource| resource.plural == plural)
}
