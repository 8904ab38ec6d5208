use crate::expression::Expression;
use rstest::rstest;

fn refusal(text: &str) -> String {
    match Expression::parse(text) {
        Ok(_) => format!("accepted {text}"),
        Err(error) => error.to_string(),
    }
}

#[rstest]
#[case("source.wrkload", "unknown attribute source.wrkload: did you mean source.workload?")]
#[case("source.ports", "unknown attribute source.ports: did you mean source.port?")]
#[case(
    "source.label.team",
    "unknown attribute source.label.team: attributes begin with source, destination or connection, as source.workload"
)]
#[case(
    "workload",
    "unknown attribute workload: attributes begin with source, destination or connection, as source.workload"
)]
#[case("source", "unknown attribute source: it has parts, as source.address")]
#[case("destination.service", "unknown attribute destination.service: it has parts, as destination.service.host")]
#[case(
    "destination.service.requestd.host",
    "unknown attribute destination.service.requestd.host: did you mean destination.service.requested.host?"
)]
#[case(
    "destination.service.dialled.name",
    "unknown attribute destination.service.dialled.name: it is named destination.service.requested.name now"
)]
#[case(
    "source.service.name",
    "unknown attribute source.service.name: attributes begin with source, destination or connection, as source.workload"
)]
#[case(".source.zone", "unknown attribute .source.zone: did you mean source.zone?")]
#[case(
    "source.labels",
    "labels without a name cannot be used here: write source.labels[\"name\"] or \"name\" in source.labels"
)]
#[case(
    "source.labels.app.kubernetes.io",
    "a field of a label cannot be used here: a label with a dot is source.labels[\"a.b\"]"
)]
#[case(
    "source.labels['a'].b",
    "a field of a value cannot be used here: only source, destination and connection have fields; a label with a dot is source.labels[\"a.b\"]"
)]
#[case("source.labels[source.pod]", "a computed name or regex cannot be used here: write it as one string in quotes")]
#[case("source.labels[1]", "a computed name or regex cannot be used here: write it as one string in quotes")]
#[case("source.pod[0]", "[...] of anything but labels cannot be used here: write source.labels[\"name\"]")]
#[case(
    "source.labels['']",
    "no pod can have a label \"\": a label's name has letters, digits, -, _, . and at most one /, and at most 317 bytes"
)]
#[case(
    "source.labels['a b']",
    "no pod can have a label \"a b\": a label's name has letters, digits, -, _, . and at most one /, and at most 317 bytes"
)]
#[case(
    "source.labels['a/b/c']",
    "no pod can have a label \"a/b/c\": a label's name has letters, digits, -, _, . and at most one /, and at most 317 bytes"
)]
fn an_unknown_attribute_or_label_is_refused(#[case] text: &str, #[case] message: &str) {
    assert_eq!(refusal(text), message);
}

#[rstest]
#[case("destination.port", "a tag's value is a string, destination.port is an int: write string(destination.port)")]
#[case(
    "source.port == 80",
    "a tag's value is a string, (source.port == 80) is a bool: write string((source.port == 80))"
)]
#[case(
    "has(source.labels.a)",
    "a tag's value is a string, (\"a\" in source.labels) is a bool: write string((\"a\" in source.labels))"
)]
#[case("'a' + source.port", "+ takes strings, source.port is an int: string() makes an int or a bool a string")]
#[case("1 + 1", "+ takes strings, 1 is an int: string() makes an int or a bool a string")]
#[case(
    "string(source.pod < 'b')",
    "< takes ints, source.pod is a string: strings and bools are compared with == and !="
)]
#[case("string(1 >= true)", ">= takes ints, true is a bool: strings and bools are compared with == and !=")]
#[case(
    "string(source.port == '80')",
    "== takes values of one type, source.port is an int and \"80\" is a string: string() makes an int or a bool a string"
)]
#[case(
    "string(source.pod != true)",
    "!= takes values of one type, source.pod is a string and true is a bool: string() makes an int or a bool a string"
)]
#[case("string(source.pod && true)", "&& takes bools, source.pod is a string: compare it with something by ==")]
#[case("string(true || 1)", "|| takes bools, 1 is an int: compare it with something by ==")]
#[case("string(!source.pod)", "! takes bools, source.pod is a string: compare it with something by ==")]
#[case(
    "source.pod ? 'a' : 'b'",
    "the condition of ?: takes bools, source.pod is a string: compare it with something by =="
)]
#[case(
    "true ? 'a' : 1",
    "?: takes values of one type, \"a\" is a string and 1 is an int: string() makes an int or a bool a string"
)]
#[case(
    "string(source.port in ['80'])",
    "in takes values of one type, source.port is an int and \"80\" is a string: string() makes an int or a bool a string"
)]
#[case(
    "string(source.pod in ['80', 80])",
    "in takes values of one type, source.pod is a string and 80 is an int: string() makes an int or a bool a string"
)]
#[case("string(true in [true])", "in takes strings, true is a bool: string() makes an int or a bool a string")]
#[case(
    "string(source.port.startsWith('8'))",
    "startsWith takes strings, source.port is an int: string() makes an int or a bool a string"
)]
#[case(
    "string(source.pod.endsWith(8))",
    "endsWith takes strings, 8 is an int: string() makes an int or a bool a string"
)]
#[case(
    "string(source.port.matches('8'))",
    "matches takes strings, source.port is an int: string() makes an int or a bool a string"
)]
#[case(
    "string(size(source.port))",
    "size takes strings, source.port is an int: string() makes an int or a bool a string"
)]
#[case(
    "source.port.lowerAscii()",
    "lowerAscii takes strings, source.port is an int: string() makes an int or a bool a string"
)]
#[case("true.upperAscii()", "upperAscii takes strings, true is a bool: string() makes an int or a bool a string")]
fn a_wrong_type_is_refused(#[case] text: &str, #[case] message: &str) {
    assert_eq!(refusal(text), message);
}

