//! Envoy's statistics of a server: a probe has them of itself, one line each, without labels.

/// One statistic.
#[derive(Clone, Copy, Debug)]
pub struct ServerStatistic {
    /// Envoy's name, which a StatsMatcher accepts or not.
    pub statistic: &'static str,
    /// In a scrape.
    pub name: &'static str,
    pub help: &'static str,
}

pub const SERVER_STATISTICS: [ServerStatistic; 2] = [
    ServerStatistic {
        statistic: "server.watchdog_miss",
        name: "envoy_server_watchdog_miss",
        help: "Times that a loop of the probe woke 200 ms too late or later, or worked for so long without a step, over all of its loops.",
    },
    ServerStatistic {
        statistic: "server.watchdog_mega_miss",
        name: "envoy_server_watchdog_mega_miss",
        help: "Times that a loop of the probe woke 1 s too late or later, or worked for so long without a step, over all of its loops.",
    },
];
