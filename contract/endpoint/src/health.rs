//! A health listener with its own thread, so that a busy process does not delay its answers.

use crate::serve::{Endpoint, serve};
use axum::Router;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use tokio::sync::oneshot;

/// Serves until dropped.
#[derive(Debug)]
pub struct HealthThread {
    /// Dropped first, which ends the thread.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl HealthThread {
    pub fn start(listener: TcpListener, router: Router, endpoint: Arc<Endpoint>) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _guard = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("health".to_owned()).spawn(move || {
            let served = runtime.block_on(async {
                tokio::select! {
                    served = serve(listener, router, endpoint, std::future::pending()) => served,
                    _ = stopped => Ok(()),
                }
            });
            if let Err(error) = served {
                // The kubelet notices, because its probes fail.
                tracing::error!(%error, "health is not served any more");
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for HealthThread {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic was printed already.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
