//! The operators and the types that each takes. Independent of syntax.

use super::InvalidExpression;
use super::invalid::Kind;
use super::tree::{Choice, Int, Node, Order, Part, Text, Truth};
use crate::regex::Regex;

type Typed = Result<Node, InvalidExpression>;

impl Node {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Text(_) => Kind::String,
            Self::Int(_) => Kind::Int,
            Self::Truth(_) => Kind::Bool,
        }
    }

    fn into_text(self, operator: &'static str) -> Result<Text, InvalidExpression> {
        match self {
            Self::Text(text) => Ok(text),
            other => Err(other.wrong(operator, Kind::String)),
        }
    }

    fn into_int(self, operator: &'static str) -> Result<Int, InvalidExpression> {
        match self {
            Self::Int(int) => Ok(int),
            other => Err(other.wrong(operator, Kind::Int)),
        }
    }

    fn into_truth(self, operator: &'static str) -> Result<Truth, InvalidExpression> {
        match self {
            Self::Truth(truth) => Ok(truth),
            other => Err(other.wrong(operator, Kind::Bool)),
        }
    }

    fn wrong(&self, operator: &'static str, takes: Kind) -> InvalidExpression {
        InvalidExpression::WrongType { operator, takes, found: self.to_string(), kind: self.kind() }
    }
}

fn unlike(operator: &'static str, left: &Node, right: &Node) -> InvalidExpression {
    InvalidExpression::UnlikeTypes {
        operator,
        left: left.to_string(),
        left_kind: left.kind(),
        right: right.to_string(),
        right_kind: right.kind(),
    }
}

/// Checks the type of a tag's value.
pub(super) fn value(node: Node) -> Result<Text, InvalidExpression> {
    match node {
        Node::Text(text) => Ok(text),
        other => Err(InvalidExpression::NoString { found: other.to_string(), kind: other.kind() }),
    }
}

/// Checks the type of a filter.
pub(super) fn condition(node: Node) -> Result<Truth, InvalidExpression> {
    match node {
        Node::Truth(truth) => Ok(truth),
        other => Err(InvalidExpression::NoBool { found: other.to_string(), kind: other.kind() }),
    }
}

pub(super) fn join(left: Node, right: Node) -> Typed {
    Ok(Node::Text(Text::Join(Box::new([left.into_text("+")?, right.into_text("+")?]))))
}

pub(super) fn string(node: Node) -> Node {
    Node::Text(match node {
        Node::Text(text) => text,
        Node::Int(int) => Text::OfInt(Box::new(int)),
        Node::Truth(truth) => Text::OfTruth(Box::new(truth)),
    })
}

pub(super) fn not(operand: Node) -> Typed {
    Ok(Node::Truth(Truth::Not(Box::new(operand.into_truth("!")?))))
}

pub(super) fn and(left: Node, right: Node) -> Typed {
    Ok(Node::Truth(Truth::And(Box::new([left.into_truth("&&")?, right.into_truth("&&")?]))))
}

pub(super) fn or(left: Node, right: Node) -> Typed {
    Ok(Node::Truth(Truth::Or(Box::new([left.into_truth("||")?, right.into_truth("||")?]))))
}

pub(super) fn equal(operator: &'static str, left: Node, right: Node) -> Typed {
    Ok(Node::Truth(match (left, right) {
        (Node::Text(left), Node::Text(right)) => Truth::Same(Box::new([left, right])),
        (Node::Int(left), Node::Int(right)) => Truth::Compare(Order::Equal, Box::new([left, right])),
        (Node::Truth(left), Node::Truth(right)) => Truth::Agree(Box::new([left, right])),
        (left, right) => return Err(unlike(operator, &left, &right)),
    }))
}

pub(super) fn compare(operator: &'static str, order: Order, left: Node, right: Node) -> Typed {
    Ok(Node::Truth(Truth::Compare(order, Box::new([left.into_int(operator)?, right.into_int(operator)?]))))
}

pub(super) fn choose(condition: Node, yes: Node, no: Node) -> Typed {
    const OPERATOR: &str = "?:";
    let condition = condition.into_truth("the condition of ?:")?;
    Ok(match (yes, no) {
        (Node::Text(yes), Node::Text(no)) => Node::Text(Text::Choice(Box::new(Choice { condition, yes, no }))),
        (Node::Int(yes), Node::Int(no)) => Node::Int(Int::Choice(Box::new(Choice { condition, yes, no }))),
        (Node::Truth(yes), Node::Truth(no)) => Node::Truth(Truth::Choice(Box::new(Choice { condition, yes, no }))),
        (yes, no) => return Err(unlike(OPERATOR, &yes, &no)),
    })
}

/// `value in [list]`
pub(super) fn one_of(value: Node, list: Vec<Node>) -> Typed {
    const OPERATOR: &str = "in";
    if let Some(other) = list.iter().find(|element| element.kind() != value.kind()) {
        return Err(unlike(OPERATOR, &value, other));
    }
    let list = list.into_iter();
    Ok(Node::Truth(match value {
        Node::Text(value) => {
            Truth::TextIn(Box::new(value), list.map(|node| node.into_text(OPERATOR)).collect::<Result<_, _>>()?)
        }
        Node::Int(value) => {
            Truth::IntIn(Box::new(value), list.map(|node| node.into_int(OPERATOR)).collect::<Result<_, _>>()?)
        }
        truth @ Node::Truth(_) => return Err(truth.wrong(OPERATOR, Kind::String)),
    }))
}

pub(super) fn part(part: Part, whole: Node, looked_for: Node) -> Typed {
    let operator = part.function();
    Ok(Node::Truth(Truth::Part(part, Box::new([whole.into_text(operator)?, looked_for.into_text(operator)?]))))
}

pub(super) fn size(node: Node) -> Typed {
    Ok(Node::Int(Int::Size(Box::new(node.into_text("size")?))))
}

pub(super) fn lower(node: Node) -> Typed {
    Ok(Node::Text(Text::Lower(Box::new(node.into_text("lowerAscii")?))))
}

pub(super) fn upper(node: Node) -> Typed {
    Ok(Node::Text(Text::Upper(Box::new(node.into_text("upperAscii")?))))
}

/// The regex matches anywhere in the text, as in CEL.
pub(super) fn matches(text: Node, regex: Regex) -> Typed {
    Ok(Node::Truth(Truth::Matches(Box::new(text.into_text("matches")?), regex)))
}
