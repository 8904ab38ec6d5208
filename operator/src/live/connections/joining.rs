//! The task that joins what streams say, and looks once a second at what time alone changes.

use super::Connections;
use crate::counters::Counters;
use crate::index::seen::SeenPods;
use crate::live::hub::Now;
use crate::live::listen::another_role;
use crate::live::probes::microseconds;
use crate::live::streams::FromStream;
use crate::publish::role::Role;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;

const TURN: Duration = Duration::from_secs(1);

/// Until no stream can say anything any more.
pub(in crate::live) async fn join(
    connections: Arc<Connections>,
    mut said: mpsc::Receiver<FromStream>,
    pods: SeenPods,
    mut role: watch::Receiver<Role>,
    counters: Arc<Counters>,
) {
    let mut turn = tokio::time::interval(TURN);
    turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let heartbeat = Arc::clone(counters.loops.live());
    loop {
        heartbeat.waits();
        tokio::select! {
            biased;
            // Before what streams of the new term say.
            () = another_role(&mut role) => {
                heartbeat.wakes(None);
                if *role.borrow_and_update() == Role::Leader {
                    connections.hub.lock().begin(microseconds());
                }
            }
            due = turn.tick() => {
                heartbeat.wakes(Some(due.elapsed()));
                let now = Instant::now();
                connections.hub.lock().turn(now);
                connections.expire(now);
            }
            said = said.recv() => {
                heartbeat.wakes(None);
                let Some(said) = said else { return };
                let now = Now { instant: Instant::now(), clock: microseconds().saturating_mul(1_000) };
                connections.hub.lock().take(said, |node, uid| pods.get(node, uid), now);
            }
        }
        {
            let mut hub = connections.hub.lock();
            let left_out = hub.take_left_out();
            counters.live.added_up(hub.edges().len(), left_out);
            let refused = hub.refused().iter().map(|(reason, count)| (reason.name(), *count));
            counters.live.joined(hub.rows(), hub.missed(), refused);
        }
        connections.news.send_replace(());
    }
}
