use super::*;
use rstest::rstest;

const UID: &str = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
const INNER: &str = "aaaaaaaa-4b5a-6978-8796-a5b4c3d2e1f0";

/// `UID` and `INNER` stand for a UID, `UID_` and `INNER_` for it as systemd's driver writes it.
fn path(text: &str) -> String {
    let inner = text.replace("INNER_", &INNER.replace('-', "_")).replace("INNER", INNER);
    inner.replace("UID_", &UID.replace('-', "_")).replace("UID", UID)
}

fn uid(cgroups: &KubeletCgroups, text: &str) -> Option<String> {
    cgroups.pod_uid(&components(&path(text)))
}

#[rstest]
#[case::best_effort("kubepods/besteffort/podUID/4d1a")]
#[case::burstable("kubepods/burstable/podUID")]
#[case::guaranteed("kubepods/podUID/4d1a")]
#[case::systemd("kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podUID_.slice/cri-containerd-4d1a.scope")]
#[case::systemd_guaranteed("kubepods.slice/kubepods-podUID_.slice/x.scope")]
#[case::kind("kubelet/kubepods/besteffort/podUID/4d1a")]
#[case::kind_systemd(
    "kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-podUID_.slice/x.scope"
)]
#[case::a_kubelet_in_a_pod("kubepods/podUID/4d1a/kubelet/kubepods/besteffort/podINNER/77")]
#[case::a_kubelet_in_a_pod_with_systemd(
    "kubepods.slice/kubepods-podUID_.slice/x.scope/kubepods.slice/kubepods-podINNER_.slice/y.scope"
)]
#[case::docker_in_a_pod("kubepods/burstable/podUID/4d1a/docker/77")]
#[case::nested_by_the_pod("kubepods/burstable/podUID/4d1a/a/b/c/podINNER")]
fn a_cgroup_in_the_kubelets_layout_is_of_the_outermost_pod(#[case] at: &str) {
    assert_eq!(uid(&KubeletCgroups::default(), at), Some(UID.to_owned()));
}

#[rstest]
#[case::of_a_users_session("user.slice/user-1000.slice/user@1000.service/podUID")]
#[case::of_a_users_session_in_the_layout("user.slice/user-1000.slice/user@1000.service/kubepods/podUID/4d1a")]
#[case::at_the_top("podUID")]
#[case::of_a_service("system.slice/podUID/4d1a")]
#[case::another_slice("system.slice/my-podUID_.slice")]
#[case::a_slice_of_another_class("kubepods.slice/kubepods-burstable.slice/kubepods-besteffort-podUID_.slice")]
#[case::a_slice_without_its_parent("kubepods-burstable-podUID_.slice/x.scope")]
#[case::beside_the_layout("kubepods/system/podUID")]
#[case::in_place_of_a_class("kubepods/burstable/burstable/podUID")]
#[case::of_nobody("kubepods/burstable/pod")]
#[case::not_a_uid("kubepods/burstable/pod a/é")]
#[case::the_layout_itself("kubepods")]
#[case::the_root("")]
fn a_name_anywhere_else_says_nothing(#[case] at: &str) {
    assert_eq!(uid(&KubeletCgroups::default(), at), None);
}

#[test]
fn a_root_that_is_given_takes_the_place_of_the_usual_ones() {
    let cgroups = KubeletCgroups::below("/nodes/n-1").unwrap();
    assert_eq!(cgroups.to_string(), "/nodes/n-1, /nodes.slice/nodes-n_1.slice");
    assert_eq!(uid(&cgroups, "nodes/n-1/kubepods/besteffort/podUID/4d1a"), Some(UID.to_owned()));
    let slices = "nodes.slice/nodes-n_1.slice/nodes-n_1-kubepods.slice/nodes-n_1-kubepods-podUID_.slice/x.scope";
    assert_eq!(uid(&cgroups, slices), Some(UID.to_owned()));
    for elsewhere in ["kubepods/podUID/x", "nodes/n-2/kubepods/podUID/x", "nodes/kubepods/podUID/x"] {
        assert_eq!(uid(&cgroups, elsewhere), None, "{elsewhere}");
    }
}

#[test]
fn a_root_below_which_no_cgroup_can_be_identified_is_refused() {
    assert!(KubeletCgroups::below("/a/b/c/d/e").is_ok());
    let error = KubeletCgroups::below("/a/b/c/d/e/f").unwrap_err().to_string();
    assert_eq!(
        error,
        "\"/a/b/c/d/e/f\" is 6 directories deep, and pods' cgroups are looked for below 5 at most: mount the node's cgroup \
         tree deeper and name the mount with --cgroup-root"
    );
}

#[test]
fn a_tree_without_pods_below_the_root_reports_where_some_are() {
    let survey = |paths: &[&str]| {
        let paths: Vec<String> = paths.iter().map(|text| path(text)).collect();
        KubeletCgroups::default().survey(paths.iter().map(String::as_str))
    };
    assert_eq!(survey(&["kubepods/podUID", "kubepods/podUID/4d1a", "x/kubepods/podINNER"]), (2, None));
    assert_eq!(survey(&["", "system.slice", "docker/4d1a/kubepods/podUID/x"]), (0, Some("/docker/4d1a".to_owned())));
    let slices = "a.slice/a-kubepods.slice/a-kubepods-podUID_.slice";
    assert_eq!(survey(&[slices]), (0, Some("/a.slice".to_owned())));
    assert_eq!(survey(&["system.slice/kubelet.service"]), (0, None));
}

#[test]
fn the_paths_of_a_pod_are_those_that_say_its_uid() {
    let cgroups = KubeletCgroups::default();
    let paths: Vec<String> = cgroups.paths(UID).collect();
    assert!(paths.iter().all(|path| cgroups.pod_uid(&components(path)) == Some(UID.to_owned())), "{paths:?}");
    let ends = [
        "kubepods/burstable/podUID",
        "kubepods.slice/kubepods-podUID_.slice",
        "kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-podUID_.slice",
    ];
    assert!(ends.iter().all(|end| paths.contains(&path(end))), "{paths:?}");
}
