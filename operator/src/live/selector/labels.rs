//! Label selectors: `a=b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, parted by commas.

use kube::core::{Expression, Selector};
use std::collections::BTreeSet;

pub(super) fn read(text: &str) -> Result<Selector, String> {
    let terms = terms(text)?.into_iter().map(str::trim).filter(|term| !term.is_empty());
    let expressions = terms.map(expression).collect::<Result<Vec<_>, _>>()?;
    Ok(expressions.into_iter().collect())
}

/// Parted by commas outside parentheses.
fn terms(text: &str) -> Result<Vec<&str>, String> {
    let (mut start, mut inside, mut found) = (0, false, Vec::new());
    for (at, letter) in text.char_indices() {
        match letter {
            '(' if inside => return Err("a parenthesis stands inside another one".to_owned()),
            '(' => inside = true,
            ')' if !inside => return Err("a parenthesis is closed that is not open".to_owned()),
            ')' => inside = false,
            ',' if !inside => {
                found.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if inside {
        return Err("a parenthesis is not closed".to_owned());
    }
    found.push(&text[start..]);
    Ok(found)
}

fn expression(term: &str) -> Result<Expression, String> {
    if let Some(label) = term.strip_prefix('!') {
        return Ok(Expression::DoesNotExist(key(label)?));
    }
    if let Some((label, rest)) = term.split_once(char::is_whitespace)
        && let Some((operator, set)) = set(rest.trim_start())
    {
        let values = set.split(',').map(value).collect::<Result<BTreeSet<_>, _>>()?;
        return Ok(if operator == "in" {
            Expression::In(key(label)?, values)
        } else {
            Expression::NotIn(key(label)?, values)
        });
    }
    for (operator, is_equal) in [("!=", false), ("==", true), ("=", true)] {
        if let Some((label, rest)) = term.split_once(operator) {
            let (label, value) = (key(label)?, value(rest)?);
            return Ok(if is_equal { Expression::Equal(label, value) } else { Expression::NotEqual(label, value) });
        }
    }
    if term.contains(['<', '>']) {
        return Err("labels are not compared as numbers here: use in (...) instead of < and >".to_owned());
    }
    Ok(Expression::Exists(key(term)?))
}

/// The operator, and what stands in the parentheses after it.
fn set(text: &str) -> Option<(&'static str, &str)> {
    ["in", "notin"].into_iter().find_map(|operator| {
        let rest = text.strip_prefix(operator)?.trim_start();
        Some((operator, rest.strip_prefix('(')?.trim_end().strip_suffix(')')?))
    })
}

fn key(text: &str) -> Result<String, String> {
    let name = text.trim();
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    let is_key = !name.is_empty() && name.len() <= 317 && name.bytes().all(is_part);
    if is_key { Ok(name.to_owned()) } else { Err(format!("{name:?} is no name of a label")) }
}

fn value(text: &str) -> Result<String, String> {
    let value = text.trim();
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_value = value.len() <= 63 && value.bytes().all(is_part);
    if is_value { Ok(value.to_owned()) } else { Err(format!("{value:?} is no value of a label")) }
}
