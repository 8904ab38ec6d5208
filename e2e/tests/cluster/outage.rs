//! API server, operator, or both unreachable: probes go on counting, nothing is counted twice, and soon after the
//! return all is right.

use crate::shop::Shop;
use anyhow::{Context, Result, ensure};
use longwire_kubernetes::{
    Kubernetes, Namespace, longwire, longwire::object, turnover::Addresses, turnover::Turnover,
    turnover::all_but_one_named, turnover::none_twice,
};
use longwire_testkit::{REPORTERS, beside, confirm, eventually, throughout, trouble};
use std::time::{Duration, Instant};

/// Long enough for a busy machine; the time it took is printed.
const PATIENCE: Duration = Duration::from_secs(60);
/// For API server and operator to end or to start. Of an operator that starts right after the API server: controllers,
/// scheduler and kubelets each wait up to half a minute before their next request.
const RETURN: Duration = Duration::from_secs(180);
/// Pods created within this time after the return may be unresolved.
const SOON: Duration = Duration::from_secs(5);

/// How many replicas are ready, and how many pods exist.
fn replicas(kubernetes: &Kubernetes) -> Result<(usize, usize)> {
    let ready = r#"{range .items[*]}{.status.containerStatuses[0].ready}{" "}{end}"#;
    let said = longwire::json_path(kubernetes, &["pods", "--selector=app=longwire-operator"], ready)?;
    let words: Vec<&str> = said.split_whitespace().collect();
    Ok((words.iter().filter(|word| **word == "true").count(), words.len()))
}

fn send_operator_away(kubernetes: &Kubernetes) -> Result<()> {
    longwire::scale(kubernetes, 0)?;
    eventually(RETURN, || {
        let (_, pods) = replicas(kubernetes)?;
        confirm!(pods == 0, "{pods} pods of the operator are left")
    })
}

fn call_operator_back(kubernetes: &Kubernetes) -> Result<()> {
    longwire::scale(kubernetes, 2)?;
    eventually(RETURN, || {
        let (ready, _) = replicas(kubernetes)?;
        confirm!(ready > 0, "no replica of the operator is ready")
    })
}

fn call_api_server_back(kubernetes: &Kubernetes) -> Result<()> {
    kubernetes.control_plane().daemon("kube-apiserver").start()?;
    eventually(RETURN, || kubernetes.kubectl(&["get", "--raw", "/readyz"]).map(drop))
}

/// Waits until an edit shows on both nodes, so everything between API server and series works.
fn await_edit(namespace: &Namespace<'_>) -> Result<()> {
    let spec = r#"{overrides: [{tagOverrides: {edit: {value: '"after"'}}}]}"#;
    let policy = object("TelemetryPolicy", "edit", spec);
    eventually(PATIENCE, || namespace.apply(&policy))?;
    longwire::await_edit(&namespace.name, "after", PATIENCE)
}

/// Both probes count while they are disconnected.
fn keeps_counting(shop: &Shop<'_>) -> Result<()> {
    let opened =
        |reporter: &str| Ok::<_, anyhow::Error>(shop.there().reported(&longwire::scrape_all()?, reporter).opened);
    let before = REPORTERS.map(opened);
    throughout(trouble::lasts(), || Ok(()))?;
    for (reporter, before) in REPORTERS.into_iter().zip(before) {
        let (before, now) = (before?, opened(reporter)?);
        ensure!(now > before, "reporter {reporter} stands still at {now}");
    }
    Ok(())
}

/// Runs an outage with traffic and with pods that are created and deleted.
fn endure(
    kubernetes: &Kubernetes,
    who: &str,
    away: impl FnOnce() -> Result<()>,
    back: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let namespace = kubernetes.namespace_alone()?;
    longwire::install(kubernetes)?;
    let (shop, turnover) = (Shop::open(&namespace)?, Turnover::prepare(kubernetes, &namespace)?);
    let (turns, returned) = shop.exact_throughout(kubernetes, || {
        let outage = || {
            let counted = away().and_then(|()| keeps_counting(&shop));
            // Restored in any case, because later tests need it.
            back()?;
            let returned = Instant::now();
            counted?;
            await_edit(&namespace).with_context(|| longwire::logs(kubernetes))?;
            let took = returned.elapsed().as_secs_f64();
            println!("{who} away: an edit is on both nodes {took:.1} s after the return");
            // Some pods have to be created after that.
            throughout(2 * SOON, || Ok(()))?;
            Ok(returned)
        };
        beside(|over| turnover.run(kubernetes, Addresses::InTurn, over), outage)
    })?;
    let after = || turns.iter().filter(|turn| turn.began >= returned + SOON);
    let named = longwire::until(kubernetes, |scrape| all_but_one_named(after(), &namespace.name, scrape))?;
    none_twice(&turns, &namespace.name, &longwire::scrape_all()?)?;
    println!("{who} away: {} pods came and went, {named} of them after the return", turns.len());
    ensure!(named > 0, "no pod came after the return");
    longwire::rolled_out(kubernetes, longwire::OPERATOR)
}

#[test]
fn with_the_api_server_away_probes_go_on_and_all_is_right_soon_after() -> Result<()> {
    let kubernetes = Kubernetes::shared()?;
    let api_server = kubernetes.control_plane().daemon("kube-apiserver");
    endure(kubernetes, "API server", || api_server.kill(), || call_api_server_back(kubernetes))
}

#[test]
fn with_the_operator_away_probes_go_on_and_all_is_right_soon_after() -> Result<()> {
    let kubernetes = Kubernetes::shared()?;
    endure(kubernetes, "operator", || send_operator_away(kubernetes), || call_operator_back(kubernetes))
}

#[test]
fn with_both_away_probes_go_on_and_all_is_right_soon_after() -> Result<()> {
    let kubernetes = Kubernetes::shared()?;
    let api_server = kubernetes.control_plane().daemon("kube-apiserver");
    let away = || {
        send_operator_away(kubernetes)?;
        api_server.kill()
    };
    let back = || {
        call_api_server_back(kubernetes)?;
        call_operator_back(kubernetes)
    };
    endure(kubernetes, "API server and operator", away, back)
}
