use super::*;

/// Lines with the given contents, chained.
fn chained(previous: Hash, first: u64, contents: &[&str]) -> (Vec<String>, Hash) {
    let mut previous = previous;
    let line = |(index, content): (usize, &&str)| {
        let sequence = first + index as u64;
        let line = format!("{{\"sequence\":{sequence},{content},\"previous\":\"{}\"}}", hexadecimal(&previous));
        previous = Sha256::digest(line.as_bytes()).into();
        line
    };
    let lines = contents.iter().enumerate().map(line).collect();
    (lines, previous)
}

fn header(part: u64) -> String {
    format!("\"version\":1,\"part\":{part},\"keep\":9,\"subject\":\"s\",\"started_unix_ms\":5,\"allow\":[],\"deny\":[]")
}

const ALLOWED: &str = "\"elapsed_us\":1,\"capability\":\"random\",\"call\":\"c\",\"asked\":\"\",\"decision\":\"allow\"";
const REFUSED: &str = "\"elapsed_us\":2,\"capability\":\"random\",\"call\":\"d\",\"asked\":\"\",\"decision\":\"deny\"";
const CLOSED: &str = "\"end\":\"closed\",\"ended_unix_ms\":7";
const ROTATED: &str = "\"end\":\"rotated\",\"ended_unix_ms\":6";

fn log() -> Vec<String> {
    chained([0; 32], 0, &[&header(1), ALLOWED, REFUSED, ALLOWED, "\"lost\":4", CLOSED]).0
}

fn text(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn check(text: &str) -> Result<Chain, (u64, Fault)> {
    let mut chain = Chain::new();
    let outcome = chain.file("log", text.as_bytes(), |_, _| {});
    outcome.map(|()| chain).map_err(|problem| (problem.line, problem.fault))
}

fn fault(lines: &[String]) -> (u64, Fault) {
    check(&text(lines)).unwrap_err()
}

#[test]
fn a_whole_log_holds() {
    let chain = check(&text(&log())).unwrap();
    assert_eq!(chain.totals(), Totals { files: 1, allowed: 2, refused: 1, lost: 4 });
    assert_eq!((chain.ending(), chain.header().map(|header| header.part)), (Ending::Closed, Some(1)));
    let last: Hash = Sha256::digest(log().last().unwrap()).into();
    assert_eq!(chain.last_hash(), hexadecimal(&last));
}

#[test]
fn a_changed_line_is_known_by_the_one_behind_it() {
    for index in [0, 1, 4] {
        let mut lines = log();
        lines[index] = lines[index]
            .replace("\"allow\",", "\"deny\",")
            .replace("\"s\"", "\"t\"")
            .replace("\"lost\":4", "\"lost\":5");
        assert_eq!(fault(&lines), (index as u64 + 1, Fault::Changed), "{index}");
    }
    let mut lines = log();
    lines[2] = lines[2].replace("\"call\":", "\"cull\":");
    assert!(matches!(fault(&lines), (3, Fault::NotALine(_))));
}

#[test]
fn each_tampering_has_its_own_message() {
    let with = |change: fn(&mut Vec<String>)| {
        let mut lines = log();
        change(&mut lines);
        fault(&lines)
    };
    assert_eq!(with(|lines| drop(lines.remove(2))), (3, Fault::Missing(2, 2)));
    assert_eq!(with(|lines| drop(lines.drain(2..4))), (3, Fault::Missing(2, 3)));
    assert_eq!(with(|lines| drop(lines.remove(0))), (1, Fault::NoHeader));
    assert_eq!(with(|lines| lines.swap(2, 3)), (3, Fault::Reordered(2)));
    assert_eq!(with(|lines| lines.insert(3, lines[2].clone())), (4, Fault::Repeated(2)));
    assert_eq!(with(|lines| lines.insert(4, lines[1].clone())), (5, Fault::Repeated(1)));
    assert_eq!(with(|lines| lines.push(lines[1].clone())), (7, Fault::BehindEnd));
    assert_eq!(with(|lines| lines.insert(1, lines[0].clone())), (2, Fault::StrayHeader));
    assert_eq!(with(|lines| lines.push(String::new())), (7, Fault::BehindEnd));
    assert!(matches!(with(|lines| lines.insert(1, String::new())), (2, Fault::NotALine(_))));
}

#[test]
fn a_log_that_was_cut_off_is_not_ended() {
    let lines = log();
    assert_eq!(check(&text(&lines[..5])).unwrap().ending(), Ending::NotEnded);
    let whole = text(&lines);
    assert_eq!(check(&whole[..whole.len() - 1]).unwrap_err(), (6, Fault::CutOff));
    assert_eq!(check(&whole[..whole.len() - 40]).unwrap_err(), (6, Fault::CutOff));
    assert_eq!(check("").unwrap_err(), (0, Fault::Empty));
    assert_eq!(check(&format!("{whole}x")).unwrap_err(), (7, Fault::BehindEnd));
}

#[test]
fn the_chain_goes_on_across_files() {
    let (first, hash) = chained([0; 32], 0, &[&header(1), ALLOWED, ROTATED]);
    let (second, _) = chained(hash, 3, &[&header(2), REFUSED, CLOSED]);
    let files = |files: &[&[String]]| {
        let mut chain = Chain::new();
        let mut each = files.iter().map(|lines| chain.file("log", text(lines).as_bytes(), |_, _| {}));
        each.find_map(Result::err).map_or_else(|| Ok(chain.ending()), |problem| Err((problem.line, problem.fault)))
    };
    assert_eq!(files(&[&first, &second]), Ok(Ending::Closed));
    assert_eq!(files(&[&first]), Ok(Ending::GoesOn));
    assert_eq!(files(&[&second]), Ok(Ending::Closed), "older files were removed");
    assert_eq!(files(&[&first[..2], &second]), Err((1, Fault::EndChanged)));
    assert_eq!(files(&[&second, &second]), Err((1, Fault::BehindEnd)));
    assert_eq!(files(&[&first, &first]), Err((1, Fault::SamePart(1))));
    let other: Vec<_> = second.iter().map(|line| line.replace("\"subject\":\"s\"", "\"subject\":\"t\"")).collect();
    assert_eq!(files(&[&first, &other]), Err((1, Fault::OtherLog)));
    let later: Vec<_> = second.iter().map(|line| line.replace("\"part\":2", "\"part\":4")).collect();
    assert_eq!(files(&[&first, &later]), Err((1, Fault::MissingParts(2, 3))));
}

#[test]
fn hostile_numbers_are_no_danger() {
    let mut lines = log();
    lines[3] = lines[3].replace("\"sequence\":3", &format!("\"sequence\":{}", u64::MAX));
    assert_eq!(fault(&lines), (4, Fault::Missing(3, u64::MAX - 1)));
    let part = log()[0].replace("\"part\":1", &format!("\"part\":{}", u64::MAX));
    assert!(matches!(fault(&[part]), (1, Fault::NotALine(_))));
}
