//! The tests: each starts the guest under `caphost exec` and looks at its answers.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use caphost_tests::audit;

use crate::place::{Kernel, Place, Said, not_run};
use crate::{databases, network};

/// What a test is.
type Test = fn() -> anyhow::Result<()>;

/// Every test by its name.
pub(crate) const TESTS: &[(&str, Test)] = &[
    ("the_environment_is_what_was_granted_and_given", environment),
    ("a_program_receives_its_handover_and_its_children_none", received_once),
    ("what_was_handed_over_cannot_be_changed", sealed),
    ("no_descriptor_of_the_caller_reaches_the_program", descriptors),
    ("another_file_on_the_descriptor_is_no_handover", stray),
    ("the_program_keeps_to_its_grants_and_leaves_an_audit_log", audited),
    ("the_kernel_refuses_files_that_are_not_granted", files),
    ("the_kernel_refuses_what_a_grant_of_writing_does_not_say", write_only),
    ("the_kernel_knows_a_grant_of_one_file", one_file),
    ("a_file_that_is_to_be_created_opens_its_directory_and_the_note_says_so", to_be_created),
    ("the_kernel_refuses_the_network_and_other_programs", network_and_programs),
    ("the_kernel_refuses_every_way_to_the_network_and_no_unix_socket", sockets),
    ("the_kernel_lets_a_program_connect_to_a_granted_port_and_no_other", network::connect),
    ("the_kernel_lets_a_program_listen_where_that_is_granted", network::listen),
    ("datagrams_take_a_grant_of_them_or_of_a_name", network::datagrams),
    ("no_grant_gives_a_program_other_sockets_than_tcp_and_udp", network::other_sockets),
    ("what_a_granted_network_takes_can_be_read", network::readable),
    ("a_grant_that_is_narrower_than_the_kernel_knows_is_a_gap_and_an_obstacle_to_require_landlock", network::gaps),
    ("the_settings_of_the_network_are_handed_over_and_so_are_secrets", network::settings),
    ("a_program_reaches_what_it_was_granted_through_the_sdk_under_the_kernel_s_rules", network::sdk),
    ("a_program_has_its_databases_through_the_sdk_and_their_files_by_no_grant", databases::sqlite),
    ("the_kernel_lets_a_program_at_the_directory_of_its_database_and_the_note_says_so", databases::directory),
    ("a_program_reaches_a_server_of_a_database_by_port_and_by_socket", databases::server),
    ("the_kernel_lets_a_program_connect_to_the_server_of_its_database_and_no_other", databases::ports),
    ("a_program_that_names_the_root_its_loader_reads_no_other_file", crafted_loader),
    ("an_interpreter_that_is_a_directory_or_a_pipe_opens_nothing_and_keeps_nobody_waiting", interpreters),
    ("a_deny_rule_that_loading_or_another_name_leads_around_is_a_gap", ways_around),
    ("a_deny_rule_below_a_grant_is_a_gap_and_an_obstacle_to_require_landlock", gaps),
    ("without_landlock_the_program_is_not_confined_and_the_note_says_so", no_landlock),
    ("without_seccomp_the_note_says_how_little_of_the_network_is_refused", no_seccomp),
];

fn environment() -> anyhow::Result<()> {
    let place = Place::new()?;
    let mut command = place.exec(&["--allow", "env.read:APP_*", "--env", "B=2", "--deny", "env.read:APP_NOT"])?;
    command.env("APP_ONE", "1").env("APP_NOT", "0");
    let operations =
        ["environment", "sdk environment", "sdk variable APP_ONE", "sdk variable HOME", "sdk variable APP_NOT"];
    let said = place.run(command, &operations)?;
    let expected = "[(\"APP_ONE\", \"1\"), (\"B\", \"2\")]";
    said.answers(&[
        ("environment", expected),
        ("sdk environment", expected),
        ("sdk variable APP_ONE", "Ok(Some(\"1\"))"),
        ("sdk variable HOME", "Err(\"Denied\")"),
        ("sdk variable APP_NOT", "Err(\"Denied\")"),
    ])
}

