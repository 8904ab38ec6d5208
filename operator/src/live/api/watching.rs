//! A watch of connections or edges: its begin, and the task that goes on with it.

mod lines;

use super::accept::Form;
use super::objects::{Answer, Asked};
use super::query::Match;
use super::status::Failure;
use super::{Api, respond};
use crate::live::authorize::{Attributes, Authorizer, Denied};
use crate::live::connections::{Connections, Interested};
use crate::live::demand::{Interest, Scope};
use crate::live::identity::Identity;
use crate::live::listen::another_role;
use crate::live::served::Served;
use crate::live::view::Place;
use crate::live::watcher::{Event, EventKind, Watcher};
use crate::live::watches::Taken;
use crate::publish::role::Role;
use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use lines::Lines;
use longwire_live::{LiveResource, Verb};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;

/// Rows of one step.
const STEP: usize = 256;
/// Between two steps: what changes meanwhile is one event.
const PACE: Duration = Duration::from_millis(250);
/// Between two bookmarks without a reason, and between two that tell of missed updates.
const BOOKMARKS: Duration = Duration::from_mins(1);
const NEWS_OF_MISSED: Duration = Duration::from_secs(5);
/// Between two looks whether the user may still watch.
const REVIEW: Duration = Duration::from_mins(1);
/// A client that reads nothing for so long is gone.
const READ: Duration = Duration::from_mins(1);
/// How long a watch lasts, in seconds, unless it says so: so long, and up to twice as long.
const LASTS: u64 = 1_800;
const MAX_LASTS: u64 = 86_400;

/// What a watch is sent before changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begin {
    /// All that there is.
    Everything {
        /// Then that this was all.
        bookmark: bool,
    },
    /// What changed since.
    After(u64),
}

/// Whether the user may still watch is asked again and again.
struct Rights {
    authorizer: Arc<Authorizer>,
    identity: Identity,
    name: Option<String>,
}

struct Watching {
    resource: &'static LiveResource,
    namespace: Option<String>,
    connections: Arc<Connections>,
    _interested: Interested,
    _taken: Taken,
    watcher: Watcher,
    begin: Begin,
    lines: Lines,
    bookmarks: bool,
    rights: Option<Rights>,
    role: watch::Receiver<Role>,
    until: Instant,
    out: mpsc::Sender<Result<Bytes, Infallible>>,
}

/// The watch is over: its client is gone, or all has been said.
struct Over;

impl Api {
    pub(super) async fn watch<S: Served>(
        &self,
        (asked, form): (&Asked<'_>, Form),
        identity: Option<Identity>,
        role: watch::Receiver<Role>,
    ) -> Answer {
        let Asked { objects, options, selection, .. } = asked;
        let user = identity.as_ref().map(|identity| identity.user.as_str());
        let taken = self.watches.take(user).map_err(|full| Failure::too_many(&full))?;
        // A watch of one object is one of all with its name.
        let selection = objects.name.as_deref().map_or_else(|| selection.clone(), |name| selection.and_name(name));
        let scope = objects.namespace.clone().map_or(Scope::All, Scope::Namespace);
        let interest = Interest { scope: scope.clone(), history: selection.requires("history", "all") };
        let interested =
            self.connections.interest::<S>(interest).map_err(|full| Failure::too_many(&full.to_string()))?;
        let begin = match options.version.filter(|version| *version > 0) {
            Some(version) if options.initial_events != Some(true) => Begin::After(version),
            _ => Begin::Everything { bookmark: options.initial_events == Some(true) && options.bookmarks },
        };
        let mut missing = None;
        let cursor = match begin {
            Begin::After(version) => version,
            Begin::Everything { .. } => {
                missing = Some(self.connections.answered::<S>(&interested).await);
                self.connections.with::<S, _>(|views| views.revision())
            }
        };
        let newest = self.connections.with::<S, _>(|views| views.revision());
        if let Some(wanted) =
            options.version.filter(|wanted| options.matching == Some(Match::NotOlderThan) && *wanted > newest)
        {
            return Err(Failure::version_too_large(wanted, newest));
        }
        self.connections
            .with::<S, _>(|views| views.check(cursor))
            .map_err(|expired| Failure::expired(&expired.to_string()))?;
        let rights = identity.zip(self.authorizer.clone()).map(|(identity, authorizer)| {
            let name = selection.name().map(str::to_owned);
            Rights { authorizer, identity, name }
        });
        let (out, body) = mpsc::channel(1);
        let watching = Watching {
            resource: objects.resource,
            namespace: objects.namespace.clone(),
            watcher: self.connections.with::<S, _>(|views| Watcher::new(views, scope, selection, cursor)),
            connections: Arc::clone(&self.connections),
            _interested: interested,
            _taken: taken,
            begin,
            lines: Lines::new(objects.resource, form, options.include_object),
            bookmarks: options.bookmarks,
            rights,
            role,
            until: Instant::now() + lasts(options.timeout),
            out,
        };
        tokio::spawn(watching.run::<S>());
        let mut response = respond(StatusCode::OK, "application/json", Body::from_stream(ReceiverStream::new(body)));
        missing.iter().flat_map(|missing| missing.warnings()).for_each(|warning| {
            response.headers_mut().append(header::WARNING, warning);
        });
        Ok(response)
    }
}

/// Spread, so that watches that begin together do not end together.
fn lasts(timeout: Option<u64>) -> Duration {
    let spread = || crate::live::probes::microseconds() % LASTS;
    Duration::from_secs(timeout.map_or_else(|| LASTS + spread(), |seconds| seconds.clamp(1, MAX_LASTS)))
}

impl Watching {
    async fn run<S: Served>(mut self) {
        // All ends are alike: nothing more is sent.
        let (Ok(()) | Err(Over)) = self.tell::<S>().await;
    }

