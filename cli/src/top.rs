//! `top`: connections, added up, in a table that moves.
//!
//! ```text
//! API server --follow--> store: what is known, and how fast it rises --rows: by kind--> app: what was chosen --> screen
//!                                                                        |                     ^ keys
//!                                                                        +--> table, once
//! ```

use crate::Outcome;
use crate::follow::{News, Wanted, follow};
use crate::kubeconfig::{Cluster, NoCluster, connect_to};
use crate::listing::{Unanswered, Unlisted};
use crate::options::Top;
use crate::plain::warn;
use app::App;
use std::io::{self, IsTerminal};
use std::time::Duration;
use store::Store;
use table::Table;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tokio::{runtime, signal};

mod app;
mod column;
pub(crate) mod kind;
mod live;
mod nodes;
mod rate;
mod rows;
mod screen;
mod store;
mod table;
mod terminal;

/// How long rates are measured for a table that is printed once.
const MEASURED: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
pub(crate) enum NotShown {
    #[error("{0}")]
    NoCluster(#[from] NoCluster),
    #[error("{0}")]
    Unanswered(#[from] Unanswered),
    #[error("the cluster cannot be asked: {0}")]
    Runtime(io::Error),
    #[error("the terminal cannot be used: {0}: print the table once with --once")]
    Terminal(io::Error),
}

type NewsOf = mpsc::Receiver<Result<News, Unlisted>>;

pub(crate) fn run(options: &Top) -> Result<Outcome, NotShown> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(NotShown::Runtime)?;
    let is_once = options.once || !io::stdout().is_terminal() || !io::stdin().is_terminal();
    runtime.block_on(async {
        let (cluster, namespace) = connect_to(&options.place).await?;
        let wanted = Wanted { namespace: namespace.clone(), ..Wanted::default() };
        let news = follow(cluster.clone(), wanted);
        let app = App::new(options.kind, namespace);
        let text = if is_once {
            tokio::select! {
                text = once(app, news, &cluster) => text?,
                interrupted = signal::ctrl_c() => interrupted.map(|()| String::new()).map_err(NotShown::Runtime)?,
            }
        } else {
            live::show(app, news, &cluster).await?;
            String::new()
        };
        Ok(Outcome { text, code: 0 })
    })
}

/// A table after a list and a little more.
async fn once(mut app: App, mut news: NewsOf, cluster: &Cluster) -> Result<String, NotShown> {
    let (mut store, begun, mut until) = (Store::default(), Instant::now(), None);
    loop {
        let next = match until {
            None => news.recv().await,
            Some(until) => timeout_at(until, news.recv()).await.unwrap_or(None),
        };
        let Some(next) = next else { break };
        match next.map_err(|why| why.by(cluster))? {
            News::Listed => {
                store.end_list();
                until = until.or_else(|| Some(Instant::now() + MEASURED));
            }
            News::Warning(text) if until.is_none() => warn(&text),
            // Rates are not known then, but all else is.
            News::Trouble(why) => warn(&why),
            other => take(&mut store, &other, begun.elapsed()),
        }
    }
    if store.is_full {
        warn(FULL);
    }
    app.refresh(&store, begun.elapsed());
    if app.rows.is_empty() {
        return Ok(format!("No {}.\n", app.kind.name()));
    }
    let table = Table::new(app.kind, &app.rows, None);
    let lines = [table.titles(None)].into_iter().chain(app.rows.iter().map(|row| table.row(row)));
    Ok(lines.map(|line| line + "\n").collect())
}

const FULL: &str = "there are more connections than there is room for: name a namespace with -n";

/// What is said of connections.
fn take(store: &mut Store, news: &News, now: Duration) {
    match news {
        News::Page(connections, _) => connections.iter().for_each(|connection| store.listed(connection, now)),
        News::Changed(connection) => store.changed(connection, now),
        News::Gone(connection) => store.gone(connection),
        News::Listed | News::Missed(_) | News::Warning(_) | News::Trouble(_) => {}
    }
}
