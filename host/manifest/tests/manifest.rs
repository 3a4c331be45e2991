//! What manifests mean.
#![expect(clippy::unwrap_used, reason = "a test fails by panic")]

use caphost_manifest::{DatabasePlace, Declaration, Form, Manifest, ManifestErrors, OnDenyChoice, Source, Timestamp};
use caphost_policy::{Capability, Grant, Limits, Policy, Rate, Request, Target};
use std::time::Duration;

const JSON: &str = r#"{"allow": ["net", "time"], "fs": {"read": ["/tmp/data"], "write": []}}"#;

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

fn policy(declaration: &Declaration) -> Policy {
    declaration.policy(Timestamp::EPOCH, Limits::default())
}

fn rules(declaration: &Declaration) -> Vec<String> {
    policy(declaration).grants().iter().map(|grant| grant.rule.to_string()).collect()
}

fn reads(policy: &Policy, path: &str) -> bool {
    policy.decide(&Request { capability: Capability::FsRead, target: Target::Path(path) }).is_allowed()
}

#[test]
fn the_short_lists_are_those_of_the_options() {
    let text = "version = 1\nallow = [\"fs:./data\", \"time\", \"core\", 'fs.read:a\\,b::/in']\ndeny = [\"net\"]";
    let declaration = declared(text, &[], None);
    assert_eq!(rules(&declaration), ["fs.read:./data", "fs.write:./data", "time.wall", r"fs.read:a\,b::/in"]);
    assert_eq!(declaration.denies.len(), 6);
    assert_eq!(rules(&declared("version = 1\nallow = []", &[], None)), [""; 0]);
}

#[test]
fn the_place_of_each_rule_is_known() {
    let text = "version = 1\nallow = [\"time\",\n  \"random\"]\n[[grant]]\nid = \"api\"\ncap = \"env.read\"\n\
                [env]\nA = \"1\"\n[limits]\nfuel = 3";
    let declaration = declared(text, &[], None);
    let origins: Vec<_> = declaration.grants.iter().map(|grant| grant.origin.to_string()).collect();
    assert_eq!(origins, ["caphost.toml:2", "caphost.toml:3", "caphost.toml:4 (api)"]);
    assert_eq!(declaration.grants[1].origin.column(), Some(3));
    assert_eq!(declaration.environment[0].origin.line(), Some(8));
    assert_eq!(declaration.limits.fuel.unwrap().origin.line(), Some(10));
}

#[test]
fn an_entry_is_a_grant_for_each_capability_and_scope() {
    let text = r#"
        version = 1
        [[grant]]
        cap = ["fs.read", "fs.write"]
        scopes = ["./a", 'b\,c', "d\\::e", "x,y"]
        ttl = "10m"
        [[grant]]
        cap = "env"
        [[grant]]
        cap = "net"
        scopes = []
        [[grant]]
        cap = "fs.read"
        scopes = ["./in"]
        as = "/in"
    "#;
    let declaration = declared(text, &[], None);
    let ten_minutes = Some(Duration::from_secs(600));
    assert!(declaration.grants[..8].iter().all(|grant| grant.value.grant.expires_after == ten_minutes));
    assert_eq!(
        rules(&declaration),
        [
            "fs.read:./a",
            r"fs.read:b\,c",
            r"fs.read:d\:\:e",
            r"fs.read:x\,y",
            "fs.write:./a",
            r"fs.write:b\,c",
            r"fs.write:d\:\:e",
            r"fs.write:x\,y",
            "env.read",
            "env.write",
            "fs.read:./in::/in",
        ]
    );
}

