use super::Manifests;
use crate::source::parse::tests::READ;
use crate::source::sample::{keys_of, log_of};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

struct Directory {
    directory: TempDir,
    manifests: Manifests,
}

impl Directory {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let manifests = Manifests::open(directory.path()).unwrap();
        Self { directory, manifests }
    }

    /// One that has been looked at with these files in it.
    fn with(files: &[(&str, &str)]) -> Self {
        let mut directory = Self::new();
        files.iter().for_each(|(file, text)| directory.write(file, text));
        directory.look();
        directory
    }

    fn path(&self, file: &str) -> PathBuf {
        self.directory.path().join(file)
    }

    fn write(&self, file: &str, text: impl AsRef<[u8]>) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn look(&mut self) -> Vec<String> {
        keys_of(&self.manifests.look())
    }

    /// What changed, and the log lines meanwhile with the directory cut from them.
    fn look_and_log(&mut self) -> (Vec<String>, Vec<String>) {
        let (batch, lines) = log_of(|| self.manifests.look());
        let root = format!("{}/", self.directory.path().display());
        (keys_of(&batch), lines.iter().map(|line| line.replace(&root, "")).collect())
    }
}

fn node(name: &str) -> String {
    format!("apiVersion: v1\nkind: Node\nmetadata:\n  name: {name}\n")
}

fn addressed(name: &str, address: &str) -> String {
    format!("{}status: {{addresses: [{{type: InternalIP, address: {address}}}]}}\n", node(name))
}

fn documents(parts: &[&str]) -> String {
    parts.join("---\n")
}

const BROKEN: &str = "apiVersion: v1\nkind: [\n";
const IGNORED: &str = "this document is ignored, its previous definitions stay";

#[test]
fn existing_objects_are_sent_and_then_that_these_were_all() {
    let mut directory = Directory::new();
    directory.write("a.yaml", documents(&[&node("a"), &node("b")]));
    directory.write("deep/er/c.yml", node("c"));
    directory.write("d.json", r#"{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "d"}}"#);
    for ignored in ["e.txt", ".f.yaml", "g.yaml.swp", "..2024/h.yaml", ".git/i.yaml"] {
        directory.write(ignored, node(ignored));
    }
    assert_eq!(directory.look(), ["+Node a", "+Node b", "+Node c", "+Node d", "synced"]);
    assert_eq!(directory.look(), [""; 0]);
}

#[test]
fn a_missing_directory_is_named_with_the_remedy() {
    let error = Manifests::open(Path::new("/nonexistent/m")).unwrap_err().to_string();
    let expected = "manifests directory /nonexistent/m: No such file or directory (os error 2); \
                    create it, or name another with --manifests";
    assert_eq!(error, expected);
}

#[test]
fn an_edit_reports_only_what_it_changed() {
    let mut directory = Directory::with(&[("a.yaml", &documents(&[&node("a"), &node("b"), &node("c")]))]);
    directory.write("a.yaml", documents(&[&node("a"), &addressed("b", "10.9.0.1"), &node("d")]));
    assert_eq!(directory.look(), ["-Node c", "+Node b", "+Node d"]);
    fs::remove_file(directory.path("a.yaml")).unwrap();
    assert_eq!(directory.look(), ["-Node a", "-Node b", "-Node d"]);
}

#[test]
fn an_object_may_move_to_another_file_unnoticed() {
    let mut directory = Directory::with(&[("a.yaml", &node("a"))]);
    fs::rename(directory.path("a.yaml"), directory.path("z.yaml")).unwrap();
    assert_eq!(directory.look(), [""; 0]);
}

#[test]
fn a_swap_of_links_as_kubelet_does_it_is_one_edit() {
    let mut directory = Directory::new();
    directory.write("..1/a.yaml", node("a"));
    directory.write("..1/b.yaml", node("b"));
    symlink("..1", directory.path("..data")).unwrap();
    for file in ["a.yaml", "b.yaml"] {
        symlink(format!("..data/{file}"), directory.path(file)).unwrap();
    }
    assert_eq!(directory.look(), ["+Node a", "+Node b", "synced"]);
    directory.write("..2/a.yaml", addressed("a", "10.9.0.1"));
    directory.write("..2/b.yaml", node("c"));
    symlink("..2", directory.path("..data_tmp")).unwrap();
    fs::rename(directory.path("..data_tmp"), directory.path("..data")).unwrap();
    assert_eq!(directory.look(), ["-Node b", "+Node a", "+Node c"]);
}

#[test]
fn links_in_a_circle_come_to_an_end() {
    let mut directory = Directory::new();
    directory.write("deep/a.yaml", node("a"));
    symlink("..", directory.path("deep/up")).unwrap();
    symlink("nowhere.yaml", directory.path("dangling.yaml")).unwrap();
    let (events, lines) = directory.look_and_log();
    assert_eq!(events, ["+Node a", "synced"]);
    assert_eq!(lines.iter().filter(|line| line.contains("ERROR")).count(), 0, "{lines:?}");
}

#[test]
fn a_broken_document_is_named_once_and_its_neighbours_serve() {
    let mut directory = Directory::new();
    directory.write("a.yaml", documents(&[&node("a"), BROKEN, &node("b")]));
    let (events, lines) = directory.look_and_log();
    assert_eq!(events, ["+Node a", "+Node b", "synced"]);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("ERROR a.yaml:7: ") && lines[0].ends_with(IGNORED), "{lines:?}");
    directory.write("a.yaml", documents(&[&node("a"), BROKEN, &addressed("b", "10.9.0.1")]));
    assert_eq!(directory.look_and_log(), (vec!["+Node b".to_owned()], vec![]));
}

