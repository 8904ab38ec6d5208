//! A state that cannot be used or saved: logged once, and the probe continues to count.

use anyhow::{Context, Result, ensure};
use longwire_testkit::{Edge, Kept, Machine, Pod, Probe, Truth, churn, command, confirm, pass, probe};
use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

struct Scene<'a> {
    machine: &'a Machine,
    kept: Kept,
    client: &'a Pod,
    server: &'a Pod,
    listener: TcpListener,
    edge: Edge,
}

impl<'a> Scene<'a> {
    fn new(machine: &'a Machine) -> Result<Self> {
        let (client, server) = machine.pair()?;
        let (listener, edge) = (server.listen()?, Edge::of(client, server));
        Ok(Self { machine, kept: Kept::new()?, client, server, listener, edge })
    }

    fn start(&self) -> Result<Probe> {
        let probe = self.kept.start(&self.machine.node.netns, &[])?;
        probe.await_ready()?;
        Ok(probe)
    }

    /// A probe that counted, saved, and was killed.
    fn leave_a_state(&self) -> Result<()> {
        let probe = self.start()?;
        let truth = self.churn()?;
        self.edge.expect(&probe, truth)
    }

    fn churn(&self) -> Result<Truth> {
        churn::count(10, self.client, self.server, &self.listener)
    }

    /// Counters begin at 0 with one log line that says why, and are exact from then on, also for older connections.
    fn expect_anew(&self, probe: &Probe, why: &str) -> Result<()> {
        let said = probe.process().log().iter().filter(|line| line.contains(why)).count();
        ensure!(said == 1, "{why:?} was said {said} times\n{}", probe.process().last_words());
        let (near, far) = self.client.connect_to(self.server.address(), &self.listener)?;
        pass(&near, &far, 333)?;
        let truth = self.churn()? + Truth::open(333, 0);
        self.edge.expect(probe, truth)
    }
}

#[test]
fn a_state_of_before_the_machine_was_started_is_not_gone_on_from() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let _operator = machine.operator()?;
    let scene = Scene::new(&machine)?;
    scene.leave_a_state()?;
    let boot = scene.kept.state().join("boot");
    fs::write(&boot, "00000000-1111-2222-3333-444444444444\n")?;
    let mount = format!("mount --bind {} /proc/sys/kernel/random/boot_id && exec \"$@\"", boot.display());
    let wrapper = ["unshare", "--mount", "sh", "-c", &mount, "sh"];
    let probe = scene.kept.start_on(&machine.node.netns, probe::PORT, &wrapper, &[])?;
    probe.await_ready()?;
    scene.expect_anew(&probe, "the saved state is from before the machine was started")
}

#[test]
fn a_state_that_was_cut_in_half_is_not_gone_on_from() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let _operator = machine.operator()?;
    let scene = Scene::new(&machine)?;
    scene.leave_a_state()?;
    let state = scene.kept.state().join("state");
    let whole = fs::read(&state)?;
    fs::write(&state, &whole[..whole.len() / 2])?;
    let probe = scene.start()?;
    scene.expect_anew(&probe, "it is damaged")
}

#[test]
fn a_pipe_in_the_states_place_hangs_nothing_and_is_replaced() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let _operator = machine.operator()?;
    let scene = Scene::new(&machine)?;
    scene.leave_a_state()?;
    let (directory, state) = (scene.kept.state(), scene.kept.state().join("state"));
    fs::remove_file(&state)?;
    command::run("mkfifo", &[state.to_str().context("path")?])?;
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o755))?;
    let probe = scene.start()?;
    scene.expect_anew(&probe, "it is a named pipe, not a regular file")?;
    let lost = probe.scrape()?.sum("longwire_probe_restart_losses", &[("kind", "states")]);
    let mode = |path: &Path| anyhow::Ok(fs::symlink_metadata(path)?.mode());
    // A regular file of root.
    assert_eq!((lost, mode(&state)?, mode(&directory)? & 0o7777), (1, 0o100_600, 0o700));
    Ok(())
}

#[test]
fn pins_without_a_state_and_a_state_without_pins_are_not_gone_on_from() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let _operator = machine.operator()?;
    let scene = Scene::new(&machine)?;
    scene.leave_a_state()?;
    fs::remove_file(scene.kept.state().join("state"))?;
    let probe = scene.start()?;
    scene.expect_anew(&probe, "there are pins of an earlier probe, but no saved state for them")?;
    drop(probe);
    for entry in fs::read_dir(scene.kept.layout()?)?.flatten() {
        fs::remove_file(entry.path())?;
    }
    fs::remove_dir(scene.kept.layout()?)?;
    let probe = scene.start()?;
    scene.expect_anew(&probe, "there is a saved state, but its pins are gone")
}

/// Mounts a filesystem over the state's directory, with the last state in it. It ends with the test's directory.
fn mount_over_state(kept: &Kept) -> Result<String> {
    let saved = fs::read(kept.state().join("state"))?;
    let path = kept.state().to_str().context("path")?.to_owned();
    command::run("mount", &["-t", "tmpfs", "-o", "size=4m", "none", &path])?;
    fs::write(kept.state().join("state"), saved)?;
    Ok(path)
}

/// It counts without saving, logs this once, and takes nothing back after a restart: it begins at 0.
fn expect_to_count_without_saving(hinder: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let _operator = machine.operator()?;
    let scene = Scene::new(&machine)?;
    let probe = scene.start()?;
    let mut truth = scene.churn()?;
    scene.edge.expect(&probe, truth)?;
    drop(probe);
    hinder(Path::new(&mount_over_state(&scene.kept)?))?;
    let probe = scene.start()?;
    truth += scene.churn()?;
    scene.edge.expect(&probe, truth)?;
    let line = "the state cannot be saved";
    probe.process().await_line(line, PATIENCE)?;
    truth += scene.churn()?;
    scene.edge.expect(&probe, truth)?;
    let said = probe.process().log().iter().filter(|said| said.contains(line)).count();
    ensure!(said == 1, "said {said} times\n{}", probe.process().last_words());
    let failed = probe.scrape()?.sum("longwire_probe_saves_total", &[("result", "failed")]);
    ensure!(failed > 1, "{failed} saves failed");
    drop(probe);
    let probe = scene.start()?;
    scene.expect_anew(&probe, "a later one could not be saved")
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
    let machine = Machine::new(2, &[])?;
    let _operator = machine.operator()?;
    let scene = Scene::new(&machine)?;
    let probe = scene.start()?;
    let second = scene.kept.start_on(&machine.node.netns, probe::PORT + 1, &[], &[])?;
    let status = second.process().await_exit(PATIENCE)?;
    ensure!(!status.success(), "the second one ended with {status}");
    let words = second.process().last_words();
    ensure!(words.contains("another probe runs on the pins at") && words.contains("--pin-dir"), "{words}");
    let truth = scene.churn()?;
    scene.edge.expect(&probe, truth)
}

#[test]
fn uninstalling_detaches_all_and_removes_all() -> Result<()> {
    let machine = Machine::new(2, &[])?;
    let _operator = machine.operator()?;
    let scene = Scene::new(&machine)?;
    drop(scene.start()?);
    ensure!(scene.kept.pins().exists() && scene.kept.state().exists(), "nothing was left to uninstall");
    scene.kept.uninstall()?;
    ensure!(!scene.kept.pins().exists(), "pins are left");
    ensure!(!scene.kept.state().exists(), "a state is left");
    // A second time, when nothing is left.
    scene.kept.uninstall()?;
    let probe = scene.start()?;
    let truth = scene.churn()?;
    scene.edge.expect(&probe, truth)
}
