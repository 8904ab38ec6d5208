use super::*;

#[test]
fn a_kernel_before_5_15_is_named_with_the_remedy() {
    for release in ["5.15.0", "5.15.152-generic", "6.18.44-fc-v657", "10.0"] {
        assert_eq!(check_release(release), Ok(()), "{release}");
    }
    for release in ["5.14.21", "4.19.0-26-amd64", "nonsense", ""] {
        assert_eq!(check_release(release), Err(MissingRequirement::Kernel(release.to_owned())));
    }
    let message = check_release("5.4.0").unwrap_err().to_string();
    assert_eq!(
        message,
        "kernel 5.4.0 is too old: Longwire needs Linux 5.15 or newer, for iterators over the files of processes and cgroup ids of sockets"
    );
}

#[test]
fn each_missing_capability_is_named() {
    let with = |set: u64| check_capabilities(&format!("Name:\tx\nCapEff:\t{set:016x}\n"));
    let (bpf, perfmon, net, sys) = (1 << BPF, 1 << PERFMON, 1 << NET_ADMIN, 1 << SYS_ADMIN);
    assert_eq!(with(bpf | perfmon | net), Ok(()));
    assert_eq!(with(sys | net), Ok(()));
    assert_eq!(with(bpf | net), Err(MissingRequirement::Capabilities(vec!["CAP_PERFMON"])));
    assert_eq!(
        with(0).unwrap_err().to_string(),
        "missing CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN: add them to the container's securityContext.capabilities.add, or run as root"
    );
}

#[test]
fn a_kernel_without_type_information_is_told_from_one_with() {
    assert_eq!(check_btf(Path::new(BTF)), Ok(()));
    let missing = check_btf(Path::new("/nowhere/btf")).unwrap_err().to_string();
    assert!(missing.starts_with("this kernel has no type information at /nowhere/btf"), "{missing}");
    assert_eq!(check_btf(Path::new("/dev/null")), Err(MissingRequirement::Btf("/dev/null".to_owned())));
}
