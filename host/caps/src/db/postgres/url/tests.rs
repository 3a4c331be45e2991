use super::*;

fn parse(url: &str) -> PostgresSource {
    PostgresSource::parse(url).unwrap()
}

fn refusal(url: &str) -> String {
    PostgresSource::parse(url).unwrap_err()
}

#[test]
fn every_part_of_a_url_is_read() {
    let source = parse("postgres://ann%40home:se%3Acret@db.example.com:6432/app?schema=sales&sslrootcert=ca.pem");
    assert_eq!(source.host(), &PostgresHost::Name("db.example.com".into()));
    assert_eq!((source.port(), source.user(), source.database()), (6432, "ann@home", "app"));
    assert_eq!((source.password(), source.schema()), (Some("se:cret"), "sales"));
    assert_eq!(source.root_certificate(), Some(Path::new("ca.pem")));
    assert_eq!(source.protection(), Protection::VerifiedTls);
}

#[test]
fn what_a_url_leaves_out_has_a_default() {
    let source = parse("postgresql://ann@[::1]");
    assert_eq!(source.host(), &PostgresHost::Address("::1".parse().unwrap()));
    assert_eq!((source.port(), source.database(), source.schema()), (5432, "ann", "public"));
    assert!(!source.has_password());
}

#[test]
fn a_socket_is_named_by_its_directory() {
    let source = parse("postgres:///app?host=/run/postgresql&port=5433&user=ann");
    assert_eq!(source.host(), &PostgresHost::Socket("/run/postgresql".into()));
    assert_eq!((source.port(), source.user(), source.database()), (5433, "ann", "app"));
    assert_eq!(parse("postgres://ann@%2Frun/app").host(), &PostgresHost::Socket("/run".into()));
}

#[test]
fn nothing_but_this_host_is_spoken_with_in_the_clear_unless_the_operator_says_so() {
    let protection = |place: &str| parse(&format!("postgres://ann@{place}")).protection();
    for place in
        ["db.example.com/app", "10.0.0.1/app", "localhost.example.com/app", "127.0.0.1/app?sslmode=verify-full"]
    {
        assert_eq!(protection(place), Protection::VerifiedTls, "{place}");
    }
    for place in ["127.0.0.1/app", "localhost/app", "[::ffff:127.0.0.1]/app", "10.0.0.1/app?sslmode=disable"] {
        assert_eq!(protection(place), Protection::Nothing, "{place}");
    }
    assert!(!parse("postgres://ann@10.0.0.1/app?sslmode=disable").is_private());
    assert!(parse("postgres://ann@10.0.0.1/app").is_private());
    for mode in ["allow", "prefer", "require", "verify-ca", "", "VERIFY-FULL"] {
        assert!(refusal(&format!("postgres://ann@db.example.com/app?sslmode={mode}")).contains("`verify-full`"));
    }
}

#[test]
fn a_url_that_makes_no_sense_is_refused() {
    for url in [
        "",
        "mysql://a@b/c",
        "postgres://",
        "postgres://ann@/app",
        "postgres://db.example.com/app",
        "postgres://ann@h:0/app",
        "postgres://ann@h:65536/app",
        "postgres://ann@h:+1/app",
        "postgres://ann@h h/app",
        "postgres://ann@h/app?unknown=1",
        "postgres://ann@h/app?schema=a&schema=b",
        "postgres://ann@h/app?host=other",
        "postgres://ann@h/app?port",
        "postgres://ann%4@h/app",
        "postgres://ann%zz@h/app",
        "postgres://ann%00@h/app",
        "postgres://ann%0A@h/app",
        "postgres://ann@h/app%0Ddrop",
        "postgres://ann@h/app?schema=a%1Bb",
        "postgres://ann@h/app?schema=a%E2%80%AEb",
        "postgres://ann%ff@h/app",
        "postgres://ann@h/app#x",
        "postgres://ann@h/app?schema=pg_catalog",
        "postgres://ann@h/app?schema=information_schema",
        "postgres://ann@h/app?schema=",
        "postgres://ann@127.0.0.1/app?sslrootcert=x",
        "postgres:///app?user=a&host=/run&sslmode=verify-full",
        "postgres://ann@h1,h2/app",
    ] {
        assert!(PostgresSource::parse(url).is_err(), "{url}");
    }
    assert!(PostgresSource::parse(&format!("postgres://{}@h/app", "a".repeat(64))).is_err());
    assert!(PostgresSource::parse(&format!("postgres://{}@h/app", "a".repeat(63))).is_ok(), "control");
    assert!(PostgresSource::parse(&format!("postgres://ann@h/app?schema=a{}", "&".repeat(MAX_URL_BYTES))).is_err());
}

#[test]
fn no_text_but_the_url_tells_the_password() {
    let url = "postgres://ann:hunter2@db.example.com/app";
    let source = parse(url);
    assert!(!format!("{source:?}").contains("hunter2"));
    assert_eq!(source.expose_url(), url, "control");
    for url in [
        "postgres://ann:hunter2@h:hunter2/app",
        "postgres://ann:x@hunter2@bad host/app",
        "postgres://ann:x?hunter2=1@h/app",
        "postgres://ann:x?hunter2@h/app",
        "postgres://ann:x/hunter2@h/app",
        "postgres://ann:x#hunter2@h/app",
        "postgres://ann:x%hunter2@h/app",
    ] {
        assert!(!refusal(url).contains("hunter2"), "{url}");
    }
}
