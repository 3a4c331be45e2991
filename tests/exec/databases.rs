//! The tests of databases: what they take of the kernel, and that a program has them through what was handed over.

use std::fs;

use anyhow::ensure;
use caphost_cluster::shared;

use crate::place::Place;

/// One database in a file of a directory of its own.
const OPTIONS: [&str; 4] = ["--db", "main=sqlite:./stored/app.db", "--allow", "db"];

fn place() -> anyhow::Result<Place> {
    let place = Place::new()?;
    fs::create_dir(place.root().join("stored"))?;
    fs::write(place.root().join("stored/beside.txt"), "beside")?;
    Ok(place)
}

pub(crate) fn sqlite() -> anyhow::Result<()> {
    let place = place()?;
    let operations = [
        "sdk sql main create table notes (text)",
        "sdk sql main insert into notes values ('kept')",
        "sdk sql main select text from notes",
        "sdk sql other select 1",
        "sdk read stored/app.db",
    ];
    let said = place.run(place.exec(&OPTIONS)?, &operations)?;
    said.answers(&[
        ("sdk sql main insert into notes values ('kept')", "Ok(\"1 changed\")"),
        ("sdk sql main select text from notes", "Ok(\"[[Text(\\\"kept\\\")]]\")"),
        ("sdk sql other select 1", "Err(\"NotFound\")"),
        ("sdk read stored/app.db", "Err(\"Denied\")"),
    ])?;
    let reader = ["--db", "main=sqlite:./stored/app.db", "--allow", "db.read:main.notes"];
    let said = place.run(place.exec(&reader)?, &operations)?;
    said.answers(&[
        ("sdk sql main select text from notes", "Ok(\"[[Text(\\\"kept\\\")]]\")"),
        ("sdk sql main insert into notes values ('kept')", "Err(\"Denied\")"),
    ])
}

pub(crate) fn directory() -> anyhow::Result<()> {
    let place = place()?;
    let Some(_) = place.landlock("the test of a database's directory")? else { return Ok(()) };
    let operations =
        ["std read stored/beside.txt", "std write stored/new.txt", "std read data/a.txt", "std write new.txt"];
    let refused = ["Err(PermissionDenied)", "PermissionDenied", "Err(PermissionDenied)", "PermissionDenied"];
    let said = place.run(place.exec(&OPTIONS)?, &operations)?;
    said.answers(&[(operations[0], "Ok(\"beside\")"), (operations[1], "done")])?;
    said.answers(&[(operations[2], refused[2]), (operations[3], refused[3])])?;
    ensure!(said.note().contains("the other files in and below the directories of `main`"), "{said:?}");
    let nothing_granted = ["--db", "main=sqlite:./stored/app.db", "--allow", "time"];
    let said = place.run(place.exec(&nothing_granted)?, &operations)?;
    said.answers(&operations.iter().copied().zip(refused).collect::<Vec<_>>())?;
    let require = |options: &[&str]| place.run(place.exec(&[options, &["--require-landlock"]].concat())?, &["say ran"]);
    require(&OPTIONS)?.refused("the directories of `main`")?;
    require(&["--db", "main=sqlite::memory:", "--allow", "db.read:main.notes"])?.answers(&[("say ran", "ran")])
}

pub(crate) fn server() -> anyhow::Result<()> {
    let Some(cluster) = shared("exec::databases::server") else { return Ok(()) };
    let database = cluster.create_database("create table notes (text text); insert into notes values ('kept')")?;
    let place = Place::new()?;
    for url in [database.url(), database.socket_url()] {
        let run = |allow: &str, operations: &[&str]| {
            let mut command = place.exec(&["--db", "main=env:DATABASE_URL", "--allow", allow])?;
            command.env("DATABASE_URL", &url);
            place.run(command, operations)
        };
        let select = "sdk sql main select text from notes";
        let said = run("db.read:main.notes,env.read", &[select, "sdk sql main delete from notes", "environment"])?;
        said.answers(&[
            (select, "Ok(\"[[Text(\\\"kept\\\")]]\")"),
            ("sdk sql main delete from notes", "Err(\"Denied\")"),
        ])?;
        ensure!(!said.outcome.stdout.text.contains("postgres:"), "the variable is the host's: {said:?}");
    }
    Ok(())
}

pub(crate) fn ports() -> anyhow::Result<()> {
    let Some(cluster) = shared("exec::databases::ports") else { return Ok(()) };
    let (database, place) = (cluster.create_database("")?, Place::new()?);
    let Some(note) = place.landlock("the test of a database's server")? else { return Ok(()) };
    if !note.enforces("TCP") {
        return crate::place::not_run("the test of a database's server needs a kernel with Landlock for TCP");
    }
    let other = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let server = format!("std connect 127.0.0.1:{}", cluster.port());
    let elsewhere = format!("std connect {other}");
    let option = format!("main={}", database.url());
    let run = |allow: &str| {
        place.run(place.exec(&["--db", &option, "--allow", allow])?, &[&server, &elsewhere, "sdk sql main select 1"])
    };
    let said = run("db")?;
    said.answers(&[
        (&server, "done"),
        (&elsewhere, "PermissionDenied"),
        ("sdk sql main select 1", "Ok(\"[[Integer(1)]]\")"),
    ])?;
    ensure!(said.note().contains("the hosts and sockets of `main`"), "{said:?}");
    run("time")?.answers(&[(&server, "PermissionDenied"), ("sdk sql main select 1", "Err(\"Denied\")")])
}
