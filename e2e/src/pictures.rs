//! Pictures of the dashboards: a small shop with known traffic, a real Prometheus, and Grafana's own panels in a
//! browser.
//!
//! ```text
//! Shop (pods, lines of traffic) --> probe, operator --> Prometheus --> e2e/grafana/pictures --> docs/pictures/*.png
//!   `---------------- what it counted ------------------------- == -------- what stands on each panel ---'
//! ```

mod drawn;
mod shop;

use anyhow::{Context, Result, bail, ensure};
use longwire_testkit::{Job, Machine, Probe, Prometheus, command, now, start_operator};
use serde_json::{Value, json};
use shop::Shop;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Seconds between scrapes.
const INTERVAL: u32 = 5;

#[derive(Debug)]
pub struct Options {
    /// Duration of traffic before the pictures are drawn.
    pub traffic: Duration,
    pub folder: PathBuf,
}

/// Draws all dashboards. Fails with the errors of each panel.
pub fn draw(options: &Options, stop: &Arc<AtomicBool>) -> Result<()> {
    let page = page()?;
    let machine = Machine::new(0, &shop::pods())?;
    // Without a cluster it exposes its metrics only if an address is set.
    let listen = ["env", "LONGWIRE_METRICS_LISTEN=127.0.0.1:15011"];
    let _operator = start_operator(&machine.node, &listen, machine.manifests.path())?;
    let netns = &machine.node.netns;
    let _probe = Probe::ready(netns, &[])?;
    let targets = |port| vec![format!("127.0.0.1:{port}")];
    let jobs = [
        Job { name: "longwire-probe", targets: targets(longwire_testkit::probe::PORT) },
        Job { name: "longwire-operator", targets: targets(15011) },
    ];
    let scrape = Duration::from_secs(INTERVAL.into());
    let prometheus = Prometheus::start(netns, Ipv4Addr::LOCALHOST, &jobs, &[], scrape)?;
    let mut shop = Shop::open(&machine)?;
    let began = Instant::now();
    while began.elapsed() < options.traffic {
        if stop.load(Ordering::Relaxed) {
            bail!("stopped before anything was drawn");
        }
        shop.check()?;
        thread::sleep(Duration::from_secs(1));
    }
    for target in prometheus.query("up", now())? {
        ensure!(target.value > 0.0, "{:?} does not answer Prometheus", target.labels);
    }
    std::fs::create_dir_all(&options.folder).with_context(|| options.folder.display().to_string())?;
    let asked = asked(&prometheus, options, began.elapsed());
    let seen = netns.run(|| in_a_browser(&page, &asked))?;
    drawn::check(&seen, &shop)
}

/// Input of e2e/grafana/pictures/draw.mjs.
fn asked(prometheus: &Prometheus, options: &Options, age: Duration) -> Value {
    let to = now().floor();
    let picture = |(dashboard, variables): (&str, Value)| {
        let file = std::path::absolute(options.folder.join(format!("{dashboard}.png")));
        json!({"dashboard": dashboard, "variables": variables, "file": file.unwrap_or_default()})
    };
    let pictures = [
        ("longwire-mesh", json!({})),
        ("longwire-service", json!({"service": "cart.shop.svc.cluster.local"})),
        ("longwire-workload", json!({"namespace": "shop", "workload": "checkout"})),
        ("longwire-connections", json!({})),
        ("longwire-itself", json!({})),
    ];
    json!({
        "prometheus": format!("http://{}", prometheus.address),
        "directory": Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../charts/longwire/dashboards")),
        "range": {"from": to - age.as_secs_f64().floor(), "to": to, "step": INTERVAL},
        "interval": INTERVAL,
        "pictures": pictures.map(picture),
    })
}

/// The folder of the page with Grafana's panels. Fetched here, because the namespaces of the tests reach no registry.
fn page() -> Result<PathBuf> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("grafana/pictures/page");
    Ok(command::converse(script.to_str().context("path")?, &[])?.trim_end().into())
}

/// Runs the browser in the thread's namespace. Returns the texts of each panel.
fn in_a_browser(page: &Path, asked: &Value) -> Result<Vec<drawn::Picture>> {
    let (script, page) = (page.join("draw.mjs"), page.join("page.html"));
    let words = [script.to_str().context("path")?, page.to_str().context("path")?];
    Ok(serde_json::from_str(&command::converse_with("node", &words, asked.to_string().as_bytes())?)?)
}