#[test]
fn what_a_document_defined_stays_while_it_is_broken() {
    let mut directory = Directory::with(&[("a.yaml", &documents(&[&node("a"), &node("b"), &node("c")]))]);
    directory.write("a.yaml", documents(&[&node("a"), BROKEN, &node("c")]));
    assert_eq!(directory.look(), [""; 0]);
    // Its neighbour goes meanwhile, and it is broken in another way.
    directory.write("a.yaml", documents(&[BROKEN, &node("c")]));
    assert_eq!(directory.look(), ["-Node a"]);
    directory.write("a.yaml", documents(&["kind: {\n", &node("c")]));
    assert_eq!(directory.look(), [""; 0]);
    // Mended.
    directory.write("a.yaml", documents(&[&addressed("b", "10.9.0.1"), &node("c")]));
    assert_eq!(directory.look(), ["+Node b"]);
}

#[test]
fn what_a_broken_document_defined_goes_with_it() {
    let mut directory = Directory::with(&[("a.yaml", &documents(&[&node("a"), &node("b")]))]);
    directory.write("a.yaml", documents(&[&node("a"), BROKEN]));
    assert_eq!(directory.look(), [""; 0]);
    directory.write("a.yaml", node("a"));
    assert_eq!(directory.look(), ["-Node b"]);
}

#[test]
fn of_two_broken_documents_each_keeps_what_it_may_have_defined() {
    let mut directory = Directory::with(&[("a.yaml", &documents(&[&node("a"), &node("b")]))]);
    directory.write("a.yaml", documents(&[BROKEN, "kind: {\n"]));
    assert_eq!(directory.look(), [""; 0]);
    directory.write("a.yaml", documents(&[&node("a"), "kind: {\n"]));
    assert_eq!(directory.look(), [""; 0]);
    directory.write("a.yaml", documents(&[&node("a"), &node("b")]));
    assert_eq!(directory.look(), [""; 0]);
}

#[test]
fn a_file_that_was_caught_half_written_loses_nothing() {
    let whole = documents(&[&node("a"), &node("b"), &node("c")]);
    let mut directory = Directory::with(&[("a.yaml", &whole)]);
    directory.write("a.yaml", &whole[..whole.find("kind: Node").unwrap() + 3]);
    assert_eq!(directory.look(), [""; 0]);
    directory.write("a.yaml", &whole);
    assert_eq!(directory.look(), [""; 0]);
}

#[test]
fn what_parses_elsewhere_goes_over_what_is_kept() {
    let mut directory = Directory::with(&[("b.yaml", &node("a"))]);
    directory.write("b.yaml", BROKEN);
    directory.write("a.yaml", addressed("a", "10.9.0.1"));
    assert_eq!(directory.look(), ["+Node a"]);
}

