use super::*;

#[test]
fn a_directory_elsewhere_is_refused_with_the_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let pins = directory.path().join("pins");
    let refused = Pins::lock(&pins).unwrap_err().to_string();
    assert!(refused.contains("mount -t bpf bpf /sys/fs/bpf"), "{refused}");
    assert!(!pins.exists(), "it was made all the same");
}
