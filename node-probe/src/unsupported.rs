//! A probe on an unsupported node. It stays, and reports the reason in its HTTP answers and to the operator, which
//! makes an Event of it. A process that exits would be restarted again and again, and its reason would stay in the
//! node's log.

use crate::control::Operator;
use crate::http::Listeners;
use crate::options::Options;
use crate::run::{pipeline_options, serve};
use crate::shared::Shared;
use longwire_pipeline::pipeline::Pipeline;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Runs until a signal.
pub(crate) fn stay(options: Options, operator: Operator, reason: String) -> anyhow::Result<()> {
    tracing::error!("this node cannot be watched: {reason}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let listeners = runtime.block_on(Listeners::bind(options.metrics_listen, options.health_listen))?;
    let listeners = listeners.restricted(options.metrics_auth);
    let shared = Shared::new(Pipeline::new(pipeline_options(&options)?));
    shared.cannot_watch(reason);
    // No sampler runs, so no messages are sent and no part fails.
    let ((_interest, messages), (_sampler, failure)) = (mpsc::channel(1), oneshot::channel());
    runtime.block_on(serve(options, operator, Arc::new(shared), listeners, messages, failure))
}
