//! Paths that are long, deep, or made to fool whoever reads the message.

use wasip2::filesystem::preopens;
use wasip2::filesystem::types::{Descriptor, DescriptorFlags, OpenFlags, PathFlags};

use crate::handles::directory;
use crate::number;

/// A name that clears the screen, turns the text around, hides a character and forges a line.
const DECEIT: &str =
    "\u{1b}[2J\u{1b}[31mgone\u{202e}txt.exe\u{200b}\nerror[CAP0000]: `all is well`\r\u{7}\u{85}\u{feff}";

fn try_open(directory: &Descriptor, path: &str) -> String {
    match directory.open_at(PathFlags::empty(), path, OpenFlags::empty(), DescriptorFlags::READ) {
        Ok(_) => "opened".to_owned(),
        Err(code) => code.name().to_owned(),
    }
}

/// The guest's root, which is there even without a grant.
fn root() -> Descriptor {
    let root = preopens::get_directories().into_iter().find(|(_, name)| name == "/");
    root.expect("the preopen `/`").0
}

/// A path of so many bytes: one long name, and many short ones.
pub(crate) fn long_path(argument: Option<&str>) {
    let length = usize::try_from(number(argument)).expect("a length in bytes");
    println!("one name: {}", try_open(&directory(), &"n".repeat(length)));
    println!("many names: {}", try_open(&directory(), &"n/".repeat(length / 2)));
    println!("many dots: {}", try_open(&directory(), &(".".to_owned() + &"/.".repeat(length / 2))));
}

/// A path with a NUL in it: what is before the NUL exists.
pub(crate) fn nul_path(_: Option<&str>) {
    println!("NUL inside: {}", try_open(&directory(), "a.txt\0.png"));
    println!("NUL at the end: {}", try_open(&directory(), "a.txt\0"));
    println!("without: {}", try_open(&directory(), "a.txt"));
}

/// In and out of one directory so many times, and once too often.
pub(crate) fn deep_path(argument: Option<&str>) {
    let turns = usize::try_from(number(argument)).expect("a number of turns");
    println!("ends inside: {}", try_open(&directory(), &("sub/../".repeat(turns) + "a.txt")));
    println!("ends outside: {}", try_open(&directory(), &("sub/../".repeat(turns) + "../secret.txt")));
}

/// Is refused a path that would deceive whoever reads the message.
pub(crate) fn escape_text(_: Option<&str>) {
    println!("{}", try_open(&root(), DECEIT));
}

/// Is refused the same path so many times.
pub(crate) fn many_denials(argument: Option<&str>) {
    let root = root();
    let refused = (0..number(argument)).filter(|_| try_open(&root, "secret.txt") == "not-permitted").count();
    println!("refused {refused} times");
}

/// Is refused as many different paths as asked.
pub(crate) fn many_guesses(argument: Option<&str>) {
    let root = root();
    let refused = (0..number(argument)).filter(|n| try_open(&root, &format!("guess-{n}")) == "not-permitted").count();
    println!("refused {refused} times");
}

/// Opens `flip/key.txt` so many times, while somebody swaps `flip` for a symlink that leads out, and says what it ever read.
pub(crate) fn race(argument: Option<&str>) {
    let directory = directory();
    let (mut inside, mut refused, mut outside) = (0_u64, 0_u64, 0_u64);
    for _ in 0..number(argument) {
        let opened =
            directory.open_at(PathFlags::SYMLINK_FOLLOW, "flip/key.txt", OpenFlags::empty(), DescriptorFlags::READ);
        match opened.and_then(|file| file.read(80, 0)) {
            Ok((bytes, _)) if bytes == b"inside" => inside += 1,
            Ok(_) => outside += 1,
            Err(_) => refused += 1,
        }
    }
    println!("inside {inside} refused {refused} outside {outside}");
}
