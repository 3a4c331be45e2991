//! Databases whose world fails: a lock that somebody else holds, a full disk, a server that dies or stands still. The right error
//! comes in time, nothing that was committed is lost, and the guest goes on.

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use caphost_cluster::{Database, Options, not_run, own};
use caphost_tests::database;
use caphost_tests::process::{self, Input, Outcome};
use caphost_tests::programs::Programs;
use rusqlite::Connection;

/// No run takes as long unless it hangs: more than all deadlines of the host that it could wait for.
const LIMIT: Duration = Duration::from_secs(90);

/// Statements that take for ever.
const ENDLESS: &str =
    "connection.query c with recursive n(i) as (select 1 union all select 1 from n) select count(*) from n";

/// `caphost run` of the guest that makes single calls.
fn run(programs: &Programs, folder: &Path, options: &[&str], operations: &[&str]) -> anyhow::Result<Command> {
    let mut command = programs.command(programs.caphost(), folder);
    arguments(&mut command, programs, options, operations)?;
    Ok(command)
}

fn arguments(command: &mut Command, programs: &Programs, options: &[&str], operations: &[&str]) -> anyhow::Result<()> {
    command.args(["run", "--allow", "db,time"]).args(options).arg(programs.component("host-api")?).args(operations);
    Ok(())
}

fn to_its_end(command: Command) -> anyhow::Result<Outcome> {
    let outcome = process::run(command, Input::Text(""), LIMIT)?;
    ensure!(outcome.ending() == "exit 0", "{}\n{}{}", outcome.ending(), outcome.stdout.text, outcome.stderr.text);
    Ok(outcome)
}

/// The answer of the operation that begins so.
fn answer<'a>(outcome: &'a Outcome, operation: &str) -> anyhow::Result<&'a str> {
    let line = outcome.stdout.text.lines().find(|line| line.starts_with(operation));
    let answer = line.and_then(|line| line.split_once(" -> ")).map(|(_, answer)| answer);
    answer.with_context(|| format!("no answer to `{operation}` in\n{}", outcome.stdout.text))
}

#[test]
fn a_lock_of_another_process_is_waited_for_and_no_longer_than_allowed() -> anyhow::Result<()> {
    let (programs, folder) = (Programs::find()?, tempfile::tempdir()?);
    let path = folder.path().join("app.db");
    database::make(
        &path,
        "create table notes (id integer primary key, title text); insert into notes values (1, 'first')",
    )?;
    let insert = "connection.execute c insert into notes (title) values (?1) <- text:second";
    let options = ["--db", "main=sqlite:app.db", "--db-statement-time", "500ms"];
    let operations = ["db.open c main", insert, "connection.query c select 2 + 2"];

    let other = Connection::open(&path)?;
    // Ours and the host's keep their records in the same way, so that neither has to change that.
    other.pragma_update(None, "journal_mode", "wal")?;
    other.execute_batch("begin immediate; insert into notes (title) values ('other')")?;
    let locked = to_its_end(run(&programs, folder.path(), &options, &operations)?)?;
    let told = answer(&locked, "connection.execute")?;
    ensure!(told.starts_with("err sql 5 ") || told == "err timed-out", "{told}");
    ensure!(answer(&locked, "connection.query")?.ends_with("[4]"), "the connection goes on\n{}", locked.stdout.text);

    let patient = ["--db", "main=sqlite:app.db", "--db-statement-time", "60s"];
    let waiting = run(&programs, folder.path(), &patient, &operations)?;
    let waited = thread::scope(|scope| {
        let waiting = scope.spawn(|| to_its_end(waiting));
        thread::sleep(Duration::from_millis(700));
        other.execute_batch("commit")?;
        waiting.join().ok().context("the run panicked")?
    })?;
    ensure!(answer(&waited, "connection.execute")? == "ok 1 changed", "{}", waited.stdout.text);
    let titles: Vec<String> = other
        .prepare("select title from notes order by id")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    ensure!(titles == ["first", "other", "second"], "{titles:?}");
    Ok(())
}

/// Makes a disk of one mebibyte with a database on it, runs a command there, and shows what the database holds afterwards.
const ON_A_SMALL_DISK: &str = r#"mount -t tmpfs -o size=1m small disk || exit 70
cp app.db disk/app.db || exit 71
"$@" || exit 72
cp disk/app.db* . "#;

/// The words that make a namespace for mounts, where that is possible.
fn namespace() -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
    ways.into_iter().find(|way| {
        let mut command = Command::new("unshare");
        command.args(*way).args(["--", "mount", "-t", "tmpfs", "-o", "size=1m", "small", "/mnt"]);
        command.output().is_ok_and(|output| output.status.success())
    })
}

