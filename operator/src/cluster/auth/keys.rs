//! The keys that the API server signs ServiceAccount tokens with, kept for the time when it cannot be reached.

use super::claims::{Claims, Verified};
use super::{TIMEOUT, wall};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, Validation, decode, decode_header};
use kube::Client;
use longwire_crds::names::CONTROL_AUDIENCE;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Between two looks at the keys.
const POLL: Duration = Duration::from_secs(300);
/// While there are none at all, and between two looks for a key that is not known.
const SOON: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub(crate) struct KeySet {
    pub issuer: String,
    pub keys: JwkSet,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidToken {
    #[error("it is signed with key {0:?}, which is not known")]
    UnknownKey(String),
    #[error("{0}")]
    Invalid(String),
    #[error("no keys are known")]
    NoKeys,
}

/// Shared by the task that keeps them and by who verifies.
#[derive(Clone)]
pub(crate) struct Keys {
    client: Client,
    held: Arc<RwLock<Option<Arc<KeySet>>>>,
    /// When they were last requested because of an unknown key.
    requested: Arc<Mutex<Option<Instant>>>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
}

/// The signer of a token, as far as it is known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Signature {
    /// The API server.
    Good,
    /// Another signer.
    Bad(String),
    /// There are no keys, or none of this name.
    Unknown,
}

impl KeySet {
    /// Checks the signature alone: an API server may accept issuers that it does not publish, and clocks differ.
    pub(super) fn signature(&self, token: &str) -> Signature {
        // The claims are not read here: readers' tokens have other shapes than probes'.
        let checked = self.decode::<IgnoredAny>(token, |validation| {
            (validation.validate_exp, validation.validate_nbf, validation.validate_aud) = (false, false, false);
            validation.set_required_spec_claims::<&str>(&[]);
        });
        match checked {
            Ok(_) => Signature::Good,
            Err(InvalidToken::UnknownKey(_) | InvalidToken::NoKeys) => Signature::Unknown,
            Err(InvalidToken::Invalid(text)) => Signature::Bad(text),
        }
    }

    /// Signature, issuer, audience and times, without leeway: the expiry is the stream's end.
    pub(crate) fn verify(&self, token: &str) -> Result<Verified, InvalidToken> {
        let claims: Claims = self.decode(token, |validation| {
            (validation.leeway, validation.validate_nbf) = (0, true);
            validation.set_issuer(&[&self.issuer]);
            validation.set_audience(&[CONTROL_AUDIENCE]);
            validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        })?;
        Ok(claims.verified(wall(), Instant::now()))
    }

    fn decode<T: DeserializeOwned>(
        &self,
        token: &str,
        demand: impl FnOnce(&mut Validation),
    ) -> Result<T, InvalidToken> {
        let invalid = |error: jsonwebtoken::errors::Error| InvalidToken::Invalid(error.to_string());
        let header = decode_header(token).map_err(invalid)?;
        let id = header.kid.unwrap_or_default();
        let key = self.keys.find(&id).ok_or(InvalidToken::UnknownKey(id))?;
        let key = DecodingKey::from_jwk(key).map_err(invalid)?;
        // The key decides how it is used, not the token; a key that is no secret cannot be a shared one.
        let algorithms = match key.family() {
            AlgorithmFamily::Rsa => [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512].to_vec(),
            AlgorithmFamily::Ec => [Algorithm::ES256, Algorithm::ES384].to_vec(),
            _ => Vec::new(),
        };
        if !algorithms.contains(&header.alg) {
            return Err(InvalidToken::Invalid(format!("{:?} is not an algorithm of its key", header.alg)));
        }
        let mut validation = Validation::new(header.alg);
        demand(&mut validation);
        Ok(decode::<T>(token, &key, &validation).map_err(invalid)?.claims)
    }
}

impl Keys {
    #[must_use]
    pub(crate) fn new(client: Client) -> Self {
        Self { client, held: Arc::default(), requested: Arc::default() }
    }

    /// Keeps them fresh for as long as the operator runs.
    pub(crate) async fn keep(self) {
        loop {
            if let Err(error) = self.fetch().await {
                tracing::debug!(%error, "the API server's token keys cannot be read");
            }
            tokio::time::sleep(if self.held().is_some() { POLL } else { SOON }).await;
        }
    }

    /// With the keys that are known; for an unknown key they are requested again, but seldom.
    pub(super) async fn verify(&self, token: &str) -> Result<Verified, InvalidToken> {
        match self.verify_with_held(token) {
            Err(InvalidToken::UnknownKey(_) | InvalidToken::NoKeys) if self.look_again().await => {
                self.verify_with_held(token)
            }
            outcome => outcome,
        }
    }

    /// Checks against the known keys. An unknown key is requested, but seldom, and no caller waits for another's request.
    pub(super) async fn signature(&self, token: &str) -> Signature {
        let held = |keys: &Self| keys.held().map_or(Signature::Unknown, |held| held.signature(token));
        match held(self) {
            Signature::Unknown if self.requested.try_lock().is_ok() && self.look_again().await => held(self),
            known => known,
        }
    }

    fn verify_with_held(&self, token: &str) -> Result<Verified, InvalidToken> {
        self.held().ok_or(InvalidToken::NoKeys)?.verify(token)
    }

    fn held(&self) -> Option<Arc<KeySet>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether there may be new ones now.
    async fn look_again(&self) -> bool {
        let mut requested = self.requested.lock().await;
        if requested.is_some_and(|requested| requested.elapsed() < SOON) {
            return false;
        }
        *requested = Some(Instant::now());
        self.fetch().await.is_ok()
    }

    pub(super) async fn fetch(&self) -> Result<(), String> {
        let Discovery { issuer } = self.get("/.well-known/openid-configuration").await?;
        let keys: JwkSet = self.get("/openid/v1/jwks").await?;
        let set = Some(Arc::new(KeySet { issuer, keys }));
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = set;
        Ok(())
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, String> {
        let request = axum::http::Request::get(path).body(Vec::new()).map_err(|error| error.to_string())?;
        let text = tokio::time::timeout(TIMEOUT, self.client.request_text(request)).await;
        let text = text.map_err(|_| format!("{path}: no answer"))?.map_err(|error| format!("{path}: {error}"))?;
        serde_json::from_str(&text).map_err(|error| format!("{path}: {error}"))
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("held", &self.held()).finish_non_exhaustive()
    }
}
