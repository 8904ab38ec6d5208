//! The watch of one kind, with recovery from every failure.

use super::failure::WatchFailure;
use super::kinds::Watched;
use super::reduced::Reduced;
use super::store::Store;
use crate::source::Reread;
use crate::source::api_server::client::WATCH;
use crate::source::event::Event;
use crate::source::object::Kind;
use crate::source::reread::Requests;
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use kube::runtime::watcher::{self, Config, InitialListStrategy, watcher};
use kube::{Api, Client};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Events in one batch: enough to spare the writer many small batches, few enough to bound what waits for it.
const MAX: usize = 256;
/// Time for reading events that have arrived already, which may be thousands of large objects. Then other kinds have
/// their turn.
const TURN: Duration = Duration::from_millis(50);
/// Objects of a page, where lists are not streamed.
const PAGE: u32 = 500;
/// Between two attempts. Jitter doubles it at most: an API server that is back is found within 4 s.
const MIN_DELAY: Duration = Duration::from_millis(200);
const MAX_DELAY: Duration = Duration::from_secs(2);
/// A failure that lasts less than this needs no action: an API server or a kind has just been installed, or a role is not yet
/// known to every part of the API server.
const LASTING: Duration = Duration::from_secs(10);
/// A kind that was there is gone when it has been missing for this long: an API server that starts may not know it yet.
const GONE: Duration = Duration::from_secs(10);

/// The events that have arrived since the last batch.
#[derive(Debug)]
pub(super) struct EventBatch {
    pub(super) kind: Kind,
    pub(super) events: Vec<Event>,
    /// All objects that existed at the start have been sent.
    pub(super) listed: bool,
}

pub(super) struct Watch<K> {
    client: Client,
    strategy: InitialListStrategy,
    stream: BoxStream<'static, watcher::Result<watcher::Event<Reduced<K>>>>,
    /// Met while events were being collected.
    error: Option<watcher::Error>,
    store: Store,
    failures: Failures,
    requests: Requests,
}

/// Failures since the last success.
#[derive(Default)]
struct Failures {
    since: Option<Instant>,
    /// The failure that was logged.
    reported: Option<WatchFailure>,
    missing_since: Option<Instant>,
    wait: Option<ExponentialBackoff>,
}

impl<K: Watched> Watch<K> {
    pub(super) fn new(client: &Client, reread: &Reread) -> Self {
        let strategy = InitialListStrategy::StreamingList;
        Self {
            stream: stream(client, &strategy),
            client: client.clone(),
            strategy,
            error: None,
            store: Store::new(K::KIND),
            failures: Failures::default(),
            requests: reread.requests(K::KIND),
        }
    }

    /// Waits until there is something to send.
    pub(super) async fn next(&mut self) -> EventBatch {
        let mut batch = EventBatch { kind: K::KIND, events: Vec::new(), listed: false };
        while batch.events.is_empty() && !batch.listed {
            match self.event().await {
                Ok(event) => {
                    self.take(event, &mut batch);
                    self.collect(&mut batch);
                }
                Err(error) => self.fail(&error, &mut batch).await,
            }
        }
        batch
    }

    async fn event(&mut self) -> watcher::Result<watcher::Event<Reduced<K>>> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        loop {
            tokio::select! {
                outcome = self.stream.next() => match outcome {
                    Some(outcome) => return outcome,
                    // kube documents that it never ends.
                    None => self.restart(),
                },
                // A list sends the objects that the store has not kept, and skips the others.
                () = self.requests.next(), if K::KIND.is_bounded() => self.restart(),
            }
        }
    }

    /// Adds the events that have arrived already.
    fn collect(&mut self, batch: &mut EventBatch) {
        let begun = Instant::now();
        while batch.events.len() < MAX && begun.elapsed() < TURN {
            match self.stream.next().now_or_never() {
                Some(Some(Ok(event))) => self.take(event, batch),
                Some(Some(Err(error))) => return self.error = Some(error),
                Some(None) | None => return,
            }
        }
    }

    fn take(&mut self, event: watcher::Event<Reduced<K>>, batch: &mut EventBatch) {
        // A list that is only about to be requested has not come yet.
        if !matches!(event, watcher::Event::Init) {
            self.recover();
        }
        match event {
            watcher::Event::Init => self.store.begin(),
            watcher::Event::InitApply(reduced) | watcher::Event::Apply(reduced) => {
                batch.events.extend(self.store.see(reduced.entry()));
            }
            watcher::Event::Delete(reduced) => batch.events.extend(self.store.lose(&reduced.name())),
            watcher::Event::InitDone => {
                batch.events.extend(self.store.end());
                batch.listed = true;
                tracing::debug!("{:?}: {} listed", K::KIND, self.store.len());
            }
        }
    }

    fn recover(&mut self) {
        let Failures { reported, .. } = std::mem::take(&mut self.failures);
        if reported.is_some() {
            tracing::info!("{}: watched again", K::plural(&()));
        }
    }

    async fn fail(&mut self, error: &watcher::Error, batch: &mut EventBatch) {
        let failure = WatchFailure::of(error, &self.strategy);
        let lasted = self.failures.since.get_or_insert_with(Instant::now).elapsed();
        let text = failure.text(error, &K::group(&()), &K::plural(&()));
        if failure.is_usual() || lasted < LASTING {
            tracing::debug!("{text}");
        } else if self.failures.reported.replace(failure) != Some(failure) {
            tracing::warn!("{text}; for {lasted:.0?} now, retrying at least every {:?}", MAX_DELAY * 2);
        }
        match failure {
            WatchFailure::NoStreaming => {
                self.strategy = InitialListStrategy::ListWatch;
                return self.restart();
            }
            // By itself the stream would keep requesting changes after a version that the server does not know.
            WatchFailure::Expired => self.restart(),
            WatchFailure::Missing => {
                self.restart();
                let since = *self.failures.missing_since.get_or_insert_with(Instant::now);
                if self.store.len() == 0 || since.elapsed() >= GONE {
                    batch.events = self.store.clear();
                    batch.listed = true;
                }
            }
            WatchFailure::Forbidden | WatchFailure::Passing => {}
        }
        let wait = self.failures.wait.get_or_insert_with(|| backoff().build());
        sleep(wait.next().unwrap_or(MAX_DELAY)).await;
    }

    fn restart(&mut self) {
        self.stream = stream(&self.client, &self.strategy);
    }
}

fn stream<K: Watched>(
    client: &Client,
    strategy: &InitialListStrategy,
) -> BoxStream<'static, watcher::Result<watcher::Event<Reduced<K>>>> {
    let timeout = u32::try_from(WATCH.as_secs()).ok();
    let config =
        Config { initial_list_strategy: strategy.clone(), page_size: Some(PAGE), timeout, ..Config::default() };
    watcher(Api::<Reduced<K>>::all(client.clone()), config).boxed()
}

fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::new().with_min_delay(MIN_DELAY).with_max_delay(MAX_DELAY).without_max_times().with_jitter()
}