fn received_once() -> anyhow::Result<()> {
    let place = Place::new()?;
    let program = std::env::current_exe()?;
    let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let handed = format!("{name} in {}", place.root().display());
    let said = place.run(place.exec(&[])?, &["child handover", "handover", "handover", "child handover"])?;
    let not_yet_received = format!("child handover: handover: {handed}");
    let received = format!("handover: {handed}");
    let expected = [not_yet_received.as_str(), &received, &received, "child handover: handover: none"];
    ensure!(said.lines() == expected, "{said:?}");
    Ok(())
}

fn sealed() -> anyhow::Result<()> {
    let place = Place::new()?;
    let said = place.run(place.exec(&[])?, &["descriptor overwrite", "descriptor cut", "handover"])?;
    said.answers(&[("descriptor overwrite", "PermissionDenied"), ("descriptor cut", "PermissionDenied")])?;
    ensure!(said.outcome.stdout.text.contains(" in "), "{said:?}");
    Ok(())
}

fn descriptors() -> anyhow::Result<()> {
    let place = Place::new()?;
    let with_strays = |options: &[&str]| -> anyhow::Result<Said> {
        let exec = place.exec(options)?;
        place.run(place.with_strays(&exec), &["descriptors", "handover"])
    };
    with_strays(&[])?.answers(&[("descriptors", "[0, 1, 2, 3]")])?;
    let said = with_strays(&["--audit", "log.jsonl"])?;
    // Beside it, the audit log.
    let numbers: Vec<_> = said.lines().first().map_or(Vec::new(), |line| line.split(", ").collect());
    ensure!(numbers.starts_with(&["descriptors: [0", "1", "2", "3"]) && numbers.len() == 5, "{said:?}");
    ensure!(!numbers.iter().any(|number| number.trim_end_matches(']') == "5"), "{said:?}");
    Ok(())
}

fn stray() -> anyhow::Result<()> {
    let place = Place::new()?;
    let guest = place.guest(Command::new(std::env::current_exe()?));
    let said = place.run(place.with_strays(&guest), &["handover", "descriptors"])?;
    said.answers(&[("handover", "none")])?;
    ensure!(said.outcome.stdout.text.contains("descriptors: [0, 1, 2, 3, 5"), "both strays are there: {said:?}");
    place.run(place.guest(Command::new(std::env::current_exe()?)), &["handover"])?.answers(&[("handover", "none")])
}

fn audited() -> anyhow::Result<()> {
    let place = Place::new()?;
    let run = |operation: &str| -> anyhow::Result<(Said, String)> {
        let said = place.run(place.exec(&["--allow", "fs:./data", "--audit", "data/log.jsonl"])?, &[operation])?;
        Ok((said, audit::show(&fs::read_to_string(place.root().join("data/log.jsonl"))?)?))
    };
    let (said, log) = run("sdk read data/a.txt")?;
    said.answers(&[("sdk read data/a.txt", "Ok(\"inside\")")])?;
    ensure!(log.lines().count() == 3 && log.contains("\"asked\":\"data/a.txt\"") && log.contains("\"allow\""), "{log}");
    let (said, log) = run("sdk read outside.txt")?;
    said.answers(&[("sdk read outside.txt", "Err(\"Denied\")")])?;
    ensure!(log.contains("\"decision\":\"deny\",\"code\":\"CAP0102\""), "{log}");
    let (said, log) = run("sdk write data/log.jsonl")?;
    said.answers(&[("sdk write data/log.jsonl", "Err(\"Denied\")")])?;
    ensure!(log.contains("CAP0103"), "{log}");
    Ok(())
}

fn files() -> anyhow::Result<()> {
    let place = Place::new()?;
    let Some(_) = place.landlock("the kernel_refuses_files test")? else { return Ok(()) };
    let operations = [
        "std read data/a.txt",
        "std list data",
        "std read outside.txt",
        "std list .",
        "std write data/a.txt",
        "std read link",
    ];
    place.run(place.exec(&["--allow", "fs.read:./data"])?, &operations)?.answers(&[
        ("std read data/a.txt", "Ok(\"inside\")"),
        ("std list data", "done"),
        ("std read outside.txt", "Err(PermissionDenied)"),
        ("std list .", "PermissionDenied"),
        ("std write data/a.txt", "PermissionDenied"),
        ("std read link", "Err(PermissionDenied)"),
    ])
}

