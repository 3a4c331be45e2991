//! What reading a manifest may take, whoever wrote it.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test looks at the clock, and fails by panic")]

use caphost_manifest::{Declaration, Form, Manifest, ManifestErrors, Source};
use std::time::{Duration, Instant};

fn read(name: &str, text: &str) -> Result<Manifest, ManifestErrors> {
    Manifest::read(Source { name, text, form: Form::of(name) })
}

fn manifest(text: &str) -> Manifest {
    read("caphost.toml", text).unwrap_or_else(|errors| panic!("{errors}"))
}

fn declared(text: &str, profiles: &[&str], package: Option<&str>) -> Declaration {
    let profiles: Vec<_> = profiles.iter().map(|name| (*name).to_owned()).collect();
    manifest(text).declaration(&profiles, package).unwrap()
}

/// What is said of a manifest that is wrong, in one line.
fn said(text: &str) -> String {
    read("caphost.toml", text).unwrap_err().errors()[0].message.clone()
}

#[test]
fn what_is_nested_deep_is_refused_and_no_stack_overflows() {
    let many = 100_000;
    for text in [
        format!("a = {}{}", "[".repeat(many), "]".repeat(many)),
        format!("a = {}", "[".repeat(many)),
        format!("a = {}1{}", "{a=".repeat(many), "}".repeat(many)),
        format!("{}a = 1", "a.".repeat(many)),
        format!("[{}a]\nb = 1", "a.".repeat(many)),
        format!("[[{}a]]\nb = 1", "a.".repeat(many)),
        format!("a = {{ {}a = 1 }}", "a.".repeat(many)),
    ] {
        let said = said(&text);
        assert!(said.contains("too deep") || said.contains("16 dots"), "{said}");
    }
    for text in ["[".repeat(many), format!("{}{}", "[".repeat(many), "]".repeat(many)), "{\"a\":".repeat(many)] {
        assert!(read("old.json", &text).is_err());
    }
    let nested = format!("{{\"packages\": {}1{}}}", "{\"a\":".repeat(many), "}".repeat(many));
    assert!(read("old.json", &nested).unwrap_err().to_string().contains("too deep"));
}

#[test]
fn what_would_take_much_memory_is_refused() {
    let fill = |unit: &str, bytes: usize| unit.repeat(bytes / unit.len());
    let bytes = 15 << 20;
    for text in [
        format!("a = [{}]", fill("{a=1},", bytes)),
        format!("a = [{}]", fill("[1],", bytes)),
        format!("a = [{}]", fill("\"\",", bytes)),
        fill("[[a]]\nb=1\n", bytes),
        fill("\n", bytes),
    ] {
        let said = said(&text);
        assert!(said.contains("at most") || said.contains("needs `version`"), "{said}");
    }
    assert!(said(&" ".repeat((16 << 20) + 1)).contains("16 MiB at most"));
    assert!(said(&" ".repeat(16 << 20)).contains("needs `version`"), "the control");
    let json = format!("{{\"allow\": [{}\"net\"]}}", fill("\"\",", bytes));
    assert!(read("old.json", &json).unwrap_err().to_string().contains("at most"));
    let product = |terms: &str| {
        let scopes = "\"https://h.example\",".repeat(20_000);
        format!("version = 1\n[[grant]]\ncap = \"net.connect\"\nscopes = [{scopes}]\n{terms}")
    };
    assert!(read("caphost.toml", &product("")).is_ok(), "the control");
    let paths: String = (0..5_000).map(|number| format!("\"/{number}\",")).collect();
    assert!(said(&product(&format!("paths = [{paths}]"))).contains("more than a manifest holds"));
    let scopes = "\"./a\",".repeat(2_000);
    let deny = format!("version = 1\n[[deny]]\ncap = \"fs\"\nscopes = [{scopes}]\nexcept = [{scopes}]");
    assert!(said(&deny).contains("more than a manifest holds"));
}

#[test]
fn long_names_and_lines_are_cut() {
    let name = "k".repeat(1 << 20);
    let text = format!("version = 1\n{name} = \"{}\"\nallow = [\"{name}\"]", "v".repeat(10 << 20));
    let errors = read("caphost.toml", &text).unwrap_err();
    assert_eq!(errors.errors().len(), 2);
    assert!(errors.to_string().len() < 2_000, "{errors}");
}

#[test]
fn profiles_that_extend_each_other_a_thousand_times_are_added_once() {
    let count = 10_000;
    let chain: String = (0..count)
        .map(|number| {
            format!("[profiles.p{number}]\nextends = [\"p{}\", \"p{}\"]\nallow = [\"time\"]\n", number + 1, number + 2)
        })
        .collect();
    let text = format!("version = 1\n{chain}[profiles.p{count}]\n[profiles.p{}]", count + 1);
    let started = Instant::now();
    assert_eq!(declared(&text, &["p0"], None).grants.len(), count);
    let ring =
        text.replace(&format!("[profiles.p{}]", count + 1), &format!("[profiles.p{}]\nextends = \"p0\"", count + 1));
    assert!(said(&ring).contains("`p0` would be added before itself"));
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn one_long_line_is_read_as_fast_as_many_lines() {
    let rules: String = (0..5_000).map(|number| format!("\"fs.read:/srv/{number}\",")).collect();
    let text = format!("version = 1\nallow = [{rules}]");
    let started = Instant::now();
    let declaration = declared(&text, &[], None);
    assert_eq!(declaration.grants.len(), 5_000);
    assert!(declaration.grants[4_999].origin.column() > Some(90_000));
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[test]
fn a_path_of_many_directories_counts_as_many_rules() {
    let deep = |parts: usize| format!("version = 1\nallow = ['fs.read:/{}']", "a/".repeat(parts));
    assert!(said(&deep(3_000_000)).contains("more than a manifest holds"));
    assert_eq!(declared(&deep(10_000), &[], None).grants.len(), 1);
    let json = format!("{{\"fs\": {{\"read\": [\"/{}\"]}}}}", "a/".repeat(3_000_000));
    assert!(read("old.json", &json).unwrap_err().to_string().contains("more than a manifest holds"));
}

#[test]
fn many_packages_are_compared_in_linear_time() {
    let rules: Vec<_> = (0..5_000).map(|number| format!("'env.read:A{number}'")).collect();
    let one = |number| format!("[[packages.p{number}.grant]]\ncap = 'random'\nquota = {{ ops = 1 }}\n");
    let packages: String = (0..5_000).map(one).collect();
    let granted = "[[grant]]\ncap = 'random'\nquota = { ops = 1 }\n";
    let started = Instant::now();
    let text = format!("version = 1\nallow = [{}]\n{granted}{packages}", rules.join(","));
    assert!(said(&text).contains("a package grants no more"));
    assert!(started.elapsed() < Duration::from_secs(60));
}
