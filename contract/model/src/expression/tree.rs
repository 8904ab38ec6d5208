//! A type-checked expression: each of the three types has its own tree, so that evaluation checks nothing.

use super::{Attribute, End, Quantity, Word};
use crate::regex::Regex;
use std::fmt;
use std::sync::Arc;

/// A tree of any type.
#[derive(Debug)]
pub(super) enum Node {
    Text(Text),
    Int(Int),
    Truth(Truth),
}

#[derive(Debug)]
pub(super) enum Text {
    Literal(Box<str>),
    Attribute(Attribute),
    Word(Word),
    Label(Label),
    Join(Box<[Text; 2]>),
    OfInt(Box<Int>),
    OfTruth(Box<Truth>),
    Lower(Box<Text>),
    Upper(Box<Text>),
    Choice(Box<Choice<Text>>),
}

#[derive(Debug)]
pub(super) enum Int {
    Literal(i64),
    Port(End),
    Quantity(Quantity),
    /// In characters.
    Size(Box<Text>),
    Choice(Box<Choice<Int>>),
}

#[derive(Debug)]
pub(super) enum Truth {
    Literal(bool),
    Has(Label),
    Not(Box<Truth>),
    And(Box<[Truth; 2]>),
    Or(Box<[Truth; 2]>),
    Same(Box<[Text; 2]>),
    Agree(Box<[Truth; 2]>),
    Compare(Order, Box<[Int; 2]>),
    TextIn(Box<Text>, Vec<Text>),
    IntIn(Box<Int>, Vec<Int>),
    Part(Part, Box<[Text; 2]>),
    Matches(Box<Text>, Regex),
    Choice(Box<Choice<Truth>>),
}

#[derive(Debug)]
pub(super) struct Label {
    pub(super) end: End,
    pub(super) name: Arc<str>,
}

/// `condition ? yes : no`
#[derive(Debug)]
pub(super) struct Choice<T> {
    pub(super) condition: Truth,
    pub(super) yes: T,
    pub(super) no: T,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The position of one text in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Start,
    End,
    Anywhere,
}

impl Order {
    pub(super) fn holds(self, left: i64, right: i64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }

    fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

impl Part {
    /// Whether `whole` has `part` at this position.
    pub(super) fn holds(self, whole: &str, part: &str) -> bool {
        match self {
            Self::Start => whole.starts_with(part),
            Self::End => whole.ends_with(part),
            Self::Anywhere => whole.contains(part),
        }
    }

    pub(super) fn function(self) -> &'static str {
        match self {
            Self::Start => "startsWith",
            Self::End => "endsWith",
            Self::Anywhere => "contains",
        }
    }
}

/// Written as an expression, for messages.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => text.fmt(f),
            Self::Int(int) => int.fmt(f),
            Self::Truth(truth) => truth.fmt(f),
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => write!(f, "{text:?}"),
            Self::Attribute(attribute) => f.write_str(attribute.name()),
            Self::Word(word) => f.write_str(word.name()),
            Self::Label(label) => label.fmt(f),
            Self::Join(sides) => binary(f, "+", sides),
            Self::OfInt(int) => write!(f, "string({int})"),
            Self::OfTruth(truth) => write!(f, "string({truth})"),
            Self::Lower(text) => write!(f, "{text}.lowerAscii()"),
            Self::Upper(text) => write!(f, "{text}.upperAscii()"),
            Self::Choice(choice) => choice.fmt(f),
        }
    }
}

impl fmt::Display for Int {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(int) => int.fmt(f),
            Self::Port(end) => f.write_str(end.port_name()),
            Self::Quantity(quantity) => f.write_str(quantity.name()),
            Self::Size(text) => write!(f, "size({text})"),
            Self::Choice(choice) => choice.fmt(f),
        }
    }
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(truth) => truth.fmt(f),
            Self::Has(Label { end, name }) => write!(f, "({name:?} in {end}.labels)"),
            Self::Not(truth) => write!(f, "!{truth}"),
            Self::And(sides) => binary(f, "&&", sides),
            Self::Or(sides) => binary(f, "||", sides),
            Self::Same(sides) => binary(f, "==", sides),
            Self::Agree(sides) => binary(f, "==", sides),
            Self::Compare(order, sides) => binary(f, order.symbol(), sides),
            Self::TextIn(text, list) => one_of(f, &**text, list),
            Self::IntIn(int, list) => one_of(f, &**int, list),
            Self::Part(part, sides) => write!(f, "{}.{}({})", sides[0], part.function(), sides[1]),
            Self::Matches(text, regex) => write!(f, "{text}.matches({:?})", regex.text()),
            Self::Choice(choice) => choice.fmt(f),
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.labels[{:?}]", self.end, self.name)
    }
}

impl<T: fmt::Display> fmt::Display for Choice<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} ? {} : {})", self.condition, self.yes, self.no)
    }
}

fn binary<T: fmt::Display>(f: &mut fmt::Formatter<'_>, symbol: &str, sides: &[T; 2]) -> fmt::Result {
    write!(f, "({} {symbol} {})", sides[0], sides[1])
}

fn one_of<T: fmt::Display>(f: &mut fmt::Formatter<'_>, value: &T, list: &[T]) -> fmt::Result {
    let list: Vec<String> = list.iter().map(T::to_string).collect();
    write!(f, "({value} in [{}])", list.join(", "))
}
