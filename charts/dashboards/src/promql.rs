//! PromQL as text: finds the series and labels of an expression, and fills in variables.

use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

#[cfg(test)]
mod tests;

/// Names in an expression.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    pub series: BTreeSet<String>,
    pub labels: BTreeSet<String>,
}

/// Operators and keywords between operands, in lower case.
const KEYWORDS: [&str; 6] = ["and", "or", "unless", "bool", "offset", "atan2"];
/// Keywords before a list of labels.
const LISTS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/// A string, a word, or one other character. A word may begin with a digit: a number or a duration.
static TOKEN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[\w:.]+|\S"#).expect("a valid expression"));
static VARIABLE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\$\{(\w+)[^}]*\}|\$([A-Za-z_]\w*)").expect("a valid expression"));

/// Not a parser: it assumes that the expression is valid.
pub fn names(expression: &str) -> Names {
    let expression = VARIABLE.replace_all(expression, "1m");
    let tokens: Vec<&str> = TOKEN.find_iter(&expression).map(|found| found.as_str()).collect();
    let (mut names, mut until) = (Names::default(), None);
    for (at, token) in tokens.iter().enumerate() {
        let is_word = token.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
        let next = tokens.get(at + 1).copied().unwrap_or_default();
        match until {
            Some(end) if *token == end => until = None,
            Some("]") => {}
            Some(_) if is_word => drop(names.labels.insert((*token).to_owned())),
            Some(_) => {}
            None if *token == "{" => until = Some("}"),
            None if *token == "[" => until = Some("]"),
            None if LISTS.contains(token) && next == "(" => until = Some(")"),
            None if is_word && next != "(" && !is_keyword(token) && !LISTS.contains(&next) => {
                names.series.insert((*token).to_owned());
            }
            None => {}
        }
    }
    names
}

fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word.to_ascii_lowercase().as_str())
}

/// Names of the variables in it, `__rate_interval` among them.
pub fn variables(text: &str) -> BTreeSet<String> {
    let name = |found: regex::Captures<'_>| found.get(1).or_else(|| found.get(2)).map(|name| name.as_str().to_owned());
    VARIABLE.captures_iter(text).filter_map(name).collect()
}

/// Replaces each variable by its value, as Grafana does. Variables without a value stay.
pub fn fill<'a>(text: &str, value: impl Fn(&str) -> Option<&'a str>) -> String {
    let filled = VARIABLE.replace_all(text, |found: &regex::Captures<'_>| {
        let name = found.get(1).or_else(|| found.get(2)).map_or("", |name| name.as_str());
        value(name).unwrap_or(&found[0]).to_owned()
    });
    filled.into_owned()
}
