//! One review by the API server: an object is created that comes back with its status, and is never stored.

use super::TIMEOUT;
use kube::api::PostParams;
use kube::{Api, Client, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// Why there is no review.
#[derive(Debug)]
pub(crate) enum NoReview {
    /// The operator may not create it.
    NotAllowed(String),
    /// The API server did not answer.
    Unreachable(String),
}

pub(crate) async fn create<K>(client: &Client, review: &K) -> Result<K, NoReview>
where
    K: Resource<DynamicType = ()> + Clone + Debug + Serialize + DeserializeOwned,
{
    let (kind, plural) = (K::kind(&()), K::plural(&()));
    let api: Api<K> = Api::all(client.clone());
    match tokio::time::timeout(TIMEOUT, api.create(&PostParams::default(), review)).await {
        Err(_) => Err(NoReview::Unreachable(format!("no answer to a {kind} within {TIMEOUT:?}"))),
        Ok(Ok(answered)) => Ok(answered),
        Ok(Err(kube::Error::Api(status))) if status.code < 500 && status.code != 429 => {
            Err(NoReview::NotAllowed(format!("{kind}: {}; may the operator create {plural}?", status.message)))
        }
        Ok(Err(error)) => Err(NoReview::Unreachable(error.to_string())),
    }
}
