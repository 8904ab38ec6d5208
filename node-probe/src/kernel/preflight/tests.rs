use super::*;

#[test]
fn the_running_kernel_has_all_that_is_used() {
    assert_eq!(check_features(&fs::read(BTF).unwrap(), true), Ok(()));
}

#[test]
fn what_is_missing_is_named_with_what_it_is_for() {
    // The same length, so that all offsets stay.
    let replace = |bytes: &mut Vec<u8>, name: &[u8]| {
        let at = bytes.windows(name.len()).position(|there| there == name).unwrap();
        bytes[at] = b'?';
    };
    let mut bytes = fs::read(BTF).unwrap();
    replace(&mut bytes, b"BPF_FUNC_sock_from_file\0");
    replace(&mut bytes, b"bytes_retrans\0");
    replace(&mut bytes, b"bpf_iter_task_file\0");
    assert_eq!(
        check_features(&bytes, false).unwrap_err().to_string(),
        "this kernel lacks iterator task_file (connections older than the probe), \
         helper bpf_sock_from_file (connections older than the probe), \
         tcp_sock.bytes_retrans (counters of connections), \
         atomic operations that return what was there (shares of pods): run a newer one"
    );
}

#[test]
fn missing_kernel_features_are_distinguished_from_missing_capabilities() {
    assert!(MissingRequirement::Features(Vec::new()).is_of_the_node());
    assert!(!MissingRequirement::Capabilities(Vec::new()).is_of_the_node());
    assert_eq!(check_features(b"no type information", true), Err(MissingRequirement::Btf(BTF.to_owned())));
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
fn a_kernel_without_btf_is_recognized() {
    assert_eq!(check_btf(Path::new(BTF)), Ok(()));
    let missing = check_btf(Path::new("/nowhere/btf")).unwrap_err().to_string();
    assert!(missing.starts_with("this kernel has no type information at /nowhere/btf"), "{missing}");
    assert_eq!(check_btf(Path::new("/dev/null")), Err(MissingRequirement::Btf("/dev/null".to_owned())));
}