#[test]
fn the_terms_of_a_grant_are_read() {
    let text = r#"
        version = 1
        [[grant]]
        cap = "net.connect"
        scopes = ["https://api.example.com"]
        expires = 2027-01-01T02:00:00+02:00
        quota = { ops = 100, bytes = "10MiB", received-bytes = 5, sent-bytes = "1kB", connections = 5, concurrent = 2, rate = "10/s" }
        methods = ["GET"]
        paths = ["/v1"]
        headers = { X-Key = "{env:API_KEY}" }
    "#;
    let grant = declared(text, &[], None).grants.remove(0).value;
    assert_eq!(grant.expires.map(|time| time.to_string()).as_deref(), Some("2027-01-01T00:00:00Z"));
    let quota = grant.grant.quota.unwrap();
    assert_eq!((quota.operations, quota.bytes, quota.received_bytes), (Some(100), Some(10 << 20), Some(5)));
    assert_eq!((quota.sent_bytes, quota.connections, quota.concurrent), (Some(1000), Some(5), Some(2)));
    assert_eq!(quota.rate, Some(Rate { operations: 10, per: Duration::from_secs(1) }));
    let http = grant.grant.http.clone().unwrap();
    assert_eq!(
        (http.methods, http.paths, http.headers[0].name.as_str()),
        (vec!["GET".to_owned()], vec!["/v1".to_owned()], "x-key")
    );
    let at = |seconds| grant.at(Timestamp::from_unix(seconds)).expires_after;
    assert_eq!(at(1_798_761_590), Some(Duration::from_secs(10)));
    assert_eq!(at(1_798_761_600), Some(Duration::ZERO));
    assert_eq!(at(i64::MAX), Some(Duration::ZERO), "an end that is past is past");
}

#[test]
fn headers_without_other_terms_are_terms() {
    let text = "version = 1\n[[grant]]\ncap = \"net.connect\"\nscopes = [\"https://h.example\"]\nheaders = {}";
    assert!(declared(text, &[], None).grants[0].value.grant.http.is_some());
}

#[test]
fn an_exception_belongs_to_the_rules_that_it_is_inside_of() {
    let text = r#"
        version = 1
        allow = ["fs.read:/srv"]
        deny = ["fs.read:/srv/c", { cap = "fs.read", scopes = ["/srv/a", "/srv/b"], except = ["/srv/a/public"] }]
    "#;
    let declaration = declared(text, &[], None);
    let shown: Vec<_> = declaration.denies.iter().map(|deny| deny.value.to_string()).collect();
    assert_eq!(shown, ["fs.read:/srv/c", "fs.read:/srv/a except /srv/a/public", "fs.read:/srv/b"]);
    let policy = policy(&declaration);
    let answers = ["/srv/x", "/srv/a/x", "/srv/a/public/x", "/srv/b/x", "/srv/c"].map(|path| reads(&policy, path));
    assert_eq!(answers, [true, false, true, false, false]);
}

#[test]
fn the_rest_is_read() {
    let text = r#"
        version = 1
        component = "app.wasm"
        arguments = ["", "--x"]
        on-deny = "trap"
        [limits]
        memory = "64MiB"
        timeout = "30s"
        fuel = 1_000_000
        max-handles = 64
        max-instances = 10
        max-output = 0x100000
        db = { rows = 1, row-bytes = 2, result-bytes = 3, statement-time = "4s", connections = 5, transactions = 6 }
        [env]
        MODE = "fast"
        EMPTY = ""
        [db]
        main.url = "sqlite:app.db"
        two.url-env = "URL"
        three = { url-file = "secret.url" }
        [audit]
        file = "log.jsonl"
        on-error = "continue"
        rotate = "100MiB"
        keep = 5
    "#;
    let declaration = declared(text, &[], None);
    assert_eq!(declaration.component.as_ref().map(|path| path.value.as_str()), Some("app.wasm"));
    assert_eq!(declaration.arguments, ["", "--x"]);
    assert_eq!(declaration.on_deny.as_ref().map(|choice| choice.value), Some(OnDenyChoice::Trap));
    let policy = policy(&declaration);
    let limits = policy.limits();
    assert_eq!((limits.memory_bytes, limits.wall_time), (Some(64 << 20), Some(Duration::from_secs(30))));
    assert_eq!((limits.fuel, limits.open_handles, limits.instances), (Some(1_000_000), 64, 10));
    assert_eq!((limits.output_bytes, limits.databases.rows, limits.databases.row_bytes), (Some(1 << 20), Some(1), 2));
    assert_eq!((limits.databases.connections, limits.databases.transactions), (5, 6));
    assert_eq!(rules(&declaration), ["env.read:MODE", "env.read:EMPTY"]);
    let places: Vec<_> = declaration.databases.iter().map(|place| place.value.1.clone()).collect();
    assert!(matches!(&places[..], [DatabasePlace::Url(_), DatabasePlace::Environment(_), DatabasePlace::File(_)]));
    let audit = declaration.audit.unwrap().value;
    assert_eq!((audit.file.as_deref(), audit.rotate_bytes, audit.keep), (Some("log.jsonl"), Some(100 << 20), Some(5)));
}

