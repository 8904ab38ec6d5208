//! Text of the page beside its tables.

pub(super) const OPENING: &str = "\
# Expressions

<!-- Made from contract/model/src/expression and reference; do not edit. `UPDATE_REFERENCE=1 cargo test -p longwire-model` writes it anew. -->

An expression gives a label its value, for each connection. It stands in `spec.overrides[].tagOverrides.*.value` of a [TelemetryPolicy](configuration.md#telemetrypolicy) and in `spec.tags[].value` of [ExtraStatTags](configuration.md#extrastattags):

```yaml
apiVersion: telemetry.longwire.io/v1alpha1
kind: ExtraStatTags
metadata: {name: team, namespace: shop}
spec:
  tags:
  - name: team
    value: '\"team\" in destination.labels ? destination.labels[\"team\"] : \"none\"'
```

Expressions are a part of [CEL](https://cel.dev), the Common Expression Language that Kubernetes uses too. The operator reads an expression when the object is applied, and checks its types. What cannot be used makes the object `Accepted=False`, with a message that says what to write instead. \
An accepted expression can only lack a value, where it reads a label that the pod does not have.

Each value is a series more for every edge. ExtraStatTags bound the values of a tag (`maxValues`); prefer a few classes to names and numbers.

An expression has at most 512 bytes and 64 literals, attributes, operators and calls, nested at most 32 levels deep. A value has at most 512 bytes; what is longer is cut.

## Attributes

`source` is the end that opened the connection, `destination` the one that accepted it, whichever end reports. Attributes are always there: what is not known reads `unknown`, as in the standard labels. The examples are of a pod `frontend` that connects to the Service `cart`.

";

pub(super) const SYNTAX: &str = "
## Operators and functions

There are three types: string, int and bool. Strings stand in quotes of either kind, ints are written as numbers, bools as `true` and `false`. The whole expression must give a string: `string()` makes one of an int or a bool. There is no arithmetic, and there are no loops.
";

pub(super) const MISSING: &str = "
## When a label is missing

`source.labels[\"team\"]` has no value where the pod lacks the label `team`, or where the pod is not known. Then the whole expression has none: the tag reads `unknown`, and `longwire_probe_expression_errors_total` counts it. Ask for the label first, with `\"team\" in source.labels` or `has(source.labels.team)`. \
As in CEL, a side of `&&` or `||` that decides the outcome makes up for a missing label on the other side.

An empty value reads `unknown` too: Prometheus has no empty labels.
";

pub(super) const RECIPES: &str = "
## Recipes

Each is followed by the values that it gives for three connections. A test computes them.
";
