//! An attempt to resolve a connection goes as far as what is known now. The connection waits for the rest.

use super::Resolver;
use super::cgroup::Named;
use super::local::{Finding, SocketOwner};
use super::outcome::{Ignored, Outcome, Resolved};
use super::peer::OtherEnd;
use super::pending::{Moment, PendingConnection, ResourceUser, Timeout, Wait, Waiting};
use super::resolution::Resolution;

impl Resolver {
    /// A connection is seen for the first time. `None`: it waits. Where too many wait, one that has waited is returned in its stead.
    pub(crate) fn open(&mut self, connection: PendingConnection, moment: Moment) -> Option<Resolved> {
        self.woken.extend(self.joins.register(&connection.end, connection.key, moment.passes));
        self.attempt(connection, moment)
    }

    /// The same for a connection that was saved while it waited.
    pub(crate) fn reopen(&mut self, connection: PendingConnection, moment: Moment) -> Option<Resolved> {
        self.attempt(connection, moment)
    }

    /// The next connection that is resolved of those for which something has changed. `None`: all others wait.
    pub(crate) fn next_resolved(&mut self, moment: Moment) -> Option<Resolved> {
        while let Some(key) = self.due.pop_front().or_else(|| self.woken.pop()) {
            let resolved = self.queue.take(key).and_then(|connection| self.attempt(connection, moment));
            if resolved.is_some() {
                return resolved;
            }
        }
        None
    }

    fn attempt(&mut self, mut connection: PendingConnection, moment: Moment) -> Option<Resolved> {
        match self.resolve(&mut connection, moment) {
            Ok(outcome) => Some(Resolved { connection, outcome }),
            Err(waiting) => {
                let user = self.user_of(&connection);
                self.queue.insert(connection, waiting, user);
                let (oldest, on) = self.queue.overflow()?;
                self.force(oldest, on, moment)
            }
        }
    }

    /// Too many wait: this one is resolved with what is known now.
    fn force(&mut self, mut connection: PendingConnection, on: Wait, moment: Moment) -> Option<Resolved> {
        let outcome = self.resolve(&mut connection, Moment { forced: true, ..moment }).ok()?;
        self.counts.forced += u64::from(on != Wait::Shortly && matches!(outcome, Outcome::Resolved(..)));
        Some(Resolved { connection, outcome })
    }

    pub(super) fn resolve(&mut self, connection: &mut PendingConnection, moment: Moment) -> Result<Outcome, Waiting> {
        let outcome = self.find_ends(connection, moment)?;
        self.joins.finish(&connection.end);
        Ok(outcome)
    }

    fn find_ends(&mut self, connection: &mut PendingConnection, moment: Moment) -> Result<Outcome, Waiting> {
        let owner = match connection.owner.clone() {
            Some(owner) => owner,
            None => match self.find_owner(connection, moment)? {
                Some(owner) => owner,
                None => return Ok(Outcome::Ignored(Ignored::Dropped)),
            },
        };
        let local = match owner {
            SocketOwner::Pod(local) => local,
            SocketOwner::Host => return Ok(Outcome::Ignored(Ignored::Host)),
            SocketOwner::Foreign => return Ok(Outcome::Ignored(Ignored::Foreign)),
        };
        let peer = match self.find_other_end(connection, &local, moment)? {
            OtherEnd::Peer(peer) => peer,
            OtherEnd::Itself => return Ok(Outcome::Ignored(Ignored::LocalLeg)),
            OtherEnd::Host => return Ok(Outcome::Ignored(Ignored::Host)),
        };
        let requested = self.requested(connection, &local, moment)?;
        let server = self.server_address(connection, &peer);
        let resolution = Resolution::new(&connection.end, &local.pod, peer, requested.as_ref())
            .identified(connection.shared_id(server), server);
        Ok(Outcome::Resolved(local, resolution))
    }

    /// The owner of the connection's socket, who stays. `None`: no room to wait for it.
    fn find_owner(
        &mut self,
        connection: &mut PendingConnection,
        moment: Moment,
    ) -> Result<Option<SocketOwner>, Waiting> {
        if !self.configured {
            if moment.forced {
                self.settle(connection, SocketOwner::Foreign);
                return Ok(None);
            }
            return Err(Waiting { on: Wait::Configuration, until: None });
        }
        match self.locals.find(&connection.end, moment.now) {
            Finding::Settled(owner) => Ok(Some(self.settle(connection, owner))),
            Finding::Open { since, otherwise, is_pod } => {
                let on = Wait::Local(connection.end.cgroup);
                let wait = if is_pod { self.waits.pod } else { self.waits.answer };
                if let Some(until) = connection.timeout(Timeout::Local, since + wait, moment) {
                    return Err(Waiting { on, until: Some(until) });
                }
                let owner = self.settle(connection, otherwise);
                Ok((!moment.forced).then_some(owner))
            }
        }
    }

    fn settle(&mut self, connection: &mut PendingConnection, owner: SocketOwner) -> SocketOwner {
        self.woken.extend(self.joins.settle(&connection.end, &owner));
        connection.owner = Some(owner.clone());
        owner
    }

    /// Who pays for what the connection takes.
    pub(super) fn user_of(&mut self, connection: &PendingConnection) -> ResourceUser {
        if let Some(SocketOwner::Pod(local)) = &connection.owner {
            return ResourceUser::pod(&local.pod.uid);
        }
        let cgroup = connection.end.cgroup;
        let uid = self.locals.cgroups.named(cgroup).and_then(Named::uid);
        uid.map_or(ResourceUser(cgroup), ResourceUser::pod)
    }
}
