//! One question to the API server: an object is created that comes back with its answer, and is never stored.

use super::TIMEOUT;
use kube::api::PostParams;
use kube::{Api, Client, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Silence {
    /// The operator may not ask.
    NotAllowed(String),
    /// The API server did not answer.
    Unreachable(String),
}

pub(super) async fn ask<K>(client: &Client, question: &K) -> Result<K, Silence>
where
    K: Resource<DynamicType = ()> + Clone + Debug + Serialize + DeserializeOwned,
{
    let (kind, plural) = (K::kind(&()), K::plural(&()));
    let api: Api<K> = Api::all(client.clone());
    match tokio::time::timeout(TIMEOUT, api.create(&PostParams::default(), question)).await {
        Err(_) => Err(Silence::Unreachable(format!("no answer to a {kind} within {TIMEOUT:?}"))),
        Ok(Ok(answered)) => Ok(answered),
        Ok(Err(kube::Error::Api(status))) if status.code < 500 && status.code != 429 => {
            Err(Silence::NotAllowed(format!("{kind}: {}; may the operator create {plural}?", status.message)))
        }
        Ok(Err(error)) => Err(Silence::Unreachable(error.to_string())),
    }
}
