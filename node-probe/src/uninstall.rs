//! Removes everything that a probe has left.

use crate::kernel::Pins;
use crate::options::Uninstall;
use crate::state::StateFile;
use anyhow::Context;
use axum::Router;
use longwire_endpoint::{Endpoint, Limits};
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

pub(crate) fn run(options: &Uninstall) -> anyhow::Result<()> {
    // The state first: pins without it are no more than programs that count.
    let file = StateFile::of(&options.state_dir, 0, 0);
    if options.pin_dir.is_dir() {
        let pins = Pins::lock(&options.pin_dir)?;
        file.uninstall().with_context(|| format!("removing {}", file.path().display()))?;
        pins.uninstall()?;
    } else {
        file.uninstall().with_context(|| format!("removing {}", file.path().display()))?;
    }
    tracing::info!(pins = %options.pin_dir.display(), state = %options.state_dir.display(), "removed");
    options.stay.map_or(Ok(()), stay)
}

/// A node's kubelet restarts a process that has ended, so this one stays and reports that it is ready.
fn stay(address: SocketAddr) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        let answers = Router::new().fallback(async || "removed\n");
        let served = longwire_endpoint::serve(listener, answers, Endpoint::new(Limits::HEALTH), std::future::pending());
        tokio::select! {
            served = served => served.context("serving failed"),
            _ = terminate.recv() => Ok(()),
            _ = interrupt.recv() => Ok(()),
        }
    })
}
