//! An attack on operator and probe within the chart's memory limits, and a bystander whose counters must stay exact.

use crate::cluster::Cluster;
use crate::edge::Truth;
use crate::machine::{Machine, start_operator};
use crate::memory_cgroup::MemoryCgroup;
use crate::pair::Pair;
use crate::probe::{PORT, Probe};
use crate::process::resident;
use anyhow::Result;
use std::time::Instant;

const MIB: u64 = 1 << 20;
/// `probe.resources.limits.memory` of the chart.
pub const PROBE_LIMIT: u64 = 256 * MIB;
/// `operator.resources.limits.memory` of the chart.
pub const OPERATOR_LIMIT: u64 = 512 * MIB;

#[derive(Debug)]
pub struct Siege {
    // Fields are dropped in order: processes before their cgroups.
    pub cluster: Cluster,
    attack: &'static str,
    probe_memory: MemoryCgroup,
    operator_memory: MemoryCgroup,
    begun: Instant,
}

/// Two pods with regular traffic during the attack.
#[derive(Debug)]
pub struct Bystander {
    pub pair: Pair,
    pub truth: Truth,
}

impl Siege {
    /// Starts operator and probe, and waits until they are ready. `attack` names the line of results, and the cgroups.
    pub fn start(attack: &'static str, machine: Machine, probe_flags: &[&str]) -> Result<Self> {
        Self::start_under(attack, machine, &[], probe_flags)
    }

    /// The same with both programs below a wrapper such as `env NAME=VALUE`.
    pub fn start_under(attack: &'static str, machine: Machine, wrapper: &[&str], probe_flags: &[&str]) -> Result<Self> {
        let probe_memory = MemoryCgroup::new(&format!("{attack}-probe"), PROBE_LIMIT)?;
        let operator_memory = MemoryCgroup::new(&format!("{attack}-operator"), OPERATOR_LIMIT)?;
        let [for_operator, for_probe] =
            [&operator_memory, &probe_memory].map(|memory| [&memory.wrapper(), wrapper].concat());
        let operator = start_operator(&machine.node, &for_operator, machine.manifests.path())?;
        let probe = Probe::start_under(&machine.node.netns, &for_probe, PORT, probe_flags)?;
        probe.await_ready()?;
        let cluster = Cluster { probe, operator, machine };
        Ok(Self { cluster, attack, probe_memory, operator_memory, begun: Instant::now() })
    }

    /// Two plain pods of the machine's.
    pub fn bystander(&self) -> Result<Bystander> {
        Ok(Bystander { pair: self.cluster.pair()?, truth: Truth::default() })
    }

    /// Resident memory of the probe and of the operator, MB.
    pub fn resident(&self) -> Result<[f64; 2]> {
        Ok([resident(self.cluster.probe.process().id())? / 1e6, resident(self.cluster.operator.id())? / 1e6])
    }

    /// Checks that both programs live and were never out of memory; prints the results. `figures`: further values, with
    /// the unit in the name, as in `scrape_ms`.
    pub fn end(mut self, figures: &[(&str, f64)]) -> Result<()> {
        self.cluster.operator.check_alive()?;
        self.cluster.probe.process().check_alive()?;
        let own = [
            ("probe_peak_mb", self.probe_memory.spared()?),
            ("operator_peak_mb", self.operator_memory.spared()?),
            ("seconds", self.begun.elapsed().as_secs_f64()),
        ];
        print(self.attack, own.iter().chain(figures));
        Ok(())
    }
}

/// One line of results.
pub fn print<'a>(attack: &str, figures: impl Iterator<Item = &'a (&'a str, f64)>) {
    let figures: String = figures.map(|(name, value)| format!(" {name}={value:.1}")).collect();
    println!("siege {attack}:{figures}");
}

impl Bystander {
    /// Some connections, one after another, each with payload both ways.
    pub fn talk(&mut self, connections: u32) -> Result<()> {
        self.truth += (0..connections).map(|_| self.pair.exchange(1_001, 2_003)).sum::<Result<Truth>>()?;
        Ok(())
    }

    /// Both reporters report all connections and bytes so far exactly, under the pods' own names.
    pub fn expect_exact(&self, probe: &Probe) -> Result<()> {
        self.pair.edge.expect(probe, self.truth)
    }
}