#[test]
fn a_full_disk_loses_nothing_that_was_committed() -> anyhow::Result<()> {
    let Some(way) = namespace() else {
        return not_run(
            "databases::a_full_disk",
            "it needs a mount namespace: `unshare`, as root or with user namespaces",
        );
    };
    let (programs, folder) = (Programs::find()?, tempfile::tempdir()?);
    std::fs::create_dir(folder.path().join("disk"))?;
    database::make(&folder.path().join("app.db"), "create table notes (id integer primary key, title text)")?;
    let insert = "connection.execute c insert into notes (title) values (?1) <- text:~20000";
    let operations = [
        "db.open c main",
        insert,
        "connection.query c select count(*) from notes",
        "connection.begin c t",
        &format!("repeat 80 {insert}"),
        "transaction.commit t",
        "connection.query c select count(*), 1 from notes",
        &format!("repeat 80 {insert}"),
        "connection.query c select sum(length(title)) / 20000 = count(*), 2 from notes",
    ];
    let mut command = programs.command(Path::new("unshare"), folder.path());
    command.args(way).args(["--", "sh", "-c", ON_A_SMALL_DISK, "sh"]).arg(programs.caphost());
    arguments(&mut command, &programs, &["--db", "main=sqlite:disk/app.db"], &operations)?;
    let outcome = to_its_end(command)?;

    ensure!(answer(&outcome, "connection.query c select count(*) from")?.ends_with("[1]"), "{}", outcome.stdout.text);
    // What is written in a transaction may stay in memory until its end.
    let full = outcome.stdout.text.lines().filter(|line| line.ends_with("err sql 13 \"database or disk is full\""));
    ensure!(full.count() >= 2, "{}", outcome.stdout.text);
    ensure!(answer(&outcome, "transaction.commit")?.starts_with("err "), "{}", outcome.stdout.text);
    ensure!(answer(&outcome, "connection.query c select count(*), 1")?.ends_with("[1, 1]"), "{}", outcome.stdout.text);
    ensure!(answer(&outcome, "connection.query c select sum")?.ends_with("[1, 2]"), "{}", outcome.stdout.text);

    let kept = Connection::open(folder.path().join("app.db"))?;
    let sound: String = kept.query_row("pragma integrity_check", [], |row| row.get(0))?;
    let count: i64 = kept.query_row("select count(*) from notes where length(title) = 20000", [], |row| row.get(0))?;
    ensure!(sound == "ok" && count > 1, "{sound} {count}");
    Ok(())
}

/// Whether a guest's statement runs on the server.
fn is_busy(database: &Database) -> anyhow::Result<bool> {
    let running = "select count(*) from pg_stat_activity where datname = current_database() and state = 'active' \
        and pid <> pg_backend_pid() and query ilike '%recursive%'";
    Ok(database.sql(running)?.trim() != "0")
}

/// Runs a guest in a transaction whose statement never ends, and does something to the server then.
fn in_the_middle(
    test: &str,
    options: &[&str],
    act: impl Fn(&caphost_cluster::Cluster),
) -> anyhow::Result<Option<Outcome>> {
    let Some(cluster) = own(test, &Options::default()) else { return Ok(None) };
    let database = cluster.create_database("create table notes (id int); insert into notes values (1)")?;
    let (programs, folder) = (Programs::find()?, tempfile::tempdir()?);
    let source = format!("main={}", database.url());
    let options = [&["--db", source.as_str()], options].concat();
    let operations = [
        "db.open c main",
        "connection.begin c t",
        "connection.execute c insert into notes values (2)",
        ENDLESS,
        "connection.query c select 1 as late",
        "transaction.commit t",
        "db.open d main",
        "say the end",
    ];
    let command = run(&programs, folder.path(), &options, &operations)?;
    let outcome = thread::scope(|scope| {
        let running = scope.spawn(|| to_its_end(command));
        while !is_busy(&database)? && !running.is_finished() {
            thread::sleep(Duration::from_millis(20));
        }
        act(&cluster);
        running.join().ok().context("the run panicked")?
    })?;
    cluster.resume().ok();
    cluster.restart()?;
    ensure!(database.sql("select id from notes")? == "1\n", "what was not committed is gone");
    let told = &outcome.stdout.text;
    ensure!(told.ends_with("say the end -> ok the end\n"), "{told}");
    ensure!(
        !told.contains("127.0.0.1") && !told.contains(&cluster.port().to_string()),
        "the guest learns no address\n{told}"
    );
    Ok(Some(outcome))
}

#[test]
fn a_server_that_dies_is_an_error_at_once() -> anyhow::Result<()> {
    let kill = |cluster: &caphost_cluster::Cluster| cluster.kill().expect("it can be killed");
    // The statement may take longer than the test: what ends it is the death of the server.
    let Some(outcome) = in_the_middle("databases::a_server_that_dies", &["--db-statement-time", "600s"], kill)? else {
        return Ok(());
    };
    ensure!(answer(&outcome, ENDLESS)? == "err closed", "{}", outcome.stdout.text);
    for operation in ["connection.query c select 1", "transaction.commit", "db.open d"] {
        ensure!(answer(&outcome, operation)?.starts_with("err "), "{}", outcome.stdout.text);
    }
    Ok(())
}

#[test]
fn a_server_that_stands_still_is_an_error_in_time() -> anyhow::Result<()> {
    let pause = |cluster: &caphost_cluster::Cluster| cluster.pause().expect("it can be paused");
    let Some(outcome) = in_the_middle("databases::a_server_that_stands_still", &["--db-statement-time", "2s"], pause)?
    else {
        return Ok(());
    };
    let told = answer(&outcome, ENDLESS)?;
    ensure!(told == "err timed-out" || told == "err closed", "{}", outcome.stdout.text);
    for operation in ["transaction.commit", "db.open d"] {
        ensure!(answer(&outcome, operation)?.starts_with("err "), "{}", outcome.stdout.text);
    }
    Ok(())
}
