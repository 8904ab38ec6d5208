//! A state that cannot be used or saved: logged once, and the probe continues to count.

use anyhow::{Context, Result, ensure};
use longwire_testkit::{Probe, Scene, Truth, command, confirm, pass, probe};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// A probe has counted and saved, and was killed.
fn after_a_probe() -> Result<Scene> {
    let scene = Scene::new()?;
    expect_ten(&scene, &scene.probe()?)?;
    Ok(scene)
}

/// Ten connections are all that the probe knows of.
fn expect_ten(scene: &Scene, probe: &Probe) -> Result<()> {
    scene.pair.edge.expect(probe, scene.pair.churn(10)?)
}

fn expect_said_once(probe: &Probe, what: &str) -> Result<()> {
    probe.process().await_line(what, PATIENCE)?;
    let said = probe.process().log().iter().filter(|line| line.contains(what)).count();
    confirm!(said == 1, "{what:?} was said {said} times\n{}", probe.process().last_words())
}

/// Counters begin at 0 with one log line that says why, and are exact from then on, also for older connections.
fn expect_anew(Scene { pair, .. }: &Scene, probe: &Probe, why: &str) -> Result<()> {
    expect_said_once(probe, why)?;
    let (near, far) = pair.connect()?;
    pass(&near, &far, 333)?;
    pair.edge.expect(probe, pair.churn(10)? + Truth::open(333, 0))
}

#[test]
fn a_state_of_before_the_machine_was_started_is_not_gone_on_from() -> Result<()> {
    let scene = after_a_probe()?;
    let boot = scene.kept.state().join("boot");
    fs::write(&boot, "00000000-1111-2222-3333-444444444444\n")?;
    let mount = format!("mount --bind {} /proc/sys/kernel/random/boot_id && exec \"$@\"", boot.display());
    let wrapper = ["unshare", "--mount", "sh", "-c", &mount, "sh"];
    let probe = scene.kept.start_on(&scene.machine.node.netns, probe::PORT, &wrapper, &[])?;
    probe.await_ready()?;
    expect_anew(&scene, &probe, "the saved state is from before the machine was started")
}

#[test]
fn a_state_that_was_cut_in_half_is_not_gone_on_from() -> Result<()> {
    let scene = after_a_probe()?;
    let state = scene.kept.state().join("state");
    let whole = fs::read(&state)?;
    fs::write(&state, &whole[..whole.len() / 2])?;
    expect_anew(&scene, &scene.probe()?, "it is damaged")
}

#[test]
fn a_pipe_in_the_states_place_hangs_nothing_and_is_replaced() -> Result<()> {
    let scene = after_a_probe()?;
    let (directory, state) = (scene.kept.state(), scene.kept.state().join("state"));
    fs::remove_file(&state)?;
    command::run("mkfifo", &[state.to_str().context("path")?])?;
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o755))?;
    let probe = scene.probe()?;
    expect_anew(&scene, &probe, "it is a named pipe, not a regular file")?;
    let lost = probe.scrape()?.lost_at_restart("states");
    let mode = |path: &Path| anyhow::Ok(fs::symlink_metadata(path)?.mode());
    // A regular file of root.
    assert_eq!((lost, mode(&state)?, mode(&directory)? & 0o7777), (1, 0o100_600, 0o700));
    Ok(())
}

#[test]
fn pins_without_a_state_and_a_state_without_pins_are_not_gone_on_from() -> Result<()> {
    let scene = after_a_probe()?;
    fs::remove_file(scene.kept.state().join("state"))?;
    expect_anew(&scene, &scene.probe()?, "there are pins of an earlier probe, but no saved state for them")?;
    for entry in fs::read_dir(scene.kept.layout()?)?.flatten() {
        fs::remove_file(entry.path())?;
    }
    fs::remove_dir(scene.kept.layout()?)?;
    expect_anew(&scene, &scene.probe()?, "there is a saved state, but its pins are gone")
}

/// It counts without saving, logs this once, and takes nothing back after a restart: it begins at 0.
fn expect_to_count_without_saving(hinder: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let scene = Scene::new()?;
    let probe = scene.probe()?;
    let mut truth = scene.pair.churn(10)?;
    scene.pair.edge.expect(&probe, truth)?;
    drop(probe);
    // A filesystem over the state's directory, with the last state in it. It ends with the test's directory.
    let (directory, saved) = (scene.kept.state(), fs::read(scene.kept.state().join("state"))?);
    command::run("mount", &["-t", "tmpfs", "-o", "size=4m", "none", directory.to_str().context("path")?])?;
    fs::write(directory.join("state"), saved)?;
    hinder(&directory)?;
    let probe = scene.probe()?;
    truth += scene.pair.churn(10)?;
    scene.pair.edge.expect(&probe, truth)?;
    let line = "the state cannot be saved";
    probe.process().await_line(line, PATIENCE)?;
    truth += scene.pair.churn(10)?;
    scene.pair.edge.expect(&probe, truth)?;
    expect_said_once(&probe, line)?;
    let failed = probe.scrape()?.sum("longwire_probe_saves_total", &[("result", "failed")]);
    ensure!(failed > 1, "{failed} saves failed");
    drop(probe);
    expect_anew(&scene, &scene.probe()?, "a later one could not be saved")
}

#[test]
fn a_full_disk_stops_saving_and_not_counting() -> Result<()> {
    expect_to_count_without_saving(|directory| {
        let full = fs::write(directory.join("filler"), vec![7; 8 << 20]);
        confirm!(full.is_err_and(|error| error.kind() == ErrorKind::StorageFull), "the disk is not full")
    })
}

#[test]
fn a_read_only_directory_stops_saving_and_not_counting() -> Result<()> {
    expect_to_count_without_saving(|directory| {
        command::run("mount", &["-o", "remount,ro", directory.to_str().context("path")?]).map(drop)
    })
}

#[test]
fn a_second_probe_on_the_same_pins_is_refused_with_the_remedy() -> Result<()> {
    let scene = Scene::new()?;
    let probe = scene.probe()?;
    let second = scene.kept.start_on(&scene.machine.node.netns, probe::PORT + 1, &[], &[])?;
    let words = second.process().fail(PATIENCE)?;
    ensure!(words.contains("another probe runs on the pins at") && words.contains("--pin-dir"), "{words}");
    expect_ten(&scene, &probe)
}

#[test]
fn uninstalling_detaches_all_and_removes_all() -> Result<()> {
    let scene = Scene::new()?;
    drop(scene.probe()?);
    ensure!(scene.kept.pins().exists() && scene.kept.state().exists(), "nothing was left to uninstall");
    scene.kept.uninstall()?;
    ensure!(!scene.kept.pins().exists(), "pins are left");
    ensure!(!scene.kept.state().exists(), "a state is left");
    // A second time, when nothing is left.
    scene.kept.uninstall()?;
    expect_ten(&scene, &scene.probe()?)
}
