use super::*;

const UUID: &str = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
const STATIC: &str = "0123456789abcdef0123456789abcdef";

fn check(path: &str, expected: &Named) {
    let names: Vec<&str> = path.split('/').collect();
    assert_eq!(&Named::of(&KubeletCgroups::default(), &names), expected, "{path}");
}

#[test]
fn a_uid_of_kubernetes_shape_is_a_pods_and_another_needs_a_pod_of_that_uid() {
    check(&format!("kubepods/besteffort/pod{UUID}/4d1a"), &Named::Pod(UUID.into()));
    check(&format!("kubepods/burstable/pod{STATIC}/4d1a"), &Named::Pod(STATIC.into()));
    check("kubepods/podweb-1/x", &Named::Perhaps("web-1".into()));
    check("kubepods/pod--------------------------------------", &Named::Perhaps("-".repeat(38).into()));
    check(&format!("kubepods/pod{}", "-".repeat(36)), &Named::Perhaps("-".repeat(36).into()));
    check(&format!("user.slice/pod{UUID}"), &Named::NoPod);
}

/// Its namespace would say that it is whose inode it has: perhaps that of a pod of this node which has just ended.
#[test]
fn a_pod_of_another_kubelet_in_the_same_tree_is_no_process_of_this_node() {
    for path in ["nodes/n2/kubepods/besteffort", "user.slice/user-1000.slice/user@1000.service/kubepods"] {
        check(&format!("{path}/pod{UUID}/4d1a"), &Named::Outside);
        check(&format!("{path}/4d1a"), &Named::NoPod);
    }
}

#[test]
fn the_wait_for_a_cgroups_pod_is_one_for_all_its_connections() {
    let mut cgroups = Cgroups::new();
    assert_eq!(cgroups.named(5), None);
    assert_eq!(cgroups.wanted_since(5, 10), 10);
    cgroups.name(5, Named::Pod(UUID.into()));
    assert_eq!(cgroups.wanted_since(5, 20), 20);
    assert_eq!(cgroups.wanted_since(5, 30), 20);
    cgroups.name(5, Named::Pod(UUID.into()));
    assert_eq!(cgroups.wanted_since(5, 40), 20, "the kernel named it again");
    cgroups.name(5, Named::Pod(STATIC.into()));
    assert_eq!(cgroups.wanted_since(5, 50), 50);
}
