use super::*;

const UUID: &str = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
const STATIC: &str = "0123456789abcdef0123456789abcdef";

fn check(path: &str, expected: &Named) {
    assert_eq!(&Named::of(path.rsplit('/')), expected, "{path}");
}

#[test]
fn the_names_of_both_cgroup_drivers_tell_the_pod() {
    let pod = Named::Pod(UUID.into());
    check(&format!("kubepods/besteffort/pod{UUID}/4d1a"), &pod);
    check(&format!("kubepods/pod{UUID}"), &pod);
    let slice = format!("kubepods-burstable-pod{}.slice", UUID.replace('-', "_"));
    check(&format!("kubepods.slice/kubepods-burstable.slice/{slice}/cri-containerd-4d1a.scope"), &pod);
    check(&format!("kubelet.slice/kubelet-{slice}/crio-4d1a.scope/init"), &pod);
    check(&format!("kubepods.slice/kubepods-pod{}.slice/x.scope", UUID.replace('-', "_")), &pod);
    check(&format!("kubepods/burstable/pod{STATIC}/4d1a"), &Named::Pod(STATIC.into()));
}

#[test]
fn a_pod_within_a_pod_is_the_inner_one() {
    let inner = "aaaaaaaa-4b5a-6978-8796-a5b4c3d2e1f0";
    check(&format!("kubepods/pod{UUID}/4d1a/kubelet/kubepods/pod{inner}/77"), &Named::Pod(inner.into()));
    check(&format!("kubepods/pod{UUID}/4d1a/podman"), &Named::Pod(UUID.into()));
}

#[test]
fn a_name_that_only_looks_like_a_pod_needs_a_pod_of_that_uid() {
    check("demo/pod-a1/x", &Named::Perhaps("-a1".into()));
    check("kubepods/podweb-1/x", &Named::Perhaps("web-1".into()));
    check("machine.slice/podman", &Named::Perhaps("man".into()));
    check("kubepods/pod--------------------------------------", &Named::Perhaps("-".repeat(38).into()));
    check(&format!("kubepods/pod{}", "-".repeat(36)), &Named::Perhaps("-".repeat(36).into()));
}

#[test]
fn other_names_are_no_pod() {
    for path in ["", "system.slice/kubelet.service", "kubepods", "kubepods/pod", "kubepods.slice", "x/pod a/é"] {
        check(path, &Named::NoPod);
    }
    check(&format!("system.slice/my-pod{}.slice", UUID.replace('-', "_")), &Named::NoPod);
    check(&format!("podé{UUID}"), &Named::NoPod);
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
