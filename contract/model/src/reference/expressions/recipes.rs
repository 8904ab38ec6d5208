//! Useful expressions, ready to copy.

pub(super) struct Recipe {
    pub(super) title: &'static str,
    pub(super) why: &'static str,
    pub(super) expression: &'static str,
    /// Values for each connection of the page, in their order.
    #[cfg_attr(not(test), expect(dead_code, reason = "the page has what is computed; tests hold it to these"))]
    pub(super) gives: [&'static str; 3],
}

pub(super) const RECIPES: [Recipe; 13] = [
    Recipe {
        title: "Team of the server, from a pod label",
        why: "Without the label the tag is `none` instead of `unknown`, and is not counted in `longwire_probe_expression_errors_total`.",
        expression: "\"team\" in destination.labels ? destination.labels[\"team\"].lowerAscii() : \"none\"",
        gives: ["checkout", "web", "none"],
    },
    Recipe {
        title: "Team of the client, or else its namespace",
        why: "The first of several labels that the pod has, and the namespace if it has none.",
        expression: "\"team\" in source.labels ? source.labels[\"team\"] : \"owner\" in source.labels ? source.labels[\"owner\"] : source.namespace",
        gives: ["web", "unknown", "Checkout"],
    },
    Recipe {
        title: "Zone of the client",
        why: "The zone of the node that the pod runs on.",
        expression: "source.zone",
        gives: ["eu-west-1a", "unknown", "eu-west-1b"],
    },
    Recipe {
        title: "Traffic between zones",
        why: "Clouds charge for it. If one end has no zone, the value is `unknown`.",
        expression: "source.zone == \"unknown\" || destination.zone == \"unknown\" ? \"unknown\" : source.zone == destination.zone ? \"same-zone\" : \"cross-zone\"",
        gives: ["cross-zone", "unknown", "unknown"],
    },
    Recipe {
        title: "Pair of regions",
        why: "The tag has at most one value for each pair of regions.",
        expression: "source.region + \" to \" + destination.region",
        gives: ["eu-west-1 to eu-west-1", "unknown to eu-west-1", "eu-west-1 to unknown"],
    },
    Recipe {
        title: "Port class",
        why: "A few classes instead of a value for each port. At the client the port is the one that it connected to, at the server the pod's own, so list both.",
        expression: "destination.port in [80, 443, 8080, 8443] ? \"web\" : destination.port in [3306, 5432, 6379, 27017] ? \"database\" : destination.port in [9092, 5672, 4222] ? \"queue\" : \"other\"",
        gives: ["web", "web", "database"],
    },
    Recipe {
        title: "External or not",
        why: "Traffic that leaves the cluster, that comes into it, and that stays inside.",
        expression: "destination.service.name == \"PassthroughCluster\" ? \"egress\" : source.workload == \"unknown\" ? \"ingress\" : \"internal\"",
        gives: ["internal", "ingress", "egress"],
    },
    Recipe {
        title: "Environment by namespace",
        why: "By the namespace's name: labels of Namespaces are not attributes. If the names do not show the environment, put a label on the pods and use the next recipe.",
        expression: "destination.namespace == \"unknown\" ? \"unknown\" : destination.namespace.endsWith(\"-staging\") ? \"staging\" : destination.namespace.matches(\"^(dev|test)-\") ? \"development\" : \"production\"",
        gives: ["staging", "staging", "unknown"],
    },
    Recipe {
        title: "Environment by pod label",
        why: "The label of whichever end has it, the server's first.",
        expression: "\"environment\" in destination.labels ? destination.labels[\"environment\"] : \"environment\" in source.labels ? source.labels[\"environment\"] : \"unlabelled\"",
        gives: ["staging", "unlabelled", "staging"],
    },
    Recipe {
        title: "Canary or stable",
        why: "By the revision from the label `version`.",
        expression: "destination.canonical_revision.contains(\"canary\") ? \"canary\" : \"stable\"",
        gives: ["canary", "stable", "stable"],
    },
    Recipe {
        title: "Across namespaces or not",
        why: "Shows which traffic a NetworkPolicy between namespaces would affect.",
        expression: "source.namespace == destination.namespace ? \"same-namespace\" : \"cross-namespace\"",
        gives: ["same-namespace", "cross-namespace", "cross-namespace"],
    },
    Recipe {
        title: "Identity in the form of SPIFFE",
        why: "From the pod's ServiceAccount; no certificate was verified.",
        expression: "source.service_account == \"unknown\" ? \"unknown\" : \"spiffe://cluster.local/ns/\" + source.namespace + \"/sa/\" + source.service_account",
        gives: [
            "spiffe://cluster.local/ns/shop-staging/sa/frontend",
            "unknown",
            "spiffe://cluster.local/ns/shop-staging/sa/cart",
        ],
    },
    Recipe {
        title: "Product, from the recommended labels",
        why: "A label whose name has dots or slashes is written in brackets.",
        expression: "\"app.kubernetes.io/part-of\" in source.labels ? source.labels[\"app.kubernetes.io/part-of\"] : source.canonical_service",
        gives: ["shop", "unknown", "cart"],
    },
];
