use super::quoted;
use std::path::Path;

#[test]
fn a_shell_reads_a_path_as_it_is() {
    for path in ["/root/.cache/longwire/cluster/run/bin", "/home/a b/it's; rm \"$HOME\"/`x`"] {
        let said =
            longwire_testkit::command::run("sh", &["-c", &format!("printf %s {}", quoted(Path::new(path)))]).unwrap();
        assert_eq!(said, path);
    }
}
