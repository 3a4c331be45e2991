//! A directory that is swapped for a symlink while the guest opens files below it: the guest never reads what lies outside.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use caphost_tests::process::{self, Input};
use caphost_tests::programs::Programs;

/// How often the guest opens; enough to meet every order of swap and look-up.
const OPENS: &str = "20000";

#[test]
fn a_directory_swapped_for_a_symlink_never_leads_out() -> anyhow::Result<()> {
    let programs = Programs::find()?;
    let folder = tempfile::tempdir()?;
    let root = folder.path();
    for (directory, text) in [("data/real", "inside"), ("outside", "outside")] {
        fs::create_dir_all(root.join(directory))?;
        fs::write(root.join(directory).join("key.txt"), text)?;
    }
    let (flip, real, link) = (root.join("data/flip"), root.join("data/real"), root.join("data/link"));
    symlink("../outside", &link)?;

    let stop = AtomicBool::new(false);
    let outcome = thread::scope(|scope| {
        let swapper = scope.spawn(|| -> std::io::Result<()> {
            while !stop.load(Ordering::Relaxed) {
                for home in [&real, &link] {
                    fs::rename(home, &flip)?;
                    fs::rename(&flip, home)?;
                }
            }
            Ok(())
        });
        let mut command = programs.command(programs.caphost(), root);
        command.args(["run", "--allow", "fs.read:./data"]).arg(programs.component("hostile")?).args(["race", OPENS]);
        let outcome = process::run(command, Input::Text(""), process::HANG);
        stop.store(true, Ordering::Relaxed);
        swapper.join().expect("the swapper does not panic")?;
        outcome
    })?;

    let said = outcome.stdout.text.trim_end();
    assert!(said.ends_with(" outside 0"), "{}: {said}", outcome.ending());
    let inside = said.split(' ').nth(1).and_then(|count| count.parse::<u64>().ok());
    assert!(
        inside.is_some_and(|count| count > 0),
        "the control: the swapped directory itself is read now and then: {said}"
    );
    Ok(())
}
