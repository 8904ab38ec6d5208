//! The table on the whole screen, until somebody quits.

use super::app::App;
use super::nodes::{self, Nodes};
use super::screen::{Head, draw};
use super::store::Store;
use super::terminal::{Input, Screen, inputs};
use super::{FULL, NewsOf, NotShown, take};
use crate::follow::News;
use crate::kubeconfig::Cluster;
use crate::plain::plain;
use std::env;
use std::io;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Between two looks at what is known.
const REFRESH: Duration = Duration::from_secs(1);

struct Known {
    store: Store,
    begun: Instant,
    /// When something was said.
    last: Instant,
    has_listed: bool,
    /// What the API said of the list, and of the one that is read.
    warned: [Option<String>; 2],
    trouble: Option<String>,
}

/// The first of all signals that end it.
struct Ends([Signal; 3]);

impl Ends {
    fn new() -> io::Result<Self> {
        let [interrupt, terminate, hangup] =
            [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
        Ok(Self([interrupt?, terminate?, hangup?]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

pub(super) async fn show(mut app: App, mut news: NewsOf, cluster: &Cluster) -> Result<(), NotShown> {
    let now = Instant::now();
    let mut known = Known {
        store: Store::default(),
        begun: now,
        last: now,
        has_listed: false,
        warned: [None, None],
        trouble: None,
    };
    // An error before there is anything to see is no screen.
    while !known.has_listed {
        let Some(next) = news.recv().await else { return Ok(()) };
        known.take(next.map_err(|why| why.by(cluster))?);
    }
    let nodes = nodes::follow(cluster.clone());
    let mut ends = Ends::new().map_err(NotShown::Terminal)?;
    let mut screen = Screen::take().map_err(NotShown::Terminal)?;
    let mut inputs = inputs().map_err(NotShown::Terminal)?;
    let mut ticks = interval(REFRESH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !app.has_quit {
        tokio::select! {
            next = news.recv() => {
                let Some(next) = next else { return Ok(()) };
                known.take(next.map_err(|why| why.by(cluster))?);
                // Many may come in a second.
                continue;
            }
            _ = ticks.tick() => app.refresh(&known.store, known.begun.elapsed()),
            input = inputs.recv() => match input {
                Some(Input::Key(key)) => app.key(key, &known.store, known.begun.elapsed()),
                Some(Input::Resized) => {}
                Some(Input::Gone) | None => return Ok(()),
            },
            () = ends.next() => return Ok(()),
        }
        let head = known.head(cluster, *nodes.borrow());
        screen.0.draw(|frame| draw(frame, &mut app, &head)).map_err(NotShown::Terminal)?;
    }
    Ok(())
}

impl Known {
    fn take(&mut self, news: News) {
        self.last = Instant::now();
        match news {
            News::Listed => {
                self.store.end_list();
                (self.has_listed, self.trouble) = (true, None);
                self.warned = [self.warned[1].take(), None];
            }
            News::Warning(text) => self.warned[1] = Some(text),
            News::Trouble(why) => self.trouble = Some(why),
            other => take(&mut self.store, &other, self.begun.elapsed()),
        }
    }

    fn head(&self, cluster: &Cluster, nodes: Nodes) -> Head {
        let warned = self.warned[0].as_deref();
        let missing = warned.and_then(nodes::of_warning);
        let warned = warned.filter(|_| missing.is_none()).map(str::to_owned);
        let nodes = nodes.or(missing);
        let trouble = self.trouble.as_ref().map(|why| format!("No answer now, trying again: {why}"));
        let full = self.store.is_full.then(|| FULL.to_owned());
        Head {
            context: plain(&cluster.context),
            nodes: nodes.map_or_else(|| "all".to_owned(), |(answer, all)| format!("{answer} of {all}")),
            age: self.last.elapsed(),
            notice: trouble.or(full).or(warned).map(|text| plain(&text)),
            has_colors: env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        }
    }
}