#[test]
fn profiles_add_rules_and_replace_the_rest() {
    let text = r#"
        version = 1
        allow = ["time"]
        on-deny = "trap"
        limits = { memory = 1, fuel = 2 }
        env = { A = "1", B = "2" }
        audit = { file = "a.jsonl", keep = 3 }
        db.main.url = "sqlite:a.db"
        [profiles.base]
        allow = ["random"]
        limits.memory = 5
        [profiles.dev]
        extends = "base"
        allow = ["env.write"]
        deny = ["net"]
        on-deny = "error"
        limits.memory = 7
        env = { B = "3", C = "4" }
        audit = { on-error = "continue" }
        db.MAIN.url = "sqlite:b.db"
        [profiles.both]
        extends = ["dev", "base"]
    "#;
    assert_eq!(manifest(text).profiles().collect::<Vec<_>>(), ["base", "both", "dev"]);
    assert_eq!(rules(&declared(text, &[], None)), ["time.wall", "env.read:A", "env.read:B"]);
    let declaration = declared(text, &["both", "dev"], None);
    assert_eq!(
        rules(&declaration),
        ["time.wall", "random", "env.write", "env.read:A", "env.read:B", "env.read:C"],
        "each once, what it extends before it"
    );
    assert_eq!(declaration.denies.len(), 6);
    assert_eq!(declaration.on_deny.unwrap().value, OnDenyChoice::Error);
    assert_eq!((declaration.limits.memory.unwrap().value, declaration.limits.fuel.unwrap().value), (7, 2));
    let audit = declaration.audit.unwrap().value;
    assert_eq!((audit.file.as_deref(), audit.keep), (Some("a.jsonl"), Some(3)));
    assert!(audit.on_error.is_some() && declaration.databases.len() == 1);
    let unknown = manifest(text).declaration(&["bsae".to_owned()], None).unwrap_err().to_string();
    assert_eq!(unknown, "caphost.toml: this file has no profile `bsae`\nhint: did you mean `base`?");
}

#[test]
fn a_package_narrows_and_grants_nothing() {
    let text = r#"
        version = 1
        allow = ["fs.read:/data", "time"]
        env = { MODE = "fast" }
        [packages.app]
        allow = ["fs.read:/data/in"]
        deny = ["fs.read:/data/in/keys"]
    "#;
    let wide = declared(text, &[], Some("other"));
    assert!(wide.narrowed.is_none() && reads(&policy(&wide), "/data/out"));
    let narrow = declared(text, &[], Some("app"));
    let policy = policy(&narrow);
    let answers = ["/data/in/a", "/data/out", "/data/in/keys"].map(|path| reads(&policy, path));
    assert_eq!(answers, [true, false, false]);
    let may_read_variable = Request { capability: Capability::EnvRead, target: Target::Name("MODE") };
    assert!(policy.decide(&may_read_variable).is_allowed(), "a variable that is given can be read");
    let has_time = Request { capability: Capability::TimeWall, target: Target::None };
    assert!(!policy.decide(&has_time).is_allowed());
    let order: Vec<_> = policy.grants().iter().map(|grant: &Grant| grant.rule.to_string()).collect();
    assert_eq!(order, ["fs.read:/data", "time.wall", "env.read:MODE", "fs.read:/data/in", "env.read:MODE"]);
    assert_eq!(manifest(text).packages().collect::<Vec<_>>(), ["app"]);
}

#[test]
fn the_older_form_is_read_as_it_stands() {
    let declaration = read("old.json", JSON).unwrap().declaration(&[], None).unwrap();
    let texts = rules(&declaration);
    assert_eq!(texts.len(), 8);
    assert_eq!(texts.last().map(String::as_str), Some("fs.read:/tmp/data"));
    assert_eq!(declaration.grants.last().unwrap().origin.to_string(), "old.json:1");
    let policy = policy(&declaration);
    assert!(reads(&policy, "/tmp/data/a") && !reads(&policy, "/tmp/other"));
    let writes = Request { capability: Capability::FsWrite, target: Target::Path("/tmp/data/a") };
    assert!(!policy.decide(&writes).is_allowed());
}

