//! Connections as they are, and as they change: listed, then watched, and listed anew when the watch cannot go on.
//!
//! ```text
//! list: pages --> Listed --watch from its version--> Changed, Gone        ends: watched again from the last version
//!   ^                                                     |               410, or nobody answers: after a pause
//!   +-----------------------------------------------------+
//! ```
//!
//! A reader that is slow makes the API skip states: the channel is short, and nothing is kept here.

use crate::kubeconfig::Cluster;
use crate::listing::{Listed, PAGE, Page, Unlisted, code, page};
use futures::{Stream, TryStreamExt};
use kube::api::{Api, ListParams, WatchEvent, WatchParams};
use longwire_live::{Connection, GROUP};
use longwire_operator::source::api_server::client::chain;
use std::pin::pin;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc;
use tokio::time::sleep;

#[cfg(test)]
mod tests;

/// News that wait for their reader.
const WAITING: usize = 16;
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Which connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// None: all of them.
    pub(crate) namespace: Option<String>,
    pub(crate) labels: Option<String>,
    /// Fields and their values.
    pub(crate) fields: Vec<(&'static str, String)>,
    pub(crate) history: History,
}

/// Whether connections are listed that ended before anybody asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum History {
    #[default]
    Never,
    /// When it is listed anew: something may have ended meanwhile.
    Later,
    Always,
}

#[derive(Debug)]
pub(crate) enum News {
    /// A part of all that there is, answered at this time.
    Page(Vec<Connection>, Option<SystemTime>),
    /// Those pages were all.
    Listed,
    Changed(Box<Connection>),
    Gone(Box<Connection>),
    /// So many updates came faster than they were read.
    Missed(u64),
    /// What the API says of its list.
    Warning(String),
    /// Nobody answers now, and why. It is asked again.
    Trouble(String),
}

type Outcome = Result<News, Unlisted>;

/// Ends after an error, or when nobody receives.
pub(crate) fn follow(cluster: Cluster, wanted: Wanted) -> mpsc::Receiver<Outcome> {
    let (out, news) = mpsc::channel(WAITING);
    let following = Following { cluster, wanted, out, has_listed: false, pause: PAUSE };
    tokio::spawn(async move {
        // Both ends are alike: nothing more is said.
        let (Ok(()) | Err(Over)) = following.run().await;
    });
    news
}

impl Wanted {
    fn fields(&self, has_listed: bool) -> String {
        let is_all = match self.history {
            History::Never => false,
            History::Later => has_listed,
            History::Always => true,
        };
        let history = is_all.then(|| ("history", "all".to_owned()));
        let terms = self.fields.iter().chain(&history).map(|(field, value)| format!("{field}={}", escaped(value)));
        terms.collect::<Vec<_>>().join(",")
    }
}

fn seen(version: &mut String, object: &Connection) {
    if let Some(own) = &object.metadata.resource_version {
        version.clone_from(own);
    }
}

/// As a value of a field selector.
pub(crate) fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace(',', "\\,").replace('=', "\\=")
}

/// Nobody receives, or what went wrong has been said.
struct Over;

struct Following {
    cluster: Cluster,
    wanted: Wanted,
    out: mpsc::Sender<Outcome>,
    has_listed: bool,
    pause: Duration,
}

/// How a watch went.
enum Watched {
    /// It is watched again from this version.
    Until(String),
    /// It has to be listed anew, perhaps because of something.
    Anew(Option<String>),
}

impl Following {
    async fn run(mut self) -> Result<(), Over> {
        loop {
            let fields = self.wanted.fields(self.has_listed);
            match self.list(&fields).await? {
                Ok(version) => self.watch_on(version, &fields).await?,
                Err(why) => self.trouble(why).await?,
            }
        }
    }