    async fn tell<S: Served>(&mut self) -> Result<(), Over> {
        if let Begin::Everything { bookmark } = self.begin {
            self.tell_everything::<S>().await?;
            if bookmark {
                self.lines.bookmark(self.watcher.cursor, None, true);
            }
            self.flush().await?;
        }
        let mut news = self.connections.news();
        let (mut review, mut bookmark, mut told) = (Instant::now() + REVIEW, Instant::now(), 0);
        loop {
            news.borrow_and_update();
            self.tell_changes::<S>().await?;
            let missed = self.connections.with::<S, _>(|views| self.watcher.missed(views));
            let since = bookmark.elapsed();
            if self.bookmarks && (since >= BOOKMARKS || missed > told && since >= NEWS_OF_MISSED) {
                self.lines.bookmark(self.watcher.cursor, Some(missed), false);
                (bookmark, told) = (Instant::now(), missed);
            }
            self.flush().await?;
            if Instant::now() >= review {
                self.review().await?;
                review = Instant::now() + REVIEW;
            }
            let next = self.until.min(review).min(bookmark + BOOKMARKS);
            tokio::select! {
                changed = news.changed() => changed.map_err(|_| Over)?,
                () = tokio::time::sleep_until(next.into()) => {}
                () = self.out.closed() => return Err(Over),
                // Another replica knows more, and has other versions.
                () = another_role(&mut self.role) => return Err(Over),
            }
            if Instant::now() >= self.until {
                if self.bookmarks {
                    self.lines.bookmark(self.watcher.cursor, Some(missed), false);
                }
                return self.flush().await.and(Err(Over));
            }
            tokio::time::sleep(PACE).await;
        }
    }

    async fn tell_everything<S: Served>(&mut self) -> Result<(), Over> {
        let mut after: Option<Place> = None;
        loop {
            let Watcher { scope, selection, cursor, .. } = &self.watcher;
            let rows = self.connections.slice::<S>(scope, *cursor, &mut after, STEP);
            let is_last = rows.len() < STEP;
            let rows: Vec<_> = Connections::select(rows, scope, *cursor, selection).collect();
            for (_, state) in rows {
                self.write(&Event { kind: EventKind::Added, state });
                if self.lines.is_full() {
                    self.flush().await?;
                }
            }
            if is_last {
                return Ok(());
            }
        }
    }

    async fn tell_changes<S: Served>(&mut self) -> Result<(), Over> {
        loop {
            let changes =
                self.connections.with::<S, _>(|views| views.since(&self.watcher.scope, self.watcher.cursor, STEP));
            let changes = match changes {
                Ok(changes) => changes,
                Err(expired) => {
                    self.lines.error(&Failure::expired(&expired.to_string()));
                    return self.flush().await.and(Err(Over));
                }
            };
            let is_last = changes.rows.len() < STEP;
            for event in self.watcher.step(changes) {
                self.write(&event);
                if self.lines.is_full() {
                    self.flush().await?;
                }
            }
            if is_last {
                return Ok(());
            }
        }
    }

    fn write<S: Served>(&mut self, event: &Event<S>) {
        let namespace = self.watcher.namespace(&event.state).to_owned();
        self.lines.event(event, &namespace);
    }

    async fn review(&mut self) -> Result<(), Over> {
        let Some(Rights { authorizer, identity, name }) = &self.rights else { return Ok(()) };
        let attributes = Attributes {
            verb: Verb::Watch,
            resource: self.resource,
            namespace: self.namespace.as_deref(),
            name: name.as_deref(),
        };
        match authorizer.check(identity, attributes).await {
            // An API server that cannot be asked now is asked again.
            Ok(()) | Err(Denied::Unavailable(_)) => Ok(()),
            Err(Denied::Forbidden(why)) => {
                self.lines.error(&Failure::forbidden(self.resource, name.as_deref(), &why));
                self.flush().await.and(Err(Over))
            }
        }
    }

    /// A client that does not read keeps it waiting, not forever.
    async fn flush(&mut self) -> Result<(), Over> {
        let Some(chunk) = self.lines.take() else { return Ok(()) };
        match timeout(READ, self.out.send(Ok(chunk))).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Over),
        }
    }
}
