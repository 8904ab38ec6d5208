//! The cluster itself: what the other tests take for granted.

use anyhow::Result;
use longwire_e2e::kubernetes::Kubernetes;

#[test]
fn both_nodes_are_ready() -> Result<()> {
    let kubernetes = Kubernetes::shared()?;
    eprintln!("brought up in {:.1} s", kubernetes.brought_up_in.as_secs_f64());
    let names = kubernetes.kubectl(&["get", "nodes", "-o", "name"])?;
    assert_eq!(names, "node/n1\nnode/n2\n");
    Ok(())
}
