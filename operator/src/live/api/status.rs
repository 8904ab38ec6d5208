//! Why a request has no answer, as a Status of Kubernetes.

use super::respond;
use axum::body::Body;
use axum::http::{Response, StatusCode, header};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Status, StatusCause, StatusDetails};
use longwire_live::{GROUP, LiveResource};

#[derive(Clone, Debug, PartialEq)]
pub(in crate::live) struct Failure {
    code: StatusCode,
    reason: &'static str,
    message: String,
    /// Large.
    details: Option<Box<StatusDetails>>,
}

/// What is wrong with one field.
pub(in crate::live) struct Cause {
    pub(in crate::live) reason: &'static str,
    pub(in crate::live) field: &'static str,
    pub(in crate::live) message: String,
}

impl Failure {
    fn new(code: StatusCode, reason: &'static str, message: String) -> Self {
        Self { code, reason, message, details: None }
    }

    fn with(mut self, details: StatusDetails) -> Self {
        self.details = Some(Box::new(details));
        self
    }

    pub(in crate::live) fn no_such_path() -> Self {
        let text = "the server could not find the requested resource";
        Self::new(StatusCode::NOT_FOUND, "NotFound", text.to_owned()).with(StatusDetails::default())
    }

    pub(in crate::live) fn only_get() -> Self {
        let text = "the server does not allow this method on the requested resource: only GET";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", text.to_owned())
    }

    pub(in crate::live) fn no_such_object(resource: &LiveResource, name: &str) -> Self {
        let text = format!("{}.{GROUP} {name:?} not found", resource.plural);
        Self::new(StatusCode::NOT_FOUND, "NotFound", text).with(about(resource, Some(name)))
    }

    pub(in crate::live) fn not_served(resource: &LiveResource, verb: &str) -> Self {
        let text = format!("{verb} is not supported on resources of kind \"{}.{GROUP}\"", resource.plural);
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", text).with(about(resource, None))
    }

    pub(in crate::live) fn forbidden(resource: &LiveResource, name: Option<&str>, why: &str) -> Self {
        let named = name.map_or_else(String::new, |name| format!(" {name:?}"));
        let text = format!("{}.{GROUP}{named} is forbidden: {why}", resource.plural);
        Self::new(StatusCode::FORBIDDEN, "Forbidden", text).with(about(resource, name))
    }

    pub(in crate::live) fn no_user() -> Self {
        let text = "Unauthorized: the front proxy named no user";
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", text.to_owned())
    }

    pub(in crate::live) fn bad_request(message: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    pub(in crate::live) fn not_acceptable(known: &[&str]) -> Self {
        let known = known.join(", ");
        let text = format!("only the following media types are accepted: {known}");
        Self::new(StatusCode::NOT_ACCEPTABLE, "NotAcceptable", text)
    }

    pub(in crate::live) fn invalid_options(causes: Vec<Cause>) -> Self {
        let texts: Vec<_> = causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
        let all = if texts.len() == 1 { texts.concat() } else { format!("[{}]", texts.join(", ")) };
        let cause = |Cause { reason, field, message }| StatusCause {
            field: Some(field.to_owned()),
            message: Some(message),
            reason: Some(reason.to_owned()),
        };
        let details = StatusDetails {
            group: Some("meta.k8s.io".to_owned()),
            kind: Some("ListOptions".to_owned()),
            causes: Some(causes.into_iter().map(cause).collect()),
            ..StatusDetails::default()
        };
        let text = format!("ListOptions.meta.k8s.io \"\" is invalid: {all}");
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", text).with(details)
    }

    /// An object within the request is not valid.
    pub(in crate::live) fn invalid_object(
        resource: &LiveResource,
        name: Option<&str>,
        field: &str,
        why: String,
    ) -> Self {
        let (kind, named) = (resource.kind, name.unwrap_or_default());
        let text = format!("{kind}.{GROUP} {named:?} is invalid: {field}: {why}");
        let cause = StatusCause {
            field: Some(field.to_owned()),
            message: Some(why),
            reason: Some("FieldValueInvalid".to_owned()),
        };
        let details = StatusDetails { causes: Some(vec![cause]), ..about(resource, name) };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", text).with(details)
    }

    pub(in crate::live) fn too_large(most: usize) -> Self {
        let text = format!("the body could not be read, or has more than {most} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", text)
    }

    pub(in crate::live) fn unsupported_media_type() -> Self {
        let text = "the body of the request must be application/json".to_owned();
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", text)
    }

    /// The client has to start its list, or its watch, anew.
    pub(in crate::live) fn expired(message: &str) -> Self {
        Self::new(StatusCode::GONE, "Expired", message.to_owned())
    }

    /// A reflector knows the cause, and lists without a version then.
    pub(in crate::live) fn version_too_large(wanted: u64, current: u64) -> Self {
        let cause = StatusCause {
            field: None,
            message: Some("Too large resource version".to_owned()),
            reason: Some("ResourceVersionTooLarge".to_owned()),
        };
        let details =
            StatusDetails { causes: Some(vec![cause]), retry_after_seconds: Some(1), ..StatusDetails::default() };
        let text = format!("Timeout: Too large resource version: {wanted}, current: {current}");
        Self::new(StatusCode::GATEWAY_TIMEOUT, "Timeout", text).with(details)
    }

    pub(in crate::live) fn unavailable(message: String) -> Self {
        let details = StatusDetails { retry_after_seconds: Some(2), ..StatusDetails::default() };
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message).with(details)
    }

    pub(in crate::live) fn too_many(message: &str) -> Self {
        let details = StatusDetails { retry_after_seconds: Some(5), ..StatusDetails::default() };
        Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", message.to_owned()).with(details)
    }

    pub(super) fn status(&self) -> Status {
        let Self { code, reason, message, details } = self;
        Status {
            code: Some(i32::from(code.as_u16())),
            details: details.as_deref().cloned(),
            message: Some(message.clone()),
            reason: Some((*reason).to_owned()),
            status: Some("Failure".to_owned()),
            ..Status::default()
        }
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let again = self.details.as_ref().and_then(|details| details.retry_after_seconds);
        // Texts and numbers are always JSON.
        let body = serde_json::to_vec(&self.status()).unwrap_or_default();
        let mut response = respond(self.code, "application/json", body);
        if let Some(again) = again {
            response.headers_mut().insert(header::RETRY_AFTER, again.into());
        }
        response
    }
}

fn about(resource: &LiveResource, name: Option<&str>) -> StatusDetails {
    StatusDetails {
        group: Some(GROUP.to_owned()),
        kind: Some(resource.plural.to_owned()),
        name: name.map(str::to_owned),
        ..StatusDetails::default()
    }
}
