//! What is news of a connection: a line each time one opens, closes or fails, and none twice. Pure.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use longwire_live::Connection;
use longwire_live::connection::{ConnectionStatus, Phase};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// Twice as many as the API has at a time, so that those that have gone are known for a while.
const MOST: usize = 131_072;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Open,
    Close,
    Fail,
}

impl What {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Close => "CLOSE",
            Self::Fail => "FAIL",
        }
    }

    fn of(phase: Phase) -> Self {
        match phase {
            Phase::Open => Self::Open,
            Phase::Closed => Self::Close,
            Phase::Failed => Self::Fail,
        }
    }
}

/// Microseconds since the epoch, by the nodes' clocks.
pub(super) type Micros = i64;

/// What happened, and when; without a time the API does not know it.
pub(super) type Happened = (What, Option<Micros>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    /// It is in the API no more, or was not for a while. It has not ended as far as is known.
    Gone,
    Over,
}

#[derive(Debug)]
pub(super) struct Stages {
    /// By name, which is the connection's id.
    known: HashMap<Arc<str>, Stage>,
    /// Those that have ended or gone, each once. They are forgotten first.
    over: VecDeque<Arc<str>>,
    most: usize,
    /// What happened before is no news.
    pub(super) opened_from: Micros,
    pub(super) ended_from: Micros,
    /// Connections that there was no room for.
    pub(super) left_out: u64,
}

impl Stages {
    pub(super) fn new(opened_from: Micros, ended_from: Micros) -> Self {
        Self { known: HashMap::new(), over: VecDeque::new(), most: MOST, opened_from, ended_from, left_out: 0 }
    }

    pub(super) fn take(&mut self, connection: &Connection) -> Option<Happened> {
        let (name, status) = (connection.metadata.name.as_deref()?, connection.status.as_ref()?);
        let what = What::of(status.phase);
        let stage = if what == What::Open { Stage::Open } else { Stage::Over };
        let time = time(status, what);
        match self.known.get_key_value(name) {
            None => {
                if !self.has_room() {
                    self.left_out += 1;
                    return None;
                }
                self.put(&name.into(), stage);
                let from = if what == What::Open { self.opened_from } else { self.ended_from };
                time.is_some_and(|time| time >= from).then_some((what, time))
            }
            Some((name, Stage::Open | Stage::Gone)) if stage == Stage::Over => {
                self.put(&Arc::clone(name), Stage::Over);
                Some((what, time))
            }
            Some(_) => None,
        }
    }

    /// It is in the API no more. It may come again: then it is known.
    pub(super) fn gone(&mut self, connection: &Connection) {
        let known = connection.metadata.name.as_deref().and_then(|name| self.known.get_key_value(name));
        if let Some((name, Stage::Open)) = known {
            self.put(&Arc::clone(name), Stage::Gone);
        }
    }

    fn put(&mut self, name: &Arc<str>, stage: Stage) {
        let before = self.known.insert(Arc::clone(name), stage);
        if stage != Stage::Open && before.is_none_or(|before| before == Stage::Open) {
            self.over.push_back(Arc::clone(name));
        }
    }

    fn has_room(&mut self) -> bool {
        while self.known.len() >= self.most
            && let Some(name) = self.over.pop_front()
        {
            self.known.remove(&name);
        }
        self.known.len() < self.most
    }
}

fn time(status: &ConnectionStatus, what: What) -> Option<Micros> {
    let time = match what {
        What::Open => &status.start_time,
        What::Close | What::Fail => &status.end_time,
    };
    let observed = status.observed_time.as_ref().filter(|_| what != What::Open);
    time.as_ref().or(observed).map(|MicroTime(time)| time.as_microsecond())
}
