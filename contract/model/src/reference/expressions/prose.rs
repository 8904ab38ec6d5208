//! Text of the page beside its tables.

pub(super) const OPENING: &str = "\
# Expressions

<!-- Made from contract/model/src/expression and reference; do not edit. `UPDATE_REFERENCE=1 cargo test -p longwire-model` generates it. -->

An expression computes the value of a label for each connection. It is written in `spec.overrides[].tagOverrides.*.value` of a [TelemetryPolicy](configuration.md#telemetrypolicy) and in `spec.tags[].value` of [ExtraStatTags](configuration.md#extrastattags):

```yaml
apiVersion: telemetry.longwire.io/v1alpha1
kind: ExtraStatTags
metadata: {name: team, namespace: shop}
spec:
  tags:
  - name: team
    value: '\"team\" in destination.labels ? destination.labels[\"team\"] : \"none\"'
```

Expressions are a subset of [CEL](https://cel.dev), the Common Expression Language, which Kubernetes uses too. The operator parses an expression and checks its types when the object is applied. An invalid expression makes the object `Accepted=False`, with a message that says what to write instead. \
An accepted expression has no value only if it reads a label that the pod does not have.

Each value is another series for every edge. ExtraStatTags limit the values of a tag (`maxValues`); prefer a few classes to names and numbers.

An expression has at most 512 bytes and 64 literals, attributes, operators and calls, nested at most 32 levels deep. A value has at most 512 bytes; a longer one is truncated.

## Attributes

`source` is the end that opened the connection, `destination` the one that accepted it, whichever end reports. Every attribute has a value: one that is not known is `unknown`, as in the standard labels. The examples are of a pod `frontend` that connects to the Service `cart`.

";

pub(super) const SYNTAX: &str = "
## Operators and functions

There are three types: string, int and bool. Strings are written in single or double quotes, ints as numbers, bools as `true` and `false`. The whole expression must result in a string: `string()` converts an int or a bool. There is no arithmetic, and there are no loops.
";

pub(super) const MISSING: &str = "
## When a label is missing

`source.labels[\"team\"]` has no value if the pod lacks the label `team`, or if the pod is not known. Then the whole expression has none: the tag is `unknown`, and `longwire_probe_expression_errors_total` counts it. Test for the label first, with `\"team\" in source.labels` or `has(source.labels.team)`. \
As in CEL, a missing label on one side of `&&` or `||` does not matter if the other side decides the result.

An empty value is replaced by `unknown` too, because Prometheus has no empty labels.
";

pub(super) const RECIPES: &str = "
## Recipes

Each is followed by its values for three connections. A test computes them.
";
