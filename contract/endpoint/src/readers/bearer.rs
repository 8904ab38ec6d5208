//! Reads the bearer token of a request.

use super::Outcome;
use axum::http::{HeaderMap, header};

/// Longest token, bytes. The API server's are below 2 KiB.
pub const MAX_TOKEN: usize = 8 << 10;

/// Whether it is a bearer token by the syntax of RFC 6750.
#[must_use]
pub fn is_token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !body.is_empty() && text.len() <= MAX_TOKEN && body.bytes().all(is_allowed)
}

/// The one token, or why there is none.
pub(super) fn token(headers: &HeaderMap) -> Result<&str, Outcome> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let value = all.next().ok_or(Outcome::NoToken)?;
    let text = value.to_str().ok().filter(|_| all.next().is_none()).ok_or(Outcome::Malformed)?;
    let (scheme, token) = text.split_once(' ').ok_or(Outcome::Malformed)?;
    let token = token.trim();
    let is_good = scheme.eq_ignore_ascii_case("bearer") && is_token(token);
    is_good.then_some(token).ok_or(Outcome::Malformed)
}
