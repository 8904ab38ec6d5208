//! Expressions of tags, and patterns of a StatsMatcher.

use longwire_model::expression::{Attribute, End, Expression, Facts};
use longwire_model::matcher::{Pattern, StringMatcher, WholeRegex};
use std::borrow::Cow;
use std::hint::black_box;

struct Known;

impl Facts for Known {
    fn text(&self, attribute: Attribute) -> Cow<'_, str> {
        format!("{attribute:?}").into()
    }

    fn port(&self, _end: End) -> u16 {
        8080
    }

    fn label(&self, _end: End, name: &str) -> Option<&str> {
        (name == "app").then_some("reviews")
    }
}

pub(crate) fn fuzz(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Ok(expression) = Expression::parse(text) {
        let value = expression.evaluate(&Known).map(Cow::into_owned);
        let again = Expression::parse(expression.text()).expect("what was read can be read again");
        assert_eq!(again.evaluate(&Known).map(Cow::into_owned), value);
    }
    let regex = WholeRegex::parse(text).ok().map(Pattern::Regex);
    let literals = [Pattern::Exact, Pattern::Prefix, Pattern::Suffix, Pattern::Contains].map(|of| of(text.to_owned()));
    for pattern in literals.into_iter().chain(regex) {
        for ignores_case in [false, true] {
            if let Ok(matcher) = StringMatcher::new(pattern.clone(), ignores_case) {
                let name = "cluster.outbound|80||reviews.default.svc.cluster.local.upstream_cx_total";
                black_box(matcher.matches(name));
            }
        }
    }
}
