//! A Job that connects once and ends before its series are scraped twice: Kiali draws its edge, and dashboards of edges
//! show it.

use anyhow::{Context, Result, ensure};
use longwire_dashboards::kiali::Traffic;
use longwire_kubernetes::{
    Kubernetes, Namespace, asked, asked::Of, asked::Sheet, asked::Variables, kiali::GraphType, kiali::Node,
    kiali::View, kiali::deployed::Kiali, talk, talk::await_done, talk::await_listening,
};
use longwire_testkit::{Prometheus, Row, confirm, eventually, now};
use std::collections::BTreeSet;
use std::time::Duration;

const NAME: &str = "nightly";
const SERVER: &str = "warehouse";
const BYTES: u64 = 10_000_000;
/// Two scrapes, of which the second has what began before the first, with a margin.
const SEEN: Duration = Duration::from_secs(60);

pub(super) fn is_shown(
    kubernetes: &Kubernetes,
    namespace: &Namespace<'_>,
    prometheus: &Prometheus,
    kiali: &Kiali<'_>,
) -> Result<()> {
    let image = kubernetes.load_program("longwire-traffic")?;
    namespace.apply(&talk::server(SERVER, "n1", talk::Network::Own, talk::PORT, &image))?;
    let servers = await_listening(namespace, SERVER, 1)?;
    let to = format!("{}:{}", servers[0], talk::PORT);
    namespace.apply(&talk::client(NAME, "n2", talk::Network::Own, &to, BYTES, &image))?;
    await_done(namespace, NAME)?;
    eventually(SEEN, || is_drawn(kiali, &namespace.name))?;
    eventually(SEEN, || {
        let (shown, due) = (dashboards(prometheus, &namespace.name)?, BTreeSet::from(["longwire-mesh".to_owned()]));
        ensure!(shown.is_superset(&due), "{NAME} is on {shown:?} alone");
        println!("{NAME}, whose only connection sent {BYTES} bytes at once, is on {shown:?}");
        Ok(())
    })
}

/// Kiali draws the edge with the bytes that the Job sent.
fn is_drawn(kiali: &Kiali<'_>, namespace: &str) -> Result<()> {
    let view = View { graph: GraphType::Workload, with_services: false, traffic: Traffic::Sent };
    let edges = kiali.draw(namespace, view, now())?;
    let is = |node: &Node, due: &str| matches!(node, Node::Workload(node) if node.name == due);
    let drawn = edges.iter().find(|((from, to), _)| is(from, NAME) && is(to, SERVER));
    let (_, rate) = drawn.with_context(|| format!("Kiali draws no edge of {NAME}: {edges:?}"))?;
    // Prometheus extrapolates to the whole minute: the younger the Job, the more.
    let least = BYTES as f64 / 60.0;
    confirm!((0.95 * least..2.0 * least).contains(rate), "Kiali draws {rate} bytes a second, not {least}")
}

/// Dashboards with a panel that has a row of it.
fn dashboards(prometheus: &Prometheus, namespace: &str) -> Result<BTreeSet<String>> {
    let mut shown = BTreeSet::new();
    for sheet in asked::sheets()? {
        for fill in &sheet.fills {
            if shows(&sheet, prometheus, &asked::variables(namespace, fill))? {
                shown.insert(sheet.dashboard.clone());
            }
        }
    }
    Ok(shown)
}

fn shows(sheet: &Sheet, prometheus: &Prometheus, variables: &Variables) -> Result<bool> {
    for question in sheet.questions()? {
        let is_rate = matches!(question.expectation.of, Of::Rate(_));
        if is_rate && question.expectation.by.iter().any(|label| label == "source_workload") {
            let rows = prometheus.query(&asked::fill(&question.query, variables), now())?;
            let is_its = |row: &Row| row.labels.get("source_workload").is_some_and(|name| name == NAME);
            if rows.iter().any(|row| is_its(row) && row.value > 0.0) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
