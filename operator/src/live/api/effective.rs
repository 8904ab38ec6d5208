//! What telemetry pods have: of one of them, or a list.

use super::accept::Form;
use super::held::held;
use super::objects::{Answer, Asked};
use super::status::Failure;
use super::{Api, respond, table};
use axum::body::Body;
use axum::http::StatusCode;
use longwire_live::Verb;

impl Api {
    pub(super) async fn effective(&self, asked: &Asked<'_>, form: Form) -> Answer {
        let Asked { verb, objects, options, selection } = asked;
        let (resource, include) = (objects.resource, options.include_object);
        let body = match (verb, &objects.name, &objects.namespace) {
            (Verb::Get, Some(name), Some(namespace)) => {
                let found = self.effective.get(namespace, name).await?;
                let found = found.ok_or_else(|| Failure::no_such_object(resource, name))?;
                // Texts and numbers are always JSON.
                let object = serde_json::to_value(found).unwrap_or_default();
                Body::from(table::one(resource, object, form, include).to_string())
            }
            (Verb::List, ..) => {
                let turn = self.turn().await?;
                let page = self.effective.page(objects.namespace.as_deref(), options, selection).await?;
                held(table::list(resource, page, |object| object, form, include), turn)
            }
            (verb, ..) => return Err(Failure::not_served(resource, verb.name())),
        };
        Ok(respond(StatusCode::OK, "application/json", body))
    }
}
