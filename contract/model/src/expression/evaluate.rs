//! The value of a typed tree. Recursion is bounded by the nodes an expression may have.

use super::tree::{Choice, Int, Label, Text, Truth};
use super::{EvaluationError, Facts};
use std::borrow::Cow;

type Value<T> = Result<T, EvaluationError>;

impl Text {
    pub(super) fn evaluate<'a>(&'a self, facts: &'a dyn Facts) -> Value<Cow<'a, str>> {
        Ok(match self {
            Self::Literal(text) => Cow::Borrowed(text),
            Self::Attribute(attribute) => facts.text(*attribute),
            Self::Word(word) => Cow::Borrowed(facts.happened().map_or("unknown", |happened| happened.word(*word))),
            Self::Label(label) => Cow::Borrowed(label.evaluate(facts)?),
            Self::Join(sides) => sides[0].evaluate(facts)? + sides[1].evaluate(facts)?,
            Self::OfInt(int) => Cow::Owned(int.evaluate(facts)?.to_string()),
            Self::OfTruth(truth) => Cow::Borrowed(if truth.evaluate(facts)? { "true" } else { "false" }),
            Self::Lower(text) => Cow::Owned(text.evaluate(facts)?.to_ascii_lowercase()),
            Self::Upper(text) => Cow::Owned(text.evaluate(facts)?.to_ascii_uppercase()),
            Self::Choice(choice) => choice.taken(facts)?.evaluate(facts)?,
        })
    }
}

impl Int {
    fn evaluate(&self, facts: &dyn Facts) -> Value<i64> {
        Ok(match self {
            Self::Literal(int) => *int,
            Self::Port(end) => facts.port(*end).into(),
            Self::Quantity(quantity) => facts.happened().map_or(0, |happened| happened.quantity(*quantity)),
            Self::Size(text) => i64::try_from(text.evaluate(facts)?.chars().count()).unwrap_or(i64::MAX),
            Self::Choice(choice) => choice.taken(facts)?.evaluate(facts)?,
        })
    }
}

impl Truth {
    pub(super) fn evaluate(&self, facts: &dyn Facts) -> Value<bool> {
        Ok(match self {
            Self::Literal(truth) => *truth,
            Self::Has(label) => facts.label(label.end, &label.name).is_some(),
            Self::Not(truth) => !truth.evaluate(facts)?,
            Self::And(sides) => decided_by(false, sides, facts)?,
            Self::Or(sides) => decided_by(true, sides, facts)?,
            Self::Same(sides) => sides[0].evaluate(facts)? == sides[1].evaluate(facts)?,
            Self::Agree(sides) => sides[0].evaluate(facts)? == sides[1].evaluate(facts)?,
            Self::Compare(order, sides) => order.holds(sides[0].evaluate(facts)?, sides[1].evaluate(facts)?),
            Self::TextIn(text, list) => {
                let text = text.evaluate(facts)?;
                any(list, |other| Ok(other.evaluate(facts)? == text))?
            }
            Self::IntIn(int, list) => {
                let int = int.evaluate(facts)?;
                any(list, |other| Ok(other.evaluate(facts)? == int))?
            }
            Self::Part(part, sides) => part.holds(&sides[0].evaluate(facts)?, &sides[1].evaluate(facts)?),
            Self::Matches(text, regex) => regex.is_match(&text.evaluate(facts)?),
            Self::Choice(choice) => choice.taken(facts)?.evaluate(facts)?,
        })
    }
}

impl<T> Choice<T> {
    fn taken(&self, facts: &dyn Facts) -> Value<&T> {
        Ok(if self.condition.evaluate(facts)? { &self.yes } else { &self.no })
    }
}

impl Label {
    fn evaluate<'a>(&self, facts: &'a dyn Facts) -> Value<&'a str> {
        let missing = || EvaluationError::NoLabel { end: self.end, name: self.name.clone() };
        facts.label(self.end, &self.name).ok_or_else(missing)
    }
}

/// `&&` and `||`: a side that is `decisive` decides, whatever error the other has. The right side is evaluated only if
/// the left one did not decide.
fn decided_by(decisive: bool, [left, right]: &[Truth; 2], facts: &dyn Facts) -> Value<bool> {
    match left.evaluate(facts) {
        Ok(truth) if truth == decisive => Ok(decisive),
        Ok(_) => right.evaluate(facts),
        Err(error) => {
            if right.evaluate(facts) == Ok(decisive) {
                Ok(decisive)
            } else {
                Err(error)
            }
        }
    }
}

/// Every element of a list is evaluated, as in CEL: a missing label is not hidden by an earlier match.
fn any<T>(list: &[T], same: impl Fn(&T) -> Value<bool>) -> Value<bool> {
    list.iter().try_fold(false, |found, element| Ok(same(element)? || found))
}
