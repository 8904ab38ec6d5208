//! Edits of the directory while it is served.

use crate::harness::{Running, pod};
use std::fs;
use std::os::unix::fs::symlink;

#[tokio::test]
async fn an_edit_is_live() {
    let operator = Running::with(&[("a.yaml", &pod("web", "a", "10.0.0.1"))]).await;
    let mut probe = operator.probe("n1").await;
    probe.query(&["10.0.0.1", "10.0.0.2"]).await;
    let (first, second) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
    probe.until(|known| known.owners(first) == "a owns" && known.owners(second) == "outside").await;
    // A new file, in a new directory.
    fs::create_dir(operator.path("deep")).unwrap();
    fs::write(operator.path("deep/b.yaml"), pod("web", "b", "10.0.0.2")).unwrap();
    probe.until(|known| known.pods.contains_key("b") && known.owners(second) == "b owns").await;
    // An edit of one.
    operator.write("a.yaml", pod("shop", "a", "10.0.0.1"));
    probe.until(|known| known.pod("a").starts_with("shop/shop/v1")).await;
    // The end of one.
    fs::remove_file(operator.path("a.yaml")).unwrap();
    probe.until(|known| !known.pods.contains_key("a") && known.owners(first) == "a left").await;
}

#[tokio::test]
async fn a_swap_of_links_as_kubelet_does_it_is_live() {
    let operator = Running::with(&[]).await;
    let mut probe = operator.probe("n1").await;
    let publish = |version: &str, text: &str| {
        let directory = operator.path(&format!("..{version}"));
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("a.yaml"), text).unwrap();
        symlink(format!("..{version}"), operator.path("..data_tmp")).unwrap();
        fs::rename(operator.path("..data_tmp"), operator.path("..data")).unwrap();
    };
    publish("1", &pod("web", "a", "10.0.0.1"));
    symlink("..data/a.yaml", operator.path("a.yaml")).unwrap();
    probe.until(|known| known.pod("a").starts_with("web/")).await;
    publish("2", &pod("other", "a", "10.0.0.1"));
    fs::remove_dir_all(operator.path("..1")).unwrap();
    probe.until(|known| known.pod("a").starts_with("other/")).await;
    assert_eq!(probe.known.pods.len(), 1);
}

#[tokio::test]
async fn a_broken_document_keeps_its_last_good_object_and_its_neighbours_go_on() {
    let (a, b) = (pod("web", "a", "10.0.0.1"), pod("web", "b", "10.0.0.2"));
    let operator = Running::with(&[("all.yaml", &format!("{a}{b}"))]).await;
    let mut probe = operator.probe("n1").await;
    let broken = a.replace("kind: Pod", "kind: [Pod");
    operator.write("all.yaml", format!("{broken}{}", pod("other", "b", "10.0.0.2")));
    probe.until(|known| known.pod("b").starts_with("other/")).await;
    assert_eq!(probe.known.pod("a"), "web/web/v1 [istio,kmesh-connection,longwire,longwire-locality]");
    // Mended in another way, it counts again.
    operator.write("all.yaml", pod("mended", "a", "10.0.0.1"));
    probe.until(|known| known.pod("a").starts_with("mended/") && !known.pods.contains_key("b")).await;
}