#[test]
fn lists_of_files_say_all_that_is_granted_of_them() {
    for (text, granted) in [
        (r#"{"allow": ["fs"]}"#, vec!["fs.read", "fs.write"]),
        (r#"{"allow": ["fs"], "fs": {}}"#, vec![]),
        (r#"{"allow": ["fs", "fs.read", "time"], "fs": {"read": []}}"#, vec!["time.wall"]),
        (
            r#"{"fs": {"read": ["a,b", "c::d"], "write": ["/out"]}}"#,
            vec![r"fs.read:a\,b", r"fs.read:c\:\:d", "fs.write:/out"],
        ),
        ("{}", vec![]),
        ("\u{feff}{\r\n}", vec![]),
    ] {
        let declaration =
            read("old.json", text).unwrap_or_else(|errors| panic!("{errors}")).declaration(&[], None).unwrap();
        assert_eq!(rules(&declaration), granted, "{text}");
    }
    let text = r#"{"allow": ["fs"], "deny": ["fs.write"], "fs": {"read": ["/a"], "write": ["/a"]}, "packages": {"app": {"fs": {"read": ["/a/b"]}}}}"#;
    let declaration = read("old.json", text).unwrap().declaration(&[], Some("app")).unwrap();
    let policy = policy(&declaration);
    assert_eq!(["/a/b/c", "/a/c"].map(|path| reads(&policy, path)), [true, false]);
    assert_eq!(declaration.denies.len(), 1);
}

#[test]
fn relative_paths_are_those_of_the_manifest() {
    let text = r#"
        version = 1
        component = "app.wasm"
        allow = ["fs.read:./data", "fs.read:/abs", "fs.write:out::/o"]
        deny = [{ cap = "fs", scopes = ["./data"], except = ["./data/public"] }]
        db = { main.url = "sqlite:a.db" }
        audit.file = "log.jsonl"
        [[grant]]
        cap = "net.connect"
        scopes = ["https://h.example"]
        headers = { x-key = "a {file:key.txt} {env:B}" }
    "#;
    let written = declared(text, &[], None);
    assert_eq!(written.clone().relative_to(""), written);
    let declaration = written.relative_to("/srv");
    assert_eq!(rules(&declaration)[..3], ["fs.read:/srv/data::./data", "fs.read:/abs", "fs.write:/srv/out::/o"]);
    assert_eq!(declaration.denies[0].value.to_string(), "fs.read:/srv/data except /srv/data/public");
    assert_eq!(declaration.component.as_ref().unwrap().value, "/srv/app.wasm");
    assert_eq!(declaration.audit.as_ref().unwrap().value.file.as_deref(), Some("/srv/log.jsonl"));
    let header = &declaration.grants[3].value.grant.http.as_ref().unwrap().headers[0];
    assert_eq!(header.value_text(), "a {file:/srv/key.txt} {env:B}");
}

#[test]
fn packages_do_not_share_a_quota_for_they_run_one_at_a_time() {
    let grant = "cap = \"fs.read\"\nscopes = [\"./data\"]\nquota = { ops = 100 }\n";
    let of = |name: &str| format!("[[packages.{name}.grant]]\n{grant}");
    let text = |packages: &str| format!("version = 1\n[[grant]]\n{grant}{packages}");
    assert!(declared(&text(&(of("a") + &of("b"))), &[], Some("b")).narrowed.is_some());
    let twice = read("caphost.toml", &text(&(of("c") + &of("a") + &of("a")))).unwrap_err();
    assert_eq!((twice.errors().len(), twice.errors()[0].line), (1, 14));
    let more = of("b").replace("100", "101");
    let more = read("caphost.toml", &text(&(of("a") + &more))).unwrap_err();
    assert_eq!((more.errors().len(), more.errors()[0].line), (1, 10));
}

#[test]
fn more_full_files_than_are_kept_are_an_error() {
    let text = |keep| format!("version = 1\n[audit]\nfile = 'a'\nrotate = '1MiB'\nkeep = {keep}");
    assert!(read("caphost.toml", &text(1_000)).is_ok());
    assert!(read("caphost.toml", &text(1_001)).unwrap_err().errors()[0].message.contains("from 1 to 1000"));
}
