//! Kiali's graph of the steady traffic: each edge once, with the right rate and names.

use longwire_dashboards::kiali::Traffic;
use longwire_kubernetes::{
    asked::Given, asked::Oracle, kiali, kiali::Edges, kiali::GraphType, kiali::Name, kiali::Node, kiali::View,
    kiali::deployed::Kiali, steady::Named,
};
use longwire_testkit::{Book, Counts, Labels};
use std::collections::BTreeSet;

/// Name of the cluster under test.
const CLUSTER: &str = "Kubernetes";
/// Window of Kiali's queries, seconds.
const WINDOW: f64 = 60.0;
/// Most relative error of a rate.
const WITHIN: f64 = 0.1;

/// Adds errors of all graphs to `wrong`, as a real Kiali draws them and by our rules.
pub(crate) fn check(given: &Given<'_>, truth: &Oracle<'_>, real: &Kiali<'_>, wrong: &mut Vec<String>) {
    let mut drawn = 0;
    for graph in GraphType::ALL {
        for with_services in [false, true] {
            for traffic in [Traffic::Sent, Traffic::Received, Traffic::Total] {
                let view = View { graph, with_services: with_services || graph == GraphType::Service, traffic };
                let expected = expected(view, truth, given.namespace);
                match kiali::draw(given.prometheus, given.namespace, view, given.moment) {
                    Ok(graph) => {
                        wrong.extend(compare("by the rules", view, &graph.edges(), &expected));
                        let refused = graph.refused.iter();
                        wrong.extend(refused.map(|refused| format!("Kiali, {view:?} leaves out {refused}")));
                    }
                    Err(error) => wrong.push(format!("by Kiali's rules, {view:?}: {error:#}")),
                }
                match real.draw(given.namespace, view, given.moment) {
                    Ok(edges) => wrong.extend(compare("itself", view, &edges, &expected)),
                    Err(error) => wrong.push(format!("Kiali itself, {view:?}: {error:#}")),
                }
                drawn += expected.len();
            }
        }
    }
    println!("Kiali: {drawn} edges, by its rules and itself");
}

fn compare(who: &str, view: View, edges: &Edges, expected: &Edges) -> Vec<String> {
    let all: BTreeSet<_> = edges.keys().chain(expected.keys()).collect();
    let is_off = |edge: &&&(Node, Node)| {
        let [found, due] = [edges, expected].map(|edges| edges.get(**edge).copied().unwrap_or_default());
        (found - due).abs() > WITHIN * due
    };
    let off = all.iter().filter(is_off).map(|edge| {
        let [found, due] = [edges, expected].map(|edges| edges.get(*edge).copied());
        format!("Kiali {who}, {view:?}: {edge:?} at {found:?}, not {due:?}")
    });
    off.collect()
}

fn expected(view: View, truth: &Oracle<'_>, namespace: &str) -> Edges {
    // A failed connect has no bytes and no edge.
    let books: Vec<Book<Named>> =
        truth.ledger.books().into_iter().filter(|book| !book.edge.labels.contains_key("reason")).collect();
    let mut called: BTreeSet<&str> = books.iter().map(|book| of(book, "destination_workload")).collect();
    called.remove("unknown");
    let mut edges = Edges::new();
    for book in &books {
        let rate = (bytes(view, book.at(truth.moment)) - bytes(view, book.at(truth.moment - WINDOW))) / WINDOW;
        let [client, server] =
            ["source", "destination"].map(|side| end(view.graph, &book.edge.labels, side, namespace));
        let service = service(&book.edge.labels, namespace);
        let pairs = match view.graph {
            GraphType::Service if called.contains(of(book, "source_workload")) => {
                let caller = Name::new(CLUSTER, namespace, of(book, "source_canonical_service"));
                vec![(Node::Service(caller), service)]
            }
            GraphType::Service => vec![(client, service)],
            _ if view.with_services && !server.is_service() => vec![(client, service.clone()), (service, server)],
            _ => vec![(client, server)],
        };
        for pair in pairs {
            *edges.entry(pair).or_default() += rate;
        }
    }
    edges
}

fn of<'a>(book: &'a Book<Named>, label: &str) -> &'a str {
    &book.edge.labels[label]
}

#[expect(clippy::cast_precision_loss, reason = "what a test counts stays below 2^53")]
fn bytes(view: View, counts: Counts) -> f64 {
    let bytes = match view.traffic {
        Traffic::Sent => counts.truth.to_server,
        Traffic::Received => counts.truth.to_client,
        Traffic::Total => counts.truth.to_server + counts.truth.to_client,
    };
    bytes as f64
}

fn end(graph: GraphType, labels: &Labels, side: &str, namespace: &str) -> Node {
    let label = |name: &str| labels[&format!("{side}_{name}")].clone();
    let named = |name: &str| Name::new(CLUSTER, namespace, name);
    match (label("workload").as_str(), graph) {
        ("unknown", _) if side == "source" => Node::Unknown { cluster: "unknown".to_owned() },
        ("unknown", _) => service(labels, namespace),
        (_, GraphType::App) => Node::App(named(&label("canonical_service"))),
        (workload, GraphType::VersionedApp) => Node::App(named(workload)),
        (workload, _) => Node::Workload(named(workload)),
    }
}

fn service(labels: &Labels, namespace: &str) -> Node {
    match labels["destination_service_name"].as_str() {
        name @ "PassthroughCluster" => Node::Service(Name::new("unknown", "unknown", name)),
        name => Node::Service(Name::new(CLUSTER, namespace, name)),
    }
}
