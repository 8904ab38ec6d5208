//! Parses text into a typed tree. The only module that uses the `cel` crate, and only its parser, because the crate has
//! no type checker and its interpreter does not bound the cost.

use super::invalid::InvalidExpression;
use super::tree::{Int, Label, Node, Order, Part, Text, Truth};
use super::{Attribute, End, MAX_NODES, Quantity, Word, typing};
use crate::regex::{Extent, Regex};
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SelectExpr, operators};
// Not the ANTLR parser of the same crate, whose automata grow with its input and are never freed.
use cel::parser::{ParseErrors, PrattParser};
use std::collections::BTreeSet;
use std::sync::Arc;

type Typed = Result<Node, InvalidExpression>;

/// Nesting levels of parentheses, lists and calls.
const MAX_DEPTH: u16 = 32;

/// A label's prefix has at most 253 bytes, its name 63.
const MAX_LABEL_BYTES: usize = 317;

const USAGES: [(&str, &str); 9] = [
    ("contains", "string.contains(string)"),
    ("duration", "duration(\"1m30s\")"),
    ("endsWith", "string.endsWith(string)"),
    ("lowerAscii", "string.lowerAscii()"),
    ("matches", "string.matches(\"a regex in quotes\")"),
    ("size", "size(string)"),
    ("startsWith", "string.startsWith(string)"),
    ("string", "string(int)"),
    ("upperAscii", "string.upperAscii()"),
];

/// Most memory of a node, with the box or list that holds it, bytes.
const NODE_BYTES: usize = 64;

/// What an expression may read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Scope {
    /// Both ends of a connection.
    #[default]
    Tag,
    /// And what has happened to it.
    Filter,
}

/// A parsed expression.
pub(super) struct Tree<V> {
    pub(super) value: V,
    /// Names of the labels it reads.
    pub(super) labels: BTreeSet<Arc<str>>,
    /// Attributes it reads, each once, in order.
    pub(super) attributes: Box<[Attribute]>,
    /// Memory beside its text, before a regular expression is matched, bytes.
    pub(super) bytes: usize,
    /// Memory of its compiled regular expressions, bytes.
    pub(super) regex_bytes: usize,
}

pub(super) fn parse<V>(
    text: &str,
    scope: Scope,
    typed: fn(Node) -> Result<V, InvalidExpression>,
) -> Result<Tree<V>, InvalidExpression> {
    let parser = PrattParser::new().max_recursion_depth(MAX_DEPTH);
    let syntax = parser.parse(text).map_err(|errors| syntax_error(&errors))?;
    let mut walk = Walk { scope, ..Walk::default() };
    let node = walk.node(&syntax.expr)?;
    let labels = walk.labels.iter().map(|name| 2 * NODE_BYTES + name.len()).sum::<usize>();
    let attributes: Box<[Attribute]> = walk.attributes.into_iter().collect();
    // Literals and names are substrings of the text.
    let bytes = walk.nodes * NODE_BYTES + 2 * text.len() + labels + size_of_val(&*attributes);
    Ok(Tree { value: typed(node)?, labels: walk.labels, attributes, bytes, regex_bytes: walk.regex_bytes })
}

/// The first error with a position; only limits have none. Errors after an exceeded depth are its consequences.
fn syntax_error(errors: &ParseErrors) -> InvalidExpression {
    let is_depth = |message: &str| message.starts_with("expression recursion limit exceeded");
    let first = errors.errors.iter().find(|error| error.pos.0 > 0);
    let Some(first) = first.filter(|_| !errors.errors.iter().any(|error| is_depth(&error.msg))) else {
        return InvalidExpression::TooDeep(MAX_DEPTH);
    };
    let problem = match first.msg.as_str() {
        "invalid argument to has() macro" => {
            "has() takes a label with a simple name, as has(source.labels.team): for others write \"a.b/c\" in source.labels"
        }
        other => other.strip_prefix("Syntax error: ").unwrap_or(other),
    };
    let [line, column] = [first.pos.0, first.pos.1].map(isize::unsigned_abs);
    InvalidExpression::Syntax { line, column, problem: problem.to_owned() }
}

/// One walk over the syntax tree. The number of nodes bounds its recursion.
#[derive(Default)]
struct Walk {
    scope: Scope,
    nodes: usize,
    labels: BTreeSet<Arc<str>>,
    attributes: BTreeSet<Attribute>,
    regex_bytes: usize,
}