fn write_only() -> anyhow::Result<()> {
    let place = Place::new()?;
    let Some(_) = place.landlock("the test of a grant of writing")? else { return Ok(()) };
    let said = place.run(
        place.exec(&["--allow", "fs.write:./data"])?,
        &[
            "sdk write data/new.txt",
            "sdk read data/new.txt",
            "std read data/new.txt",
            "std list data",
            "std rename data/new.txt data/newer.txt",
            "std remove data/newer.txt",
            "std rename data/a.txt a.txt",
        ],
    )?;
    said.answers(&[
        ("sdk write data/new.txt", "Ok(())"),
        ("sdk read data/new.txt", "Err(\"Denied\")"),
        ("std read data/new.txt", "Err(PermissionDenied)"),
        ("std list data", "PermissionDenied"),
        ("std rename data/new.txt data/newer.txt", "done"),
        ("std remove data/newer.txt", "done"),
        ("std rename data/a.txt a.txt", "PermissionDenied"),
    ])
}

fn one_file() -> anyhow::Result<()> {
    let place = Place::new()?;
    let Some(_) = place.landlock("the test of a grant of one file")? else { return Ok(()) };
    let operations = ["sdk read data/a.txt", "std read data/a.txt", "std read data/b.txt", "std list data"];
    place.run(place.exec(&["--allow", "fs.read:./data/a.txt"])?, &operations)?.answers(&[
        ("sdk read data/a.txt", "Ok(\"inside\")"),
        ("std read data/a.txt", "Ok(\"inside\")"),
        ("std read data/b.txt", "Err(PermissionDenied)"),
        ("std list data", "PermissionDenied"),
    ])
}

fn to_be_created() -> anyhow::Result<()> {
    let place = Place::new()?;
    let Some(_) = place.landlock("the test of a file that is to be created")? else { return Ok(()) };
    let options = ["--allow", "fs.write:./data/new.txt", "--require-landlock"];
    let refused = place.run(place.exec(&options)?, &["sdk write data/new.txt"])?;
    refused.refused("the other files in and below the directory of `fs.write:./data/new.txt`")?;
    let said =
        place.run(place.exec(&options[..2])?, &["std read data/a.txt", "std list data", "sdk write data/new.txt"])?;
    said.answers(&[
        ("std read data/a.txt", "Err(PermissionDenied)"),
        ("std list data", "PermissionDenied"),
        ("sdk write data/new.txt", "Ok(())"),
    ])?;
    ensure!(
        said.outcome.stderr.text.contains("the other files in and below the directory of `fs.write:./data/new.txt`"),
        "{said:?}"
    );
    // It is there now.
    place
        .run(place.exec(&options)?, &["sdk write data/new.txt", "std write data/b.txt"])?
        .answers(&[("sdk write data/new.txt", "Ok(())"), ("std write data/b.txt", "PermissionDenied")])
}

fn network_and_programs() -> anyhow::Result<()> {
    let place = Place::new()?;
    let Some(note) = place.landlock("the test of the network")? else { return Ok(()) };
    let server = std::net::TcpListener::bind("127.0.0.1:0")?;
    let connect = format!("std connect {}", server.local_addr()?);
    let operations = ["std listen 127.0.0.1:0", &connect, "std run /bin/true", "child say hello"];
    let free = place.run(place.guest(Command::new(std::env::current_exe()?)), &operations)?;
    let held = place.run(place.exec(&[])?, &operations)?;
    for (operation, refusal) in [(operations[0], "PermissionDenied"), (operations[1], "PermissionDenied")] {
        free.answers(&[(operation, "done")])?;
        let expected = if note.enforces("TCP") || note.is_without_network { refusal } else { "done" };
        held.answers(&[(operation, expected)])?;
    }
    free.answers(&[("std run /bin/true", "done")])?;
    // The program itself can be started again.
    held.answers(&[("std run /bin/true", "PermissionDenied"), ("child say hello", "say hello: hello")])?;
    let datagram = if note.enforces("UDP") || note.is_without_network { "PermissionDenied" } else { "done" };
    place.run(place.exec(&[])?, &["std datagram 127.0.0.1:0"])?.answers(&[("std datagram 127.0.0.1:0", datagram)])
}

