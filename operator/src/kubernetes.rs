//! The way to an API server.

use kube::{Client, Config};
use std::error::Error;
use std::fmt::Write;
use std::time::Duration;

mod membership;

pub use membership::Membership;

/// For a connection to be made.
const CONNECT: Duration = Duration::from_secs(3);
/// A watch on which nothing changes has a bookmark every minute: a connection that is silent for longer is dead.
const SILENCE: Duration = Duration::from_secs(90);

#[derive(Debug, thiserror::Error)]
#[error("no API server: {0}; run in a pod, set KUBECONFIG, or name a directory of manifests with --manifests")]
pub struct NoApiServer(String);

/// A client for the API server of this pod's cluster, or of the kubeconfig. Asks nothing yet: one that is away now is found
/// when it is back.
pub async fn connect() -> Result<Client, NoApiServer> {
    let mut config = Config::infer().await.map_err(|error| NoApiServer(chain(&error)))?;
    config.connect_timeout = Some(CONNECT);
    config.read_timeout = Some(SILENCE);
    // Or the silence of a connection that nobody used would count.
    config.reset_reader_on_write = true;
    // Who asks knows better when to ask again, and what meanwhile.
    config.default_retry = false;
    let agent = concat!("longwire-operator/", env!("CARGO_PKG_VERSION"));
    let agent = axum::http::HeaderValue::from_str(agent).map_err(|error| NoApiServer(chain(&error)))?;
    config.headers.push((axum::http::header::USER_AGENT, agent));
    Client::try_from(config).map_err(|error| NoApiServer(chain(&error)))
}

/// An error with its causes: kube's own text for a server that is away does not say why.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            // Writing to a string does not fail.
            let _ = write!(text, ": {said}");
        }
        cause = error.source();
    }
    text
}