#[rstest]
#[case(
    "source.pod.replace('a', 'b')",
    "unknown function replace: known are contains, duration, endsWith, has, lowerAscii, matches, size, startsWith, string, upperAscii"
)]
#[case(
    "int(source.pod)",
    "unknown function int: known are contains, duration, endsWith, has, lowerAscii, matches, size, startsWith, string, upperAscii"
)]
#[case("startsWith(source.pod, 'a')", "wrong call of startsWith: write string.startsWith(string)")]
#[case("source.pod.contains()", "wrong call of contains: write string.contains(string)")]
#[case("source.port.string()", "wrong call of string: write string(int)")]
#[case("matches(source.pod, 'a')", "wrong call of matches: write string.matches(\"a regex in quotes\")")]
#[case(
    "string(source.pod.matches(source.zone))",
    "a computed name or regex cannot be used here: write it as one string in quotes"
)]
#[case("string(source.pod.matches('('))", "invalid regex \"(\": unclosed group")]
#[case(
    "string(source.pod.matches(r'\\w{99}'))",
    "invalid regex \"\\\\w{99}\": it takes more than 49152 bytes compiled: use fewer repetitions, and [a-z0-9_] instead of \\w, which is every letter of Unicode"
)]
#[case(
    "has(source.pod) ? 'a' : 'b'",
    "has() of anything but a label cannot be used here: attributes always have a value, \"unknown\" if it is not known"
)]
#[case(
    "has(source.labels['a']) ? 'a' : 'b'",
    "syntax error at line 1, column 18: has() takes a label with a simple name, as has(source.labels.team): for others write \"a.b/c\" in source.labels"
)]
#[case(
    "string(['a'].all(x, x == 'a'))",
    "a loop, as all, exists, map or filter, cannot be used here: has is the only macro"
)]
#[case("string(source.port - 1)", "operator - cannot be used here: there is no arithmetic, and + joins strings")]
#[case("string(source.port * 2)", "operator * cannot be used here: there is no arithmetic, and + joins strings")]
#[case("string(-source.port)", "operator - cannot be used here: there is no arithmetic, and + joins strings")]
#[case(
    "string(source.pod in source.zone)",
    "in with anything but a list or labels cannot be used here: write source.zone in [\"a\", \"b\"] or \"name\" in source.labels"
)]
#[case(
    "string(source.pod in source.labels)",
    "a computed name or regex cannot be used here: write it as one string in quotes"
)]
#[case("['a']", "a list cannot be used here: write it after in, as in source.zone in [\"a\", \"b\"]")]
#[case("{'a': 'b'}", "a map cannot be used here: ?: chooses between values")]
#[case("Pod{name: 'a'}", "a map cannot be used here: ?: chooses between values")]
#[case("1.5", "a literal of this type cannot be used here: values are strings in quotes, ints, true and false")]
#[case("null", "a literal of this type cannot be used here: values are strings in quotes, ints, true and false")]
#[case("b'a'", "a literal of this type cannot be used here: values are strings in quotes, ints, true and false")]
#[case("string(1u)", "a literal of this type cannot be used here: values are strings in quotes, ints, true and false")]
fn syntax_that_is_not_supported_is_refused(#[case] text: &str, #[case] message: &str) {
    assert_eq!(refusal(text), message);
}

#[rstest]
#[case("", "syntax error at line 1, column 1: mismatched input '<EOF>' expecting expression")]
#[case("'a", "syntax error at line 1, column 1: unterminated string literal")]
#[case("'a' +", "syntax error at line 1, column 6: mismatched input '<EOF>' expecting expression")]
#[case("('a'", "syntax error at line 1, column 5: expected ')'")]
#[case("'a' 'b'", "syntax error at line 1, column 5: mismatched input ''b'' expecting <EOF>")]
#[case("'a'\n+ )", "syntax error at line 2, column 3: unexpected token")]
#[case("source.pod = 'a'", "syntax error at line 1, column 12: mismatched input '=' expecting <EOF>")]
#[case("true & true", "syntax error at line 1, column 6: unexpected single '&', expected '&&'")]
#[case("source.?pod", "syntax error at line 1, column 7: unsupported syntax '.?'")]
#[case("source.labels.`a.b`", "syntax error at line 1, column 15: unsupported syntax: '`'")]
#[case("source.labels.in", "syntax error at line 1, column 15: expected identifier after '.'")]
#[case("pöd", "syntax error at line 1, column 2: unexpected character")]
#[case("99999999999999999999", "syntax error at line 1, column 1: invalid int literal")]
fn a_syntax_error_has_its_position(#[case] text: &str, #[case] message: &str) {
    assert_eq!(refusal(text), message);
}
