//! Cases of precedence: objects in a yaml block, and what they come to in the text block after it.
//!
//! A yaml block that begins with `# The cluster` is there in all cases after it.

use crate::cluster::Cluster;
use crate::outcome::outcome;
use std::path::Path;
use std::{env, fs};

#[test]
fn the_cases_in_docs_come_out_as_they_say() {
    check("docs/configuration.md", 16);
}

#[test]
fn cases_that_are_too_fine_for_docs_come_out_as_they_say() {
    check("operator/tests/configuration/cases.md", 19);
}

fn check(page: &str, at_least: usize) {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(page);
    let committed = fs::read_to_string(&path).unwrap();
    let (rendered, cases) = render(&committed);
    if env::var_os("UPDATE_REFERENCE").is_some_and(|value| value == "1") {
        fs::write(&path, &rendered).unwrap();
        return;
    }
    assert!(cases >= at_least, "{page} has {cases} cases");
    for (line, expected) in rendered.lines().enumerate() {
        assert_eq!(committed.lines().nth(line), Some(expected), "line {} of {page}", line + 1);
    }
    assert_eq!(committed, rendered);
}

/// The page with outcomes as they are, and how many.
fn render(page: &str) -> (String, usize) {
    let (mut rendered, mut cases, mut cluster) = (String::new(), 0, String::new());
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        rendered += &format!("{line}\n");
        if line != "```yaml" {
            continue;
        }
        let yaml: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        rendered += &format!("{}\n```\n", yaml.join("\n"));
        if yaml.first() == Some(&"# The cluster") {
            cluster = yaml.join("\n");
            continue;
        }
        let mut next = lines.next().unwrap_or_default();
        while next.is_empty() && lines.clone().next().is_some() {
            rendered += "\n";
            next = lines.next().unwrap_or_default();
        }
        rendered += &format!("{next}\n");
        if next == "```text" {
            lines.by_ref().take_while(|line| *line != "```").for_each(drop);
            rendered += &format!("{}```\n", outcome(&Cluster::of(&format!("{cluster}\n---\n{}", yaml.join("\n")))));
            cases += 1;
        }
    }
    (rendered, cases)
}