impl Walk {
    fn node(&mut self, expr: &Expr) -> Typed {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(InvalidExpression::TooManyNodes);
        }
        match expr {
            Expr::Literal(value) => literal(value),
            Expr::Ident(_) | Expr::Select(_) => self.path(expr),
            Expr::Call(call) => self.call(call),
            Expr::List(_) => Err(unsupported("a list", "write it after in, as in source.zone in [\"a\", \"b\"]")),
            Expr::Map(_) | Expr::Struct(_) => Err(unsupported("a map", "?: chooses between values")),
            Expr::Comprehension(_) => {
                Err(unsupported("a loop, as all, exists, map or filter,", "has is the only macro"))
            }
            Expr::Unspecified => Err(unsupported("nothing", "write a value")),
        }
    }

    fn path(&mut self, expr: &Expr) -> Typed {
        if let Expr::Select(SelectExpr { operand, field, test: true }) = expr {
            let labels = labels_of(&operand.expr).ok_or(unsupported(
                "has() of anything but a label",
                "attributes always have a value, \"unknown\" if it is not known",
            ))?;
            return Ok(Node::Truth(Truth::Has(self.label(labels, field)?)));
        }
        let path = segments(expr).ok_or(unsupported(
            "a field of a value",
            "only source, destination and connection have fields; a label with a dot is source.labels[\"a.b\"]",
        ))?;
        match (path.as_slice(), path.first().and_then(|end| End::named(end))) {
            ([_, "port"], Some(end)) => Ok(Node::Int(Int::Port(end))),
            ([_, "labels"], Some(_)) => {
                Err(unsupported("labels without a name", "write source.labels[\"name\"] or \"name\" in source.labels"))
            }
            ([_, "labels", name], Some(end)) => Ok(Node::Text(Text::Label(self.label(end, name)?))),
            ([_, "labels", ..], Some(_)) => {
                Err(unsupported("a field of a label", "a label with a dot is source.labels[\"a.b\"]"))
            }
            _ => self.attribute(path.join(".")),
        }
    }

    fn attribute(&mut self, name: String) -> Typed {
        if let Some(attribute) = Attribute::named(&name) {
            self.attributes.insert(attribute);
            return Ok(Node::Text(Text::Attribute(attribute)));
        }
        let happened = Quantity::named(&name).map(|quantity| Node::Int(Int::Quantity(quantity)));
        match happened.or_else(|| Word::named(&name).map(|word| Node::Text(Text::Word(word)))) {
            Some(node) if self.scope == Scope::Filter => Ok(node),
            Some(_) => Err(InvalidExpression::OfFilters { name }),
            None => Err(InvalidExpression::UnknownAttribute { name }),
        }
    }

    fn call(&mut self, call: &CallExpr) -> Typed {
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_NOT, [operand]) => typing::not(self.node(&operand.expr)?),
            (operators::CONDITIONAL, [condition, yes, no]) => {
                let [condition, yes, no] = [self.of(condition)?, self.of(yes)?, self.of(no)?];
                typing::choose(condition, yes, no)
            }
            (operators::INDEX, [labels, name]) => self.index(labels, name),
            (operators::IN, [value, list]) => self.one_of(value, list),
            (name, [left, right]) if name.starts_with('_') => self.binary(name, left, right),
            (operators::NEGATE, _) => Err(arithmetic("-")),
            (name, arguments) => self.function(name, call.target.as_deref(), arguments),
        }
    }

    fn of(&mut self, expr: &IdedExpr) -> Typed {
        self.node(&expr.expr)
    }

    fn binary(&mut self, operator: &str, left: &IdedExpr, right: &IdedExpr) -> Typed {
        let (left, right) = (self.of(left)?, self.of(right)?);
        match operator {
            operators::LOGICAL_AND => typing::and(left, right),
            operators::LOGICAL_OR => typing::or(left, right),
            operators::ADD => typing::join(left, right),
            operators::EQUALS => typing::equal("==", left, right),
            operators::NOT_EQUALS => typing::not(typing::equal("!=", left, right)?),
            operators::LESS => typing::compare("<", Order::Less, left, right),
            operators::LESS_EQUALS => typing::compare("<=", Order::LessOrEqual, left, right),
            operators::GREATER => typing::compare(">", Order::Greater, left, right),
            operators::GREATER_EQUALS => typing::compare(">=", Order::GreaterOrEqual, left, right),
            other => Err(arithmetic(other.trim_matches('_'))),
        }
    }

    /// `source.labels["name"]`
    fn index(&mut self, labels: &IdedExpr, name: &IdedExpr) -> Typed {
        let end = labels_of(&labels.expr)
            .ok_or(unsupported("[...] of anything but labels", "write source.labels[\"name\"]"))?;
        Ok(Node::Text(Text::Label(self.label(end, constant(name)?)?)))
    }

    /// `value in [list]`, or `"name" in source.labels`
    fn one_of(&mut self, value: &IdedExpr, list: &IdedExpr) -> Typed {
        if let Some(end) = labels_of(&list.expr) {
            return Ok(Node::Truth(Truth::Has(self.label(end, constant(value)?)?)));
        }
        let Expr::List(list) = &list.expr else {
            return Err(unsupported(
                "in with anything but a list or labels",
                "write source.zone in [\"a\", \"b\"] or \"name\" in source.labels",
            ));
        };
        let value = self.of(value)?;
        typing::one_of(value, list.elements.iter().map(|element| self.of(element)).collect::<Result<_, _>>()?)
    }

    fn function(&mut self, name: &str, target: Option<&IdedExpr>, arguments: &[IdedExpr]) -> Typed {
        match (name, target, arguments) {
            ("startsWith", Some(whole), [part]) => typing::part(Part::Start, self.of(whole)?, self.of(part)?),
            ("endsWith", Some(whole), [part]) => typing::part(Part::End, self.of(whole)?, self.of(part)?),
            ("contains", Some(whole), [part]) => typing::part(Part::Anywhere, self.of(whole)?, self.of(part)?),
            ("matches", Some(whole), [regex]) => {
                let (whole, text) = (self.of(whole)?, constant(regex)?);
                let invalid = |problem| InvalidExpression::Regex { regex: text.to_owned(), problem };
                let regex = Regex::parse(text, Extent::Anywhere).map_err(invalid)?;
                self.regex_bytes += regex.bytes();
                typing::matches(whole, regex)
            }
            ("size", Some(text), []) | ("size", None, [text]) => typing::size(self.of(text)?),
            ("lowerAscii", Some(text), []) => typing::lower(self.of(text)?),
            ("upperAscii", Some(text), []) => typing::upper(self.of(text)?),
            ("duration", None, [text]) => duration(constant(text)?),
            ("string", None, [value]) => self.of(value).map(typing::string),
            _ => Err(match USAGES.into_iter().find(|(function, _)| *function == name) {
                Some((function, usage)) => InvalidExpression::WrongCall { function, usage },
                None => InvalidExpression::UnknownFunction(name.to_owned()),
            }),
        }
    }

    fn label(&mut self, end: End, name: &str) -> Result<Label, InvalidExpression> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
        let slashes = name.bytes().filter(|byte| *byte == b'/').count();
        if name.is_empty() || name.len() > MAX_LABEL_BYTES || slashes > 1 || !name.bytes().all(allowed) {
            return Err(InvalidExpression::LabelName(name.to_owned()));
        }
        let name: Arc<str> = name.into();
        self.labels.insert(name.clone());
        Ok(Label { end, name })
    }
}

