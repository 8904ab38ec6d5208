//! Lists of the live API, page by page.

use crate::kubeconfig::Cluster;
use crate::plain::plain;
use http_body_util::BodyExt;
use kube::Resource;
use kube::api::ListParams;
use kube::client::Body;
use kube::core::{ObjectList, Request, Status};
use longwire_live::{API_SERVICE, GROUP};
use longwire_operator::source::api_server::client::chain;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::time::SystemTime;

pub(crate) const PAGE: u32 = 500;

/// What is listed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed {
    pub(crate) plural: &'static str,
    /// What includes the right to list it.
    pub(crate) role: &'static str,
    /// Most objects that are read.
    pub(crate) most: usize,
}

impl Listed {
    /// Connections, of which the API has fewer.
    pub(crate) const CONNECTIONS: Self = Self { plural: "connections", role: "longwire-live-view", most: 200_000 };
    /// Of all pods.
    pub(crate) const EFFECTIVE: Self =
        Self { plural: "effectivetelemetries", role: "longwire-live-view", most: 200_000 };
    /// A node has one, and Kubernetes is made for clusters of at most 5,000.
    pub(crate) const PROBES: Self = Self { plural: "probes", role: "longwire-live-probes or view", most: 20_000 };
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Unlisted {
    #[error(
        "the cluster does not serve {0} of the live API: APIService {API_SERVICE} is not there, or its release does not have them: \
         switch it on with `helm upgrade longwire charts/longwire --namespace longwire-system --reuse-values --set live.enabled=true`, \
         or name another cluster with --context"
    )]
    NoApi(&'static str),
    #[error("you may not list {0}.{GROUP}: {2}: ask for a binding to the ClusterRole {1}, which includes it")]
    Forbidden(&'static str, &'static str, String),
    #[error("nobody answers the live API: {0}: `kubectl get apiservice {API_SERVICE} -o yaml` says why")]
    Unavailable(String),
    #[error("the cluster does not answer: {0}")]
    Silent(String),
    #[error("the pages of {0} expired before they were read: ask again, or for fewer with -n")]
    Expired(&'static str),
    #[error("there are more than {1} {0}: name a namespace with -n")]
    TooMany(&'static str, usize),
}

impl Unlisted {
    pub(crate) fn of(error: &kube::Error, Listed { plural, role, .. }: Listed) -> Self {
        match code(error) {
            Some(404) => Self::NoApi(plural),
            Some(403) => Self::Forbidden(plural, role, chain(error)),
            Some(410) => Self::Expired(plural),
            Some(500..) => Self::Unavailable(chain(error)),
            _ => Self::Silent(chain(error)),
        }
    }

    /// With whom it was asked as, because another context or user may be meant.
    pub(crate) fn by(self, Cluster { context, user, .. }: &Cluster) -> Unanswered {
        Unanswered { context: context.clone(), user: user.clone(), why: self }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("context {context}, user {user}: {why}")]
pub(crate) struct Unanswered {
    context: String,
    user: String,
    pub(crate) why: Unlisted,
}

/// A part of a list, in one answer.
#[derive(Debug)]
pub(crate) struct Page<K> {
    pub(crate) items: Vec<K>,
    pub(crate) version: String,
    pub(crate) next: Option<String>,
    /// What the API has to say of the answer, such as nodes that are not in it.
    pub(crate) warnings: Vec<String>,
    /// When it was answered, by the API server's clock.
    pub(crate) at: Option<SystemTime>,
}

/// `namespace`: none is all of them, or that the kind has none.
pub(crate) async fn page<K>(
    cluster: &Cluster,
    namespace: Option<&str>,
    parameters: &ListParams,
) -> kube::Result<Page<K>>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned,
{
    let request = Request::new(K::url_path(&(), namespace)).list(parameters).map_err(kube::Error::BuildRequest)?;
    // Not by `Api::list`, which keeps the headers to itself.
    let response = cluster.client.send(request.map(Body::from)).await?;
    let (head, body) = response.into_parts();
    let header = |name| head.headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    let warnings = header("warning").filter_map(warning).collect();
    let at = header("date").next().and_then(|date| httpdate::parse_http_date(date).ok());
    let code = head.status;
    let body = body.collect().await?.to_bytes();
    if !code.is_success() {
        let status = serde_json::from_slice::<Status>(&body);
        let status = status.unwrap_or_else(|_| Status::failure(code.as_str(), "").with_code(code.as_u16()));
        return Err(kube::Error::Api(status.boxed()));
    }
    let list: ObjectList<K> = serde_json::from_slice(&body).map_err(kube::Error::SerdeError)?;
    let next = list.metadata.continue_.filter(|token| !token.is_empty());
    Ok(Page { items: list.items, version: list.metadata.resource_version.unwrap_or_default(), next, warnings, at })
}

/// `299 - "text"`
fn warning(value: &str) -> Option<String> {
    let text = value.splitn(3, ' ').nth(2)?;
    Some(plain(text.trim_matches('"')))
}

/// All of a list, with its warnings.
pub(crate) async fn list<K>(
    cluster: &Cluster,
    namespace: Option<&str>,
    listed: Listed,
) -> Result<(Vec<K>, Vec<String>), Unlisted>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug,
{
    list_where(cluster, namespace, listed, "").await
}

/// Those that a field selector selects; an empty one: all.
pub(crate) async fn list_where<K>(
    cluster: &Cluster,
    namespace: Option<&str>,
    listed: Listed,
    fields: &str,
) -> Result<(Vec<K>, Vec<String>), Unlisted>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug,
{
    let Listed { plural, most, .. } = listed;
    let mut parameters = ListParams::default().limit(PAGE);
    parameters.field_selector = Some(fields.to_owned()).filter(|fields| !fields.is_empty());
    let (mut found, mut warnings) = (Vec::new(), Vec::new());
    loop {
        let page: Page<K> =
            page(cluster, namespace, &parameters).await.map_err(|error| Unlisted::of(&error, listed))?;
        found.extend(page.items);
        if found.len() > most {
            return Err(Unlisted::TooMany(plural, most));
        }
        if warnings.is_empty() {
            warnings = page.warnings;
        }
        match page.next {
            Some(token) => parameters = parameters.continue_token(&token),
            None => return Ok((found, warnings)),
        }
    }
}

pub(crate) fn code(error: &kube::Error) -> Option<u16> {
    if let kube::Error::Api(status) = error { Some(status.code) } else { None }
}
