//! Requests for objects: who asks, for what, and the answer.

use super::accept::{self, Form, Shape};
use super::documents::header_text;
use super::held::held;
use super::paths::Objects;
use super::query::ListOptions;
use super::status::Failure;
use super::{Api, Caller, respond, table};
use crate::live::authorize::{Attributes, Denied};
use crate::live::edges::Sums;
use crate::live::identity::Identity;
use crate::live::merge::Merged;
use crate::live::selector::Selection;
use crate::publish::role::Role;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Method, Response, StatusCode, header};
use longwire_live::Verb;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

/// Longest wait of a list for its turn.
const WAIT: Duration = Duration::from_secs(2);

pub(super) type Answer = Result<Response<Body>, Failure>;

impl Api {
    /// With the verb's name, for its counter.
    pub(super) async fn objects(
        &self,
        caller: &Caller,
        (head, body): (&Parts, Body),
        objects: &Objects,
    ) -> (&'static str, Answer) {
        let asked = Asked::read(head, objects);
        let verb = asked.as_ref().map_or("other", |asked| asked.verb.name());
        let answer = match asked {
            Ok(asked) => self.perform(caller, (head, body), &asked).await,
            Err(failure) => Err(failure),
        };
        (verb, answer)
    }

    async fn perform(&self, caller: &Caller, (head, body): (&Parts, Body), asked: &Asked<'_>) -> Answer {
        let identity = self.authorize(caller, head, asked).await?;
        // From here on a change ends a watch.
        let mut role = self.role.clone();
        if let Role::Standby { .. } = *role.borrow_and_update() {
            return Err(Failure::unavailable(
                "no leading operator can be reached now, and a standby knows nothing of probes: try again".to_owned(),
            ));
        }
        if asked.verb == Verb::Create {
            return self.estimate(asked, head, body).await;
        }
        // Each event of a watch is about one object.
        let shape = if asked.verb == Verb::List { Shape::List } else { Shape::One };
        let form = accept::form(header_text(&head.headers, header::ACCEPT), shape)?;
        match asked.objects.resource.plural {
            "connections" if asked.verb == Verb::Watch => self.watch::<Merged>((asked, form), identity, role).await,
            "connections" => self.rows::<Merged>(asked, form).await,
            "edges" if asked.verb == Verb::Watch => self.watch::<Sums>((asked, form), identity, role).await,
            "edges" => self.rows::<Sums>(asked, form).await,
            "effectivetelemetries" => self.effective(asked, form).await,
            "probes" => self.probes(asked, form).await,
            // A test holds the table of resources to this list.
            _ => Err(Failure::no_such_path()),
        }
    }

    async fn probes(&self, asked: &Asked<'_>, form: Form) -> Answer {
        let Asked { objects, options, selection, .. } = asked;
        let resource = objects.resource;
        let (body, missing) = match (asked.verb, &objects.name) {
            (Verb::Get, Some(name)) => {
                let (snapshot, missing) = self.probes.snapshot(Some(name)).await;
                let row = snapshot.rows.into_iter().find(|row| row.name == *name);
                let row = row.ok_or_else(|| Failure::no_such_object(resource, name))?;
                (Body::from(table::one(resource, row.object, form, options.include_object).to_string()), missing)
            }
            (Verb::List, _) => {
                let turn = self.turn().await?;
                let (snapshot, missing) = self.probes.snapshot(None).await;
                let page = snapshot.page(options, selection)?;
                (held(table::list(resource, page, |object| object, form, options.include_object), turn), missing)
            }
            (verb, _) => return Err(Failure::not_served(resource, verb.name())),
        };
        let mut response = respond(StatusCode::OK, "application/json", body);
        missing.warn(response.headers_mut());
        Ok(response)
    }

    /// Of a list.
    pub(super) async fn turn(&self) -> Result<OwnedSemaphorePermit, Failure> {
        let turn = timeout(WAIT, Arc::clone(&self.lists).acquire_owned()).await;
        turn.ok().and_then(Result::ok).ok_or_else(|| Failure::too_many("too many lists at a time: try again"))
    }

    async fn authorize(&self, caller: &Caller, head: &Parts, asked: &Asked<'_>) -> Result<Option<Identity>, Failure> {
        let Caller::FrontProxy(door) = caller else { return Ok(None) };
        let identity = Identity::of(&head.headers, &door.headers).ok_or_else(Failure::no_user)?;
        let Some(authorizer) = &self.authorizer else { return Ok(Some(identity)) };
        let Asked { verb, objects, selection, .. } = asked;
        let name = objects.name.as_deref().or_else(|| selection.name());
        let attributes =
            Attributes { verb: *verb, resource: objects.resource, namespace: objects.namespace.as_deref(), name };
        authorizer.check(&identity, attributes).await.map_err(|denied| match denied {
            Denied::Forbidden(why) => Failure::forbidden(objects.resource, name, &why),
            Denied::Unavailable(why) => Failure::unavailable(why),
        })?;
        Ok(Some(identity))
    }
}

/// What a request asks for.
pub(super) struct Asked<'a> {
    pub(super) verb: Verb,
    pub(super) objects: &'a Objects,
    pub(super) options: ListOptions,
    pub(super) selection: Selection,
}

impl<'a> Asked<'a> {
    /// Only of what the resource has.
    fn read(head: &Parts, objects: &'a Objects) -> Result<Self, Failure> {
        let resource = objects.resource;
        if head.method == Method::POST
            && objects.name.is_none()
            && objects.namespace.is_some()
            && resource.may(Verb::Create)
        {
            let (options, selection) = (ListOptions::default(), Selection::read(resource, "", "")?);
            return Ok(Self { verb: Verb::Create, objects, options, selection });
        }
        if head.method != Method::GET {
            return Err(Failure::not_served(resource, &head.method.as_str().to_ascii_lowercase()));
        }
        let options = ListOptions::read(head.uri.query())?;
        let verb = match (&objects.name, options.watch) {
            (_, true) => Verb::Watch,
            (Some(_), false) => Verb::Get,
            (None, false) => Verb::List,
        };
        if !resource.may(verb) {
            return Err(Failure::not_served(resource, verb.name()));
        }
        let selection = Selection::read(resource, &options.label_selector, &options.field_selector)?;
        Ok(Self { verb, objects, options, selection })
    }
}

/// The resources that [`Api::perform`] knows.
#[cfg(test)]
pub(super) const SERVED: &[&str] = &["connections", "edges", "effectivetelemetries", "probes", "seriesestimates"];
