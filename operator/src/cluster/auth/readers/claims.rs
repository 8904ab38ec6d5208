//! The claims of a reader's token. Any token that the API server accepts will do, so little is required. Nothing here is
//! verified: it is enough to refuse a token, never to admit one.

use crate::cluster::auth::claims::{Audiences, MAX_LIFETIME, left};
use crate::cluster::auth::review::DOUBTFUL;
use crate::cluster::tls::UnixSeconds;
use jsonwebtoken::dangerous::insecure_decode_claims;
use longwire_crds::names::METRICS_AUDIENCE;
use longwire_endpoint::readers::{MAX_TOKEN, is_token};
use serde::Deserialize;
use std::time::Duration;

/// How far this machine's clock may be ahead of the API server's, which is the one that counts.
const CLOCKS: Duration = Duration::from_secs(24 * 3600);

#[derive(Clone, Debug, Default, Deserialize)]
struct Claims {
    sub: Option<String>,
    exp: Option<UnixSeconds>,
    iat: Option<UnixSeconds>,
    aud: Option<Audiences>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// True once its signature is.
    pub(super) subject: String,
    pub(super) is_for_readers: bool,
    expiry: Expiry,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expiry {
    At(UnixSeconds, Option<UnixSeconds>),
    /// That of a Secret has none.
    Never,
    /// It is no JSON Web Token.
    Unknown,
}

/// An error is the reason. `wall` is the time since 1970.
pub(super) fn precheck(token: &str, wall: Duration) -> Result<Token, String> {
    if !is_token(token) {
        return Err(format!("it is no bearer token of at most {MAX_TOKEN} bytes"));
    }
    let claims = insecure_decode_claims::<Claims>(token).ok();
    let expiry = match &claims {
        Some(Claims { exp: Some(exp), iat, .. }) => Expiry::At(*exp, *iat),
        Some(_) => Expiry::Never,
        None => Expiry::Unknown,
    };
    if let Expiry::At(exp, _) = expiry
        && Duration::from_secs(exp).saturating_add(CLOCKS) < wall
    {
        return Err("it expired more than a day ago".to_owned());
    }
    let Claims { sub, aud, .. } = claims.unwrap_or_default();
    let is_for_readers = aud.is_some_and(|audiences| audiences.have(METRICS_AUDIENCE));
    Ok(Token { subject: sub.unwrap_or_default(), is_for_readers, expiry })
}

impl Token {
    /// How long it is still valid, after the API server has accepted it.
    pub(super) fn good_for(&self, wall: Duration) -> Duration {
        match self.expiry {
            Expiry::At(exp, iat) => Some(left(exp, iat, wall)).filter(|left| !left.is_zero()).unwrap_or(DOUBTFUL),
            Expiry::Never => MAX_LIFETIME,
            Expiry::Unknown => DOUBTFUL,
        }
    }
}
