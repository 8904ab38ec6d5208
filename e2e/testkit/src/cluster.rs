//! A machine with a ready operator, and a probe or several in turn.

use crate::kept::Kept;
use crate::machine::{Machine, PodSpec};
use crate::pair::Pair;
use crate::probe::Probe;
use crate::process::Process;
use anyhow::Result;

#[derive(Debug)]
pub struct Cluster {
    // Dropped first, because fields are dropped in order: the probe ends before its targets.
    pub probe: Probe,
    pub operator: Process,
    pub machine: Machine,
}

impl Cluster {
    pub fn start(plain: usize, specs: &[PodSpec], probe: &[&str]) -> Result<Self> {
        Self::start_on(Machine::new(plain, specs)?, probe)
    }

    pub fn start_on(machine: Machine, probe: &[&str]) -> Result<Self> {
        let operator = machine.operator()?;
        let probe = Probe::ready(&machine.node.netns, probe)?;
        Ok(Self { probe, operator, machine })
    }

    pub fn pair(&self) -> Result<Pair> {
        self.machine.pair()
    }
}

/// An operator and a pair of pods, for probes that go on from one another.
#[derive(Debug)]
pub struct Scene {
    // Fields are dropped in order: the machine last.
    pub pair: Pair,
    pub kept: Kept,
    pub operator: Process,
    pub machine: Machine,
}

impl Scene {
    /// On a machine with two plain pods.
    pub fn new() -> Result<Self> {
        Self::on(Machine::new(2, &[])?)
    }

    /// The pair are the first two plain pods.
    pub fn on(machine: Machine) -> Result<Self> {
        let (operator, kept) = (machine.operator()?, Kept::new()?);
        Ok(Self { pair: machine.pair()?, kept, operator, machine })
    }

    /// A probe that goes on from the last one, ready.
    pub fn probe(&self) -> Result<Probe> {
        self.kept.ready(&self.machine.node.netns, &[])
    }

    /// The same, as soon as its process runs.
    pub fn start(&self) -> Result<Probe> {
        self.kept.start(&self.machine.node.netns, &[])
    }
}
