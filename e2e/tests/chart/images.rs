//! The images: the same bytes for the same program, and their labels.

use anyhow::{Context, Result};
use longwire_kubernetes::images;
use longwire_testkit::{binaries, command, confirm, janitor};
use serde_json::Value;
use std::fs;
use std::time::SystemTime;

const PROGRAMS: [(&str, &str); 2] = [("longwire-operator", "65532:65532"), ("longwire-probe", "0:0")];

#[test]
fn an_image_has_the_same_bytes_whenever_it_is_made() -> Result<()> {
    let directory = janitor::temporary_directory("images")?;
    let program = binaries::find("longwire-probe")?;
    let made = ["one.tar", "two.tar"].map(|name| directory.path().join(name));
    let first = images::archive(&program, &made[0], "example.org/longwire-probe:1")?;
    // Both times are in one second, the resolution.
    let (now, later) = (SystemTime::now(), std::time::Duration::from_millis(1100));
    longwire_testkit::wait::eventually(2 * later, || confirm!(now.elapsed()? >= later, "the same second"))?;
    assert_eq!(images::archive(&program, &made[1], "example.org/longwire-probe:1")?, first);
    confirm!(fs::read(&made[0])? == fs::read(&made[1])?, "they differ")
}

#[test]
fn an_image_has_its_labels_and_runs_as_the_right_user() -> Result<()> {
    let directory = janitor::temporary_directory("images")?;
    for (name, user) in PROGRAMS {
        let (program, archive) = (binaries::find(name)?, directory.path().join("image.tar"));
        images::archive(&program, &archive, &format!("example.org/{name}:1"))?;
        let path = archive.to_str().context("a path that is no text")?;
        let image: Value = serde_json::from_str(&command::run("tar", &["-xOf", path, "config.json"])?)?;
        let config = &image["config"];
        assert_eq!(
            (config["User"].as_str(), &config["Entrypoint"][0]),
            (Some(user), &format!("/usr/bin/{name}").into())
        );
        let label = |label: &str| config["Labels"][format!("org.opencontainers.image.{label}")].as_str();
        assert_eq!((label("title"), label("version")), (Some(name), Some(env!("CARGO_PKG_VERSION"))));
        assert_eq!(label("licenses"), Some("Apache-2.0"));
        // `longwire-probe 0.1.0 (commit 0123abc, build 2026-01-31T12:00:00Z)`
        let said = command::run(program.to_str().context("a path that is no text")?, &["--version"])?;
        let revision = said.split("commit ").nth(1).and_then(|rest| rest.split(',').next());
        assert_eq!(label("revision"), revision.filter(|revision| *revision != "unknown"), "{said}");
    }
    Ok(())
}