/// An int, microseconds, as all times are that filters read.
fn duration(text: &str) -> Typed {
    let invalid = || InvalidExpression::Duration(text.to_owned());
    let span: std::time::Duration = humantime::parse_duration(text).map_err(|_| invalid())?;
    let microseconds = i64::try_from(span.as_micros()).map_err(|_| invalid())?;
    Ok(Node::Int(Int::Literal(microseconds)))
}

fn literal(value: &LiteralValue) -> Typed {
    match value {
        LiteralValue::String(text) => Ok(Node::Text(Text::Literal(text.inner().into()))),
        LiteralValue::Int(int) => Ok(Node::Int(Int::Literal(*int.inner()))),
        LiteralValue::Boolean(truth) => Ok(Node::Truth(Truth::Literal(*truth.inner()))),
        LiteralValue::Bytes(_) | LiteralValue::Double(_) | LiteralValue::Null | LiteralValue::UInt(_) => {
            Err(unsupported("a literal of this type", "values are strings in quotes, ints, true and false"))
        }
    }
}

/// A string that must be constant, because the operator checks it.
fn constant(expr: &IdedExpr) -> Result<&str, InvalidExpression> {
    match &expr.expr {
        Expr::Literal(LiteralValue::String(text)) => Ok(text.inner()),
        _ => Err(unsupported("a computed name or regex", "write it as one string in quotes")),
    }
}

/// The end whose labels an expression refers to.
fn labels_of(expr: &Expr) -> Option<End> {
    match segments(expr)?.as_slice() {
        [end, "labels"] => End::named(end),
        _ => None,
    }
}

/// The parts of `a.b.c`. `None`: the expression is not a path.
fn segments(mut expr: &Expr) -> Option<Vec<&str>> {
    let mut path = Vec::new();
    loop {
        match expr {
            Expr::Ident(name) => {
                path.push(name.as_str());
                path.reverse();
                return Some(path);
            }
            Expr::Select(SelectExpr { operand, field, test: false }) => {
                path.push(field);
                expr = &operand.expr;
            }
            _ => return None,
        }
    }
}

fn unsupported(what: &str, remedy: &'static str) -> InvalidExpression {
    InvalidExpression::Unsupported { what: what.to_owned(), remedy }
}

fn arithmetic(operator: &str) -> InvalidExpression {
    unsupported(&format!("operator {operator}"), "there is no arithmetic, and + joins strings")
}