#[test]
fn what_a_file_defined_stays_while_it_cannot_be_read() {
    let mut directory = Directory::with(&[("a.yaml", &node("a")), ("b.yaml", &node("b"))]);
    directory.write("a.yaml", b"\xff\xfe");
    let (events, lines) = directory.look_and_log();
    assert_eq!(events, [""; 0]);
    let expected = "ERROR a.yaml: stream did not contain valid UTF-8: its previous definitions stay";
    assert_eq!(lines, [expected]);
    assert_eq!(directory.look_and_log(), (vec![], vec![]));
    directory.write("a.yaml", node("c"));
    assert_eq!(directory.look(), ["-Node a", "+Node c"]);
}

#[test]
fn when_the_directory_goes_everything_stays() {
    let directory = Directory::with(&[("m/a.yaml", &node("a"))]);
    let mut manifests = Manifests::open(&directory.path("m")).unwrap();
    assert_eq!(keys_of(&manifests.look()), ["+Node a", "synced"]);
    fs::rename(directory.path("m"), directory.path("away")).unwrap();
    let (batch, lines) = log_of(|| manifests.look());
    assert_eq!((keys_of(&batch), lines.len()), (vec![], 1), "{lines:?}");
    assert_eq!(log_of(|| keys_of(&manifests.look())), (vec![], vec![]));
    fs::rename(directory.path("away"), directory.path("m")).unwrap();
    directory.write("m/b.yaml", node("b"));
    assert_eq!(keys_of(&manifests.look()), ["+Node b"]);
}

#[test]
fn of_two_documents_for_one_object_the_later_is_used_with_one_warning() {
    let mut directory = Directory::new();
    directory.write("b.yaml", addressed("a", "10.9.0.2"));
    directory.write("a.yaml", addressed("a", "10.9.0.1"));
    let (events, lines) = directory.look_and_log();
    assert_eq!(events, ["+Node a", "synced"]);
    assert_eq!(lines, ["WARN Node a is defined several times: the last one counts, in b.yaml"]);
    directory.write("a.yaml", addressed("a", "10.9.0.3"));
    assert_eq!(directory.look_and_log(), (vec![], vec![]));
    // The later one goes, and the earlier one counts.
    fs::remove_file(directory.path("b.yaml")).unwrap();
    assert_eq!(directory.look(), ["+Node a"]);
    directory.write("a.yaml", documents(&[&addressed("a", "10.9.0.4"), &addressed("a", "10.9.0.3")]));
    let (events, lines) = directory.look_and_log();
    assert_eq!(events, [""; 0]);
    assert_eq!(lines, ["WARN Node a is defined several times: the last one counts, in a.yaml"]);
}

#[test]
fn forty_thousand_broken_documents_are_read_once_and_reported_in_a_few_lines() {
    let mut directory = Directory::with(&[("a.yaml", &node("a"))]);
    let text = "kind: [\n---\n".repeat(40_000);
    directory.write("a.yaml", &text);
    let before = READ.get();
    let (events, lines) = directory.look_and_log();
    let read = READ.get() - before;
    assert!(read <= text.len(), "{read} bytes were parsed of a file of {}", text.len());
    assert_eq!(events, [""; 0]);
    assert_eq!(lines.len(), 11);
    assert!(lines[9].starts_with("ERROR a.yaml:19: "), "{lines:?}");
    assert_eq!(
        lines[10],
        "ERROR a.yaml: and 39990 more documents that do not parse: they are ignored, their previous definitions stay"
    );
    // What the file defined before stays until it is mended, and is kept once, not once for each of them.
    directory.write("a.yaml", format!("{text}kind: {{\n"));
    assert_eq!(directory.look(), [""; 0]);
    directory.write("a.yaml", node("b"));
    assert_eq!(directory.look(), ["-Node a", "+Node b"]);
}

#[test]
fn a_directory_past_the_bytes_that_all_manifests_may_have_keeps_what_it_defined() {
    let mut directory = Directory::with(&[("a.yaml", &node("a")), ("b.yaml", &node("b"))]);
    directory.write("b.yaml", format!("{}# {}", addressed("b", "10.9.0.1"), "x".repeat(64 << 20)));
    directory.write("c.yaml", node("c"));
    let (events, lines) = directory.look_and_log();
    assert_eq!(events, ["+Node c"]);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("ERROR b.yaml: 671"), "{lines:?}");
    assert!(
        lines[0].ends_with(
            "and the manifests before it have 46: 67108864 are the most that all of a directory may have: its previous \
             definitions stay"
        ),
        "{lines:?}"
    );
}
