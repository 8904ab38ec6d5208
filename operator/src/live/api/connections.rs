//! Connections or edges: one of them, or a list.

use super::accept::Form;
use super::held::held;
use super::objects::{Answer, Asked};
use super::status::Failure;
use super::{Api, respond, table};
use crate::live::connections::{Found, Missing};
use crate::live::demand::{Interest, Scope};
use crate::live::probes::microseconds;
use crate::live::served::Served;
use axum::body::Body;
use axum::http::{StatusCode, header};
use longwire_live::Verb;
use longwire_model::identity::UnixNanos;

impl Api {
    pub(super) async fn rows<S: Served>(&self, asked: &Asked<'_>, form: Form) -> Answer {
        let Asked { objects, options, selection, verb } = asked;
        let (resource, include) = (objects.resource, options.include_object);
        let scope = objects.namespace.clone().map_or(Scope::All, Scope::Namespace);
        let interest = Interest { scope: scope.clone(), history: selection.requires("history", "all") };
        let (body, missing) = match (verb, &objects.name, &objects.namespace) {
            (Verb::Get, Some(name), Some(namespace)) => {
                let missing = self.missing::<S>(interest).await?;
                let state = self.connections.get::<S>(namespace, name);
                let state = state.ok_or_else(|| Failure::no_such_object(resource, name))?;
                // Texts and numbers are always JSON.
                let object = serde_json::to_value(S::object(&state, namespace, clock())).unwrap_or_default();
                (Body::from(table::one(resource, object, form, (include, true)).to_string()), missing)
            }
            (Verb::List, ..) => {
                let turn = self.turn().await?;
                let missing = self.missing::<S>(interest).await?;
                let page = self.connections.page(&scope, options, selection)?;
                let now = clock();
                let make = |((namespace, _), state): Found<S>| S::object(&state, &namespace, now);
                (held(table::list(resource, page, make, form, include), turn), missing)
            }
            (verb, ..) => return Err(Failure::not_served(resource, verb.name())),
        };
        let mut response = respond(StatusCode::OK, "application/json", body);
        missing.warnings().for_each(|warning| {
            response.headers_mut().append(header::WARNING, warning);
        });
        Ok(response)
    }

    /// Asks probes, and waits a moment for them. They are asked for a while longer, for whoever asks again.
    async fn missing<S: Served>(&self, interest: Interest) -> Result<Missing, Failure> {
        let interested =
            self.connections.interest::<S>(interest).map_err(|full| Failure::too_many(&full.to_string()))?;
        let missing = self.connections.answered::<S>(&interested).await;
        self.counters.live.lacked(missing.nodes);
        Ok(missing)
    }
}

fn clock() -> UnixNanos {
    microseconds().saturating_mul(1_000)
}
