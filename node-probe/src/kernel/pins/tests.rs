use super::*;

#[test]
fn a_path_is_in_a_bpf_filesystem_when_the_innermost_mount_is_one() {
    let check = |mounts: &str, path: &str| is_bpf(mounts, Path::new(path));
    let mounts = "overlay / overlay rw 0 0\nsysfs /sys sysfs rw 0 0\nbpf /sys/fs/bpf bpf rw 0 0\n";
    assert!(check(mounts, "/sys/fs/bpf/longwire"));
    assert!(check(mounts, "/sys/fs/bpf"));
    assert!(!check(mounts, "/sys/fs/bpfilter"));
    assert!(!check(mounts, "/var/lib/longwire"));
    let covered = format!("{mounts}tmpfs /sys/fs/bpf tmpfs rw 0 0\n");
    assert!(!check(&covered, "/sys/fs/bpf/longwire"));
}

#[test]
fn a_directory_elsewhere_is_refused_with_the_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let pins = directory.path().join("pins");
    let refused = Pins::lock(&pins).unwrap_err().to_string();
    assert!(refused.contains("mount -t bpf bpf /sys/fs/bpf"), "{refused}");
    assert!(!pins.exists(), "it was made all the same");
}
