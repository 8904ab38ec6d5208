//! Answers of a real Prometheus to every query of every dashboard and alert, and to Kiali's, compared with the known
//! traffic. It scrapes both probes and both operators.

mod job;

use crate::kiali;
use anyhow::{Context, Result, ensure};
use longwire_dashboards::alerts;
use longwire_kubernetes::{
    Kubernetes, NODES, asked, asked::Choice, asked::Given, asked::Oracle, asked::Page, asked::Pages, asked::Sheet,
    asked::Variables, kiali::deployed::Kiali, layout::MACHINE, layout::address, longwire, longwire::replica,
    steady::Steady,
};
use longwire_testkit::{Job, Netns, Prometheus, now, probe, wait};
use std::collections::BTreeSet;
use std::time::Duration;

/// Seconds between scrapes. `irate` uses only the last two.
const INTERVAL: u32 = 5;
/// The longest window of a graph's query is a minute; plus a scrape at either end.
const STEADY: Duration = Duration::from_secs(80);

/// The metrics pages of both probes and both operators.
fn pages(kubernetes: &Kubernetes) -> Result<Vec<Page>> {
    let operators = replica::all(kubernetes)?;
    ensure!(operators.len() == 2, "{} operators", operators.len());
    let operators = operators.iter().map(|replica| Page { program: "longwire-operator", address: replica.listener() });
    let probes = NODES.map(|node| Page { program: "longwire-probe", address: (address(node), probe::PORT).into() });
    Ok(probes.into_iter().chain(operators).collect())
}

#[test]
fn prometheus_answers_every_question_with_what_the_traffic_was() -> Result<()> {
    let (kubernetes, namespace) = longwire::alone()?;
    let mut steady = Steady::start(&namespace)?;
    // Every series exists before the first scrape, so that each increase is seen.
    wait::throughout(Duration::from_secs(5), || steady.check())?;
    let pages = pages(kubernetes)?;
    let job = |name| {
        let own = pages.iter().filter(|page| page.program == name);
        Job { name, targets: own.map(|page| page.address.to_string()).collect() }
    };
    let rules = ["longwire.yaml", "opt-in/kmesh.yaml"].map(|file| alerts::folder().join(file));
    let jobs = ["longwire-probe", "longwire-operator"].map(job);
    let interval = Duration::from_secs(INTERVAL.into());
    let prometheus = Prometheus::start(&Netns::of_this_thread()?, MACHINE, &jobs, &rules, interval)?;
    let pages = Pages::watch(pages);
    wait::throughout(STEADY, || steady.check())?;
    let moment = now();
    let given = Given { prometheus: &prometheus, interval: INTERVAL, namespace: &namespace.name, moment };
    let truth = Oracle { ledger: &steady.ledger, pages: &pages, moment };
    let mut wrong = Vec::new();
    for sheet in asked::sheets()? {
        ask(&sheet, &given, &truth, &mut wrong)?;
    }
    // Not before, because its own connections would be part of the traffic.
    let real = Kiali::start(kubernetes, prometheus.address)?;
    kiali::check(&given, &truth, &real, &mut wrong);
    ensure!(wrong.is_empty(), "{} answers are wrong:\n{}", wrong.len(), wrong.join("\n"));
    job::is_shown(kubernetes, &namespace, &prometheus, &real)
}

/// Checks all queries of a dashboard, for all values of its variables. Adds errors to `wrong`.
fn ask(sheet: &Sheet, given: &Given<'_>, truth: &Oracle<'_>, wrong: &mut Vec<String>) -> Result<()> {
    let (questions, choices, mut answered) = (sheet.questions()?, sheet.choices()?, 0);
    for fill in &sheet.fills {
        let variables = asked::variables(given.namespace, fill);
        for question in &questions {
            let expectation = question.expectation.filled(&variables);
            let check = || -> Result<()> {
                let expected = truth.rows(&expectation, &asked::chosen(&sheet.chosen, &variables))?;
                asked::compare(&given.rows(&question.query, &variables, &expectation)?, &expected)
            };
            answered += 1;
            if let Err(error) = check() {
                wrong.push(format!(
                    "{} {fill:?}: {}: {error:#}\n    {}",
                    sheet.dashboard, question.panel, question.query
                ));
            }
        }
        for (name, choice) in &choices {
            let offered = offered(choice, given, &variables).with_context(|| format!("{}: {name}", sheet.dashboard))?;
            let due = sheet.offers[*name].iter().map(|value| asked::fill(value, &variables));
            let missing: Vec<String> = due.filter(|value| value != ".*" && !offered.contains(value)).collect();
            if !missing.is_empty() {
                wrong.push(format!("{}: {name} does not offer {missing:?}: {offered:?}", sheet.dashboard));
            }
        }
    }
    println!("{}: {answered} answers", sheet.dashboard);
    Ok(())
}

/// The values that a variable offers.
fn offered(choice: &Choice, given: &Given<'_>, variables: &Variables) -> Result<BTreeSet<String>> {
    match choice {
        Choice::Series { series, label } => given.prometheus.values(label, &asked::fill(series, variables)),
        Choice::Answer { query, label } => {
            let rows = given.prometheus.query(&asked::fill(query, variables), given.moment)?;
            Ok(rows.into_iter().filter_map(|row| row.labels.get(label).cloned()).collect())
        }
    }
}