    /// The version to watch from.
    async fn list(&mut self, fields: &str) -> Result<Result<String, String>, Over> {
        let mut parameters = ListParams::default().limit(PAGE).fields(fields);
        parameters.label_selector.clone_from(&self.wanted.labels);
        let mut is_first = true;
        loop {
            let listed = page::<Connection>(&self.cluster, self.wanted.namespace.as_deref(), &parameters).await;
            let Page { items, version, next, warnings, at } = match listed {
                Ok(page) => page,
                Err(error) => return self.failed(&error).await.map(Err),
            };
            for warning in warnings.into_iter().filter(|_| is_first) {
                self.say(News::Warning(warning)).await?;
            }
            is_first = false;
            self.say(News::Page(items, at)).await?;
            let Some(token) = next else {
                self.has_listed = true;
                self.say(News::Listed).await?;
                return Ok(Ok(version));
            };
            parameters = parameters.continue_token(&token);
        }
    }

    async fn watch_on(&mut self, mut version: String, fields: &str) -> Result<(), Over> {
        loop {
            version = match self.watch(version, fields).await? {
                Watched::Until(version) => version,
                Watched::Anew(None) => break,
                Watched::Anew(Some(why)) => return self.trouble(why).await,
            };
            sleep(PAUSE).await;
        }
        sleep(PAUSE).await;
        Ok(())
    }

    async fn watch(&mut self, mut version: String, fields: &str) -> Result<Watched, Over> {
        let namespace = self.wanted.namespace.as_deref();
        let client = self.cluster.client.clone();
        let api = namespace.map_or_else(|| Api::all(client.clone()), |name| Api::namespaced(client.clone(), name));
        let mut parameters = WatchParams::default().fields(fields);
        parameters.label_selector.clone_from(&self.wanted.labels);
        let events = match api.watch(&parameters, &version).await {
            Ok(events) => events,
            Err(error) if code(&error) == Some(410) => return Ok(Watched::Anew(None)),
            Err(error) => return self.failed(&error).await.map(|why| Watched::Anew(Some(why))),
        };
        self.pause = PAUSE;
        self.tell(pin!(events), &mut version).await.map(|end| end.unwrap_or(Watched::Until(version)))
    }

    async fn tell(
        &mut self,
        mut events: impl Stream<Item = kube::Result<WatchEvent<Connection>>> + Unpin,
        version: &mut String,
    ) -> Result<Option<Watched>, Over> {
        let mut told = 0;
        loop {
            let news = match events.try_next().await {
                Ok(None) => return Ok(None),
                Ok(Some(WatchEvent::Added(object) | WatchEvent::Modified(object))) => {
                    seen(version, &object);
                    News::Changed(Box::new(object))
                }
                Ok(Some(WatchEvent::Deleted(object))) => {
                    seen(version, &object);
                    News::Gone(Box::new(object))
                }
                Ok(Some(WatchEvent::Bookmark(bookmark))) => {
                    *version = bookmark.metadata.resource_version;
                    let missed = bookmark.metadata.annotations.get(&format!("{GROUP}/missed-updates"));
                    let missed: u64 = missed.and_then(|missed| missed.parse().ok()).unwrap_or(told);
                    let more = missed.saturating_sub(told);
                    told = told.max(missed);
                    if more == 0 {
                        continue;
                    }
                    News::Missed(more)
                }
                Ok(Some(WatchEvent::Error(status))) => {
                    let error = kube::Error::Api(status);
                    return if code(&error) == Some(410) {
                        Ok(Some(Watched::Anew(None)))
                    } else {
                        self.failed(&error).await.map(|why| Some(Watched::Anew(Some(why))))
                    };
                }
                Err(error) => return self.failed(&error).await.map(|why| Some(Watched::Anew(Some(why)))),
            };
            self.say(news).await?;
        }
    }

    /// What no time heals ends it, and so does any error before something was listed. Else the reason.
    async fn failed(&mut self, error: &kube::Error) -> Result<String, Over> {
        let is_denied = matches!(code(error), Some(401 | 403));
        if is_denied || !self.has_listed {
            let _ = self.out.send(Err(Unlisted::of(error, Listed::CONNECTIONS))).await;
            return Err(Over);
        }
        Ok(chain(error))
    }

    /// A longer pause each time.
    async fn trouble(&mut self, why: String) -> Result<(), Over> {
        self.say(News::Trouble(why)).await?;
        sleep(self.pause).await;
        self.pause = (2 * self.pause).min(LONGEST_PAUSE);
        Ok(())
    }

    async fn say(&self, news: News) -> Result<(), Over> {
        self.out.send(Ok(news)).await.map_err(|_| Over)
    }
}
