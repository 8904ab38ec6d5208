//! What a run measures, and for how long.

use super::figures::FIGURES;
use super::{GROUPS, Options};
use anyhow::{Result, ensure};

#[derive(Clone, Debug)]
pub(super) struct Plan {
    names: Vec<String>,
    /// Rounds of each measurement, with one of its reference.
    pub(super) rounds: usize,
    /// Seconds of one block of traffic.
    pub(super) seconds: f64,
}

impl Plan {
    pub(super) fn new(options: &Options) -> Result<Self> {
        let plan =
            Self { names: options.names.clone(), rounds: options.rounds.max(1), seconds: options.seconds.max(0.1) };
        for name in &plan.names {
            let known =
                GROUPS.iter().any(|group| group.name == name) || FIGURES.iter().any(|row| names(name, row.name));
            ensure!(known, "unknown figure {name}: known are {}", known_names());
        }
        Ok(plan)
    }

    /// Whether a measurement was requested: by name, first words or group, or as part of a whole run. First words do not
    /// ask for what is on request.
    pub(super) fn wants(&self, figure: &str) -> bool {
        let Some(group) = GROUPS.iter().find(|group| group.figures.contains(&figure)) else { return false };
        let asks = |name: &String| name == figure || name == group.name || (!group.on_request && names(name, figure));
        if self.names.is_empty() { !group.on_request } else { self.names.iter().any(asks) }
    }
}

fn names(name: &str, figure: &str) -> bool {
    figure.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

fn known_names() -> String {
    let groups = GROUPS.iter().map(|group| group.name);
    groups.chain(FIGURES.iter().map(|row| row.name)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(names: &[&str]) -> Plan {
        Plan { names: names.iter().map(ToString::to_string).collect(), rounds: 1, seconds: 1.0 }
    }

    #[test]
    fn a_whole_run_has_all_but_what_is_on_request() {
        let left_out = FIGURES.iter().map(|row| row.name).filter(|name| !plan(&[]).wants(name));
        assert_eq!(left_out.collect::<Vec<_>>(), ["memory_1m_mb", "pass_1m_kernel_ms"]);
    }

    #[test]
    fn a_name_a_first_word_or_a_group_asks_for_what_it_names() {
        let wanted = |name: &str| -> Vec<_> {
            FIGURES.iter().map(|row| row.name).filter(|figure| plan(&[name]).wants(figure)).collect()
        };
        assert_eq!(wanted("rr_p999"), ["rr_p999_us", "rr_p999_ratio"]);
        assert_eq!(wanted("pass_1m_kernel_ms"), ["pass_1m_kernel_ms"]);
        assert_eq!(wanted("million"), ["memory_1m_mb", "pass_1m_kernel_ms"]);
        assert_eq!(wanted("memory"), ["memory_100k_mb", "memory_100k_scrape_peak_mb"]);
    }
}
