//! Checks our dashboards with Grafana's TypeScript types, because Grafana ignores unknown fields silently.

use anyhow::{Context, Result, ensure};
use longwire_kubernetes::helm::CHART;
use longwire_testkit::command;
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// One dashboard as TypeScript, for the type checker.
fn claims(dashboard: &Value) -> Result<String> {
    let mut text = "import type { Custom, Dashboard, Field, Options } from \"./dashboard\";\n".to_owned();
    let mut claim = |of: &str, value: &Value| -> Result<()> {
        let number = text.lines().count();
        writeln!(text, "export const claim{number}: {of} = {};", serde_json::to_string_pretty(value)?)?;
        Ok(())
    };
    claim("Dashboard", dashboard)?;
    let panels = dashboard["panels"].as_array().context("no panels")?;
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        let kind = &panel["type"];
        claim(&format!("Options[{kind}]"), &panel["options"])?;
        let overrides = panel["fieldConfig"]["overrides"].as_array().context("no overrides")?;
        let properties = overrides.iter().filter_map(|one| one["properties"].as_array()).flatten();
        let (mut fields, mut customs) = (vec![panel["fieldConfig"]["defaults"].clone()], Vec::new());
        customs.extend(fields[0].get("custom").cloned());
        for property in properties {
            let name = property["id"].as_str().context("a property without an id")?;
            let of = |name: &str| Value::Object(Map::from_iter([(name.to_owned(), property["value"].clone())]));
            match name.strip_prefix("custom.") {
                Some(custom) => customs.push(of(custom)),
                None => fields.push(of(name)),
            }
        }
        fields.iter().try_for_each(|field| claim("Field", field))?;
        customs.iter().try_for_each(|custom| claim(&format!("Custom[{kind}]"), custom))?;
    }
    Ok(text)
}

fn check(dashboards: &[(String, Value)]) -> Result<()> {
    let work = tempfile::tempdir()?;
    for (name, dashboard) in dashboards {
        fs::write(work.path().join(format!("{name}.ts")), claims(dashboard)?)?;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("grafana/check");
    let [script, work] = [script.as_path(), work.path()].map(|path| path.to_str().context("no UTF-8"));
    command::run(script?, &[work?]).map(drop)
}

fn ours() -> Result<Vec<(String, Value)>> {
    let files = fs::read_dir(format!("{CHART}/dashboards"))?;
    let read = |file: std::io::Result<fs::DirEntry>| {
        let path = file?.path();
        let name = path.file_stem().context("no name")?.to_string_lossy().into_owned();
        Ok((name, serde_json::from_str(&fs::read_to_string(&path)?)?))
    };
    files.map(read).collect()
}

#[test]
fn grafanas_own_types_know_all_that_the_dashboards_say() -> Result<()> {
    let ours = ours()?;
    ensure!(ours.len() == 5, "{} dashboards", ours.len());
    check(&ours)
}

#[test]
fn what_grafana_does_not_know_is_named_wherever_it_stands() -> Result<()> {
    let found = ours()?.into_iter().find(|(name, _)| name == "longwire-mesh");
    let (name, mut dashboard) = found.context("no dashboard of the mesh")?;
    let panels = dashboard["panels"].as_array_mut().context("no panels")?;
    let lines = panels.iter_mut().find(|panel| panel["type"] == "timeseries").context("no lines")?;
    lines["options"]["legend"]["placements"] = json!("bottom");
    lines["fieldConfig"]["defaults"]["custom"]["drawStyle"] = json!("dotted");
    let table = panels.iter_mut().find(|panel| panel["type"] == "table").context("no table")?;
    table["fieldConfig"]["overrides"][0]["properties"] =
        json!([{"id": "custom.widths", "value": 110}, {"id": "units", "value": "Bps"}]);
    dashboard["refreshes"] = json!("30s");
    let said = format!("{:#}", check(&[(name, dashboard)]).err().context("nothing was wrong")?);
    for wrong in ["placements", "dotted", "widths", "units", "refreshes"] {
        ensure!(said.contains(wrong), "{wrong} is not named: {said}");
    }
    Ok(())
}
