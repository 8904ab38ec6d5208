//! Prometheus' own parser of rules and expressions.

use crate::command;
use anyhow::{Context, Result};

/// Fails for expressions that Prometheus' own parser refuses.
pub fn check(expressions: &[String]) -> Result<()> {
    let rules = expressions.iter().zip(0..);
    let rules =
        rules.map(|(expression, number)| serde_json::json!({"record": format!("x{number}"), "expr": expression}));
    let groups = serde_json::json!({"groups": [{"name": "expressions", "rules": rules.collect::<Vec<_>>()}]});
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("rules.yaml");
    std::fs::write(&file, groups.to_string())?;
    command::run("promtool", &["check", "rules", file.to_str().context("a path")?]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn an_expression_that_prometheus_cannot_read_is_refused_by_name() {
        check(&["sum(up)".to_owned()]).unwrap();
        let refused = check(&["up".to_owned(), "sum(up".to_owned()]).unwrap_err().to_string();
        assert!(refused.contains("x1"), "{refused}");
    }
}
