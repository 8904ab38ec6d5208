//! A machine with a ready operator and probe.

use crate::machine::{Machine, PodSpec};
use crate::pod::Pod;
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

    pub fn pair(&self) -> Result<(&Pod, &Pod)> {
        self.machine.pair()
    }
}