fn sockets() -> anyhow::Result<()> {
    let place = Place::new()?;
    let Some(note) = place.landlock("the test of sockets")? else { return Ok(()) };
    if !note.is_without_network {
        return not_run("the test of sockets needs a kernel with seccomp");
    }
    let refused = [
        "std socket tcp",
        "std socket tcp6",
        "std socket mptcp",
        "std socket netlink",
        "std listen-unbound",
        "std datagram 127.0.0.1:0",
        "std ring",
    ];
    let allowed = ["std socket unix", "std pair"];
    let operations = [&refused[..], &allowed].concat();
    let free = place.run(place.guest(Command::new(std::env::current_exe()?)), &operations)?;
    let held = place.run(place.exec(&["--require-landlock"])?, &operations)?;
    for operation in refused {
        // Not every machine has all of these.
        if ["std socket tcp", "std listen-unbound", "std datagram 127.0.0.1:0"].contains(&operation) {
            free.answers(&[(operation, "done")])?;
        }
        held.answers(&[(operation, "PermissionDenied")])?;
    }
    for operation in allowed {
        free.answers(&[(operation, "done")])?;
        held.answers(&[(operation, "done")])?;
    }
    Ok(())
}

fn crafted_loader() -> anyhow::Result<()> {
    let place = Place::new()?;
    let Some(_) = place.landlock("the test of a crafted loader")? else { return Ok(()) };
    let cat = |program: &str, bytes: &[u8], options: &[&str]| -> anyhow::Result<Said> {
        fs::write(place.root().join(program), bytes)?;
        make_executable(&place.root().join(program))?;
        let mut command = place.programs.command(place.programs.caphost(), place.root());
        command.arg("exec").args(options).args(["--", &format!("./{program}")]);
        place.run(command, &["outside.txt"])
    };
    let mut bytes = fs::read("/bin/cat")?;
    let granted = cat("plain", &bytes, &["--allow", "fs.read:./outside.txt"])?;
    ensure!(granted.outcome.stdout.text == "outside", "{granted:?}");
    ensure!(cat("plain", &bytes, &[])?.outcome.stdout.text.is_empty(), "nothing is granted");
    name_root_as_loader(&mut bytes)?;
    let said = cat("crafted", &bytes, &[])?;
    ensure!(said.outcome.ending() == "exit 126" && said.outcome.stdout.text.is_empty(), "{said:?}");
    Ok(())
}

/// Makes a 64-bit program say that it is a 32-bit one, and adds what a reader that believes it takes for the name of a
/// loader. The kernel does not believe it. Where a 32-bit header has the size and the number of its program headers, a
/// 64-bit one has the place of its sections, which nobody needs to run it.
fn name_root_as_loader(program: &mut Vec<u8>) -> anyhow::Result<()> {
    const SIZE: u16 = 0xfff0;
    let count = program.len().div_ceil(SIZE.into());
    let start = count * usize::from(SIZE);
    program.resize(start, 0);
    // PT_INTERP, and the name behind the header of 32 bytes.
    let name = u32::try_from(start)? + 32;
    for number in [3, name, 0, 0, 2, 2, 0, 0] {
        program.extend_from_slice(&number.to_le_bytes());
    }
    program.extend_from_slice(b"/\0");
    let header = program.get_mut(..64).context("no ELF file")?;
    header[4] = 1;
    header[42..44].copy_from_slice(&SIZE.to_le_bytes());
    header[44..46].copy_from_slice(&u16::try_from(count + 1)?.to_le_bytes());
    Ok(())
}

fn interpreters() -> anyhow::Result<()> {
    let place = Place::new()?;
    let pipe = place.root().join("pipe");
    ensure!(Command::new("mkfifo").arg(&pipe).status()?.success(), "no pipe");
    for interpreter in ["/", "/dev/null", "./pipe"] {
        let script = place.root().join("script");
        fs::write(&script, format!("#!{interpreter}\n"))?;
        make_executable(&script)?;
        let mut command = place.programs.command(place.programs.caphost(), place.root());
        command.args(["exec", "--", "./script"]);
        let said = place.run(command, &[])?;
        ensure!(said.outcome.ending() == "exit 126", "{interpreter}: {said:?}");
    }
    Ok(())
}

