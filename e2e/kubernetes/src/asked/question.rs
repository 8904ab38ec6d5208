//! One query with its expectation, for chosen values of variables.

use super::given::Variables;
use super::sheet::{Expectation, Sheet};
use anyhow::{Context, Result, ensure};
use longwire_dashboards::{Values, alerts, promql};
use std::collections::BTreeMap;

/// Variables that Grafana sets: four scrapes, and the time range.
const GRAFANA: [(&str, &str); 2] = [("__rate_interval", "20s"), ("__range", "60s")];

#[derive(Clone, Debug)]
pub struct Question {
    pub panel: String,
    pub query: String,
    pub expectation: Expectation,
}

/// The source of a variable's values: a label in a query's answer, or in the matching series.
#[derive(Clone, Debug)]
pub enum Choice {
    Answer { query: String, label: String },
    Series { series: String, label: String },
}

impl Sheet {
    /// Queries of all its panels. Fails if one of our panels has no expectation, or an expectation no panel.
    pub fn questions(&self) -> Result<Vec<Question>> {
        let own = self.own()?;
        let mut questions = Vec::new();
        for asked in &self.panels {
            let known = own.iter().find(|(panel, _)| *panel == asked.panel).map(|(_, queries)| queries);
            let queries = match known {
                Some(queries) => queries,
                None if own.is_empty() => &asked.queries,
                None => anyhow::bail!("{} has no panel {}", self.dashboard, asked.panel),
            };
            let (said, wanted) = (queries.len(), asked.expect.len());
            ensure!(said == wanted && said > 0, "{said} queries of {}, and {wanted} expectations", asked.panel);
            let pairs = queries.iter().zip(&asked.expect);
            questions.extend(pairs.map(|(query, expectation)| Question {
                panel: asked.panel.clone(),
                query: query.clone(),
                expectation: expectation.clone(),
            }));
        }
        for (panel, _) in own {
            ensure!(self.panels.iter().any(|asked| asked.panel == panel), "no oracle for panel {panel}");
        }
        Ok(questions)
    }

    /// Its panels and their queries, if it is our dashboard.
    fn own(&self) -> Result<Vec<(String, Vec<String>)>> {
        if self.dashboard == "alerts" {
            return Ok(alerts::all()?.into_iter().map(|alert| (alert.name, vec![alert.expression])).collect());
        }
        let Some(dashboard) = self.ours() else { return Ok(Vec::new()) };
        let queries =
            |panel: &longwire_dashboards::Panel| panel.queries.iter().map(|query| query.expression.clone()).collect();
        Ok(dashboard.panels().map(|panel| (panel.title.to_owned(), queries(panel))).collect())
    }

    fn ours(&self) -> Option<longwire_dashboards::Dashboard> {
        longwire_dashboards::all().into_iter().find(|dashboard| dashboard.uid == self.dashboard)
    }

    /// The source of each variable that must offer values.
    pub fn choices(&self) -> Result<BTreeMap<&str, Choice>> {
        let ours = self.ours();
        let choice = |name: &str| -> Result<Choice> {
            if let Some(offer) = self.variables.get(name) {
                return Ok(Choice::Answer { query: offer.query.clone(), label: offer.label.clone() });
            }
            let known = ours.as_ref().and_then(|ours| ours.variables.iter().find(|variable| variable.name == name));
            Ok(match known.with_context(|| format!("{} has no variable {name}", self.dashboard))?.values.clone() {
                Values::Of { series, label } => Choice::Series { series, label: label.to_owned() },
                Values::In { query, label } => Choice::Answer { query, label: label.to_owned() },
            })
        };
        self.offers.keys().map(|name| Ok((name.as_str(), choice(name)?))).collect()
    }
}

impl Expectation {
    /// With its own variables filled in.
    pub fn filled(&self, variables: &Variables) -> Self {
        let reporter = self.reporter.as_deref().map(|reporter| fill(reporter, variables));
        Self { chosen: chosen(&self.chosen, variables), reporter, ..self.clone() }
    }
}

/// Grafana's own variables, the test's namespace, and these.
pub fn variables(namespace: &str, fill: &BTreeMap<String, String>) -> Variables {
    let grafana = GRAFANA.into_iter().chain([("here", namespace)]);
    let mut variables: Variables = grafana.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let filled: Vec<_> = fill.iter().map(|(name, value)| (name.clone(), self::fill(value, &variables))).collect();
    variables.extend(filled);
    variables
}

pub fn fill(text: &str, variables: &Variables) -> String {
    promql::fill(text, |name| variables.get(name).map(String::as_str))
}

/// Labels of the expectation; a variable with all values selects none.
pub fn chosen(labels: &BTreeMap<String, String>, variables: &Variables) -> BTreeMap<String, String> {
    let filled = labels.iter().map(|(label, value)| (label.clone(), fill(value, variables)));
    filled.filter(|(_, value)| value != ".*").collect()
}
