//! Connections at a steady rate, held open until the peer ends them: half send nothing, half send half a ClientHello.

use anyhow::Result;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};

/// Interval between groups of connections.
const TICK: Duration = Duration::from_millis(10);

pub(super) struct HalfOpen {
    stop: Arc<AtomicBool>,
    made: Arc<AtomicU64>,
    tasks: JoinSet<()>,
}

impl HalfOpen {
    /// Connects from these sources in turn, `rate` times a second in total.
    pub(super) fn start(to: SocketAddr, sources: Vec<IpAddr>, rate: u64) -> Self {
        let (stop, made) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let (mut tasks, ended, count) = (JoinSet::new(), Arc::clone(&stop), Arc::clone(&made));
        tasks.spawn(async move {
            let (mut held, mut tick) = (JoinSet::new(), interval(TICK));
            for source in sources.into_iter().cycle() {
                if ended.load(Relaxed) {
                    return;
                }
                let number = count.fetch_add(1, Relaxed);
                if number % (rate / 100) == 0 {
                    tick.tick().await;
                    while held.try_join_next().is_some() {}
                }
                held.spawn(hold(source, to, number % 2 == 0));
            }
        });
        Self { stop, made, tasks }
    }

    pub(super) async fn made(&self, at_least: u64) {
        while self.made.load(Relaxed) < at_least {
            sleep(TICK).await;
        }
    }

    /// Number of connections made.
    pub(super) async fn end(self) -> u64 {
        self.stop.store(true, Relaxed);
        self.tasks.join_all().await;
        self.made.load(Relaxed)
    }
}

/// Errors are ignored, because the operator may refuse at any point.
async fn hold(from: IpAddr, to: SocketAddr, speaks: bool) {
    let Ok(mut stream) = connect(from, to).await else { return };
    if speaks {
        // The beginning of a ClientHello that does not continue.
        let _ = stream.try_write(&[22, 3, 1, 2, 0, 1, 0]);
    }
    let _ = stream.read(&mut [0; 64]).await;
}

async fn connect(from: IpAddr, to: SocketAddr) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    Ok(socket.connect(to).await?)
}