fn make_executable(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

fn ways_around() -> anyhow::Result<()> {
    let place = Place::new()?;
    let Some(_) = place.landlock("the test of ways around deny rules")? else { return Ok(()) };
    let refused = |deny: &str, why: &str| -> anyhow::Result<()> {
        let options = ["--allow", "fs.read:./data", "--deny", deny, "--require-landlock"];
        place.run(place.exec(&options)?, &["say ran"])?.refused(why)
    };
    refused("fs.read:/usr/lib", "the deny rule `fs.read:/usr/lib`, which lies in what loading the program takes")?;
    refused("fs.write:/dev/null", "`fs.write:/dev/null`, which lies in what loading the program takes")?;
    fs::hard_link(place.root().join("outside.txt"), place.root().join("data/name.txt"))?;
    refused("fs.read:./outside.txt", "`fs.read:./outside.txt`, whose file has other names, too")?;
    fs::remove_file(place.root().join("data/name.txt"))?;
    let options = ["--allow", "fs.read:./data", "--deny", "fs.read:./outside.txt", "--require-landlock"];
    place.run(place.exec(&options)?, &["say ran"])?.answers(&[("say ran", "ran")])
}

fn gaps() -> anyhow::Result<()> {
    let place = Place::new()?;
    let Some(note) = place.landlock("the test of deny rules")? else { return Ok(()) };
    let options = ["--allow", "fs.read:./data", "--deny", "fs.read:./data/b.txt", "--require-landlock"];
    let gap = "the deny rule `fs.read:./data/b.txt`, which lies in a granted directory";
    place.run(place.exec(&options)?, &["std read data/a.txt"])?.refused(gap)?;
    let said = place.run(place.exec(&options[..4])?, &["std read data/b.txt", "sdk read data/b.txt"])?;
    said.answers(&[("std read data/b.txt", "Ok(\"beside\")"), ("sdk read data/b.txt", "Err(\"Denied\")")])?;
    ensure!(said.outcome.stderr.text.contains(gap), "{said:?}");
    if !note.enforces("TCP") {
        return Ok(());
    }
    // A rule about what is not granted anyway is no obstacle.
    let options = ["--allow", "fs.read:./data", "--deny", "fs.read:./outside.txt", "--require-landlock"];
    place.run(place.exec(&options)?, &["std read data/a.txt"])?.answers(&[("std read data/a.txt", "Ok(\"inside\")")])
}

fn no_landlock() -> anyhow::Result<()> {
    let place = Place::new()?;
    let Some(kernel) = Kernel::without("landlock_create_ruleset", "ENOSYS")? else { return Ok(()) };
    let said = place
        .run(kernel.exec(&place, &["--allow", "fs.read:./data"])?, &["std read outside.txt", "sdk read outside.txt"])?;
    said.answers(&[("std read outside.txt", "Ok(\"outside\")"), ("sdk read outside.txt", "Err(\"Denied\")")])?;
    ensure!(said.outcome.stderr.text.starts_with("note: landlock: nothing is enforced"), "{said:?}");
    place.run(kernel.exec(&place, &["--require-landlock"])?, &["say ran"])?.refused("files, truncating and TCP")
}

fn no_seccomp() -> anyhow::Result<()> {
    let place = Place::new()?;
    let Some(_) = place.landlock("the test of a kernel without seccomp")? else { return Ok(()) };
    let Some(kernel) = Kernel::without("seccomp", "EINVAL")? else { return Ok(()) };
    let said = place.run(kernel.exec(&place, &[])?, &["std socket tcp"])?;
    said.answers(&[("std socket tcp", "done")])?;
    ensure!(said.outcome.stderr.text.trim_end().ends_with("for seccomp cannot be had"), "{said:?}");
    place.run(kernel.exec(&place, &["--require-landlock"])?, &["say ran"])?.refused("the network (no seccomp)")
}
