//! The policies that every scenario runs under.

mod databases;

use std::time::Duration;

use caphost::policy::{Grant, HttpRule, Policy, Quota, Rate, Rule, parse_list};
use scenarios::{Scenario, peers};

/// A policy for each scenario, and what happens in the middle of one.
pub(crate) struct Setup {
    /// Its name.
    pub(crate) name: &'static str,
    /// What a scenario is allowed, given what it needs.
    grants: fn(&Scenario) -> Vec<Grant>,
    /// What is denied all the same.
    denies: &'static str,
    /// What happens when the scenario says that its middle is reached.
    pub(crate) middle: Middle,
    /// The outcome hangs on the number of calls, which is another one where `std` makes them.
    pub(crate) counts_calls: bool,
    /// For the scenarios about a database, and no others.
    is_about_databases: bool,
}

/// What happens in the middle of a scenario.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Middle {
    /// Nothing.
    Nothing,
    /// Every grant is taken back.
    RevokeAll,
    /// Every grant of `fs.write` and `db.write` is taken back.
    RevokeWriting,
    /// Two minutes pass by the session's clock.
    TimePasses,
    /// Every grant is taken back soon after, while the guest waits.
    RevokeSoon,
    /// Two minutes pass by the session's clock soon after, while the guest waits.
    TimePassesSoon,
    /// PostgreSQL is killed, and comes back after the run.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test does it, and no run of the matrix"))]
    Kill,
    /// The same soon after, while the guest waits.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test does it, and no run of the matrix"))]
    KillSoon,
}

/// Everything that a scenario could need.
const EVERYTHING: &str = "fs:.,env,net,time,random";

const MINUTE: Duration = Duration::from_secs(60);

impl Setup {
    /// The policy for `scenario`.
    pub(crate) fn policy(&self, scenario: &Scenario) -> Policy {
        let builder =
            (self.grants)(scenario).into_iter().fold(Policy::builder(), |builder, grant| builder.allow(grant));
        // So that the sign for the middle is refused under every policy.
        let checkpoint = format!("env:CHECKPOINT,net.connect:{}", peers::CHECKPOINT);
        let denies = rules(self.denies).into_iter().chain(rules(&checkpoint));
        denies.fold(builder, |builder, rule| builder.deny(rule)).build()
    }

    /// All of the database, while PostgreSQL is killed.
    #[cfg(test)]
    pub(crate) fn killing(middle: Middle) -> Self {
        Self::of_databases("killed", |_| list("db:main"), "", middle)
    }

    fn of_databases(
        name: &'static str,
        grants: fn(&Scenario) -> Vec<Grant>,
        denies: &'static str,
        middle: Middle,
    ) -> Self {
        Self { name, grants, denies, middle, counts_calls: false, is_about_databases: true }
    }

    /// Whether `scenario` comes to an end under it: one that waits does where something ends that, or where nothing is granted.
    pub(crate) fn suits(&self, scenario: &Scenario) -> bool {
        if self.is_about_databases != scenario.uses_database {
            return false;
        }
        let ends_waiting = matches!(self.middle, Middle::RevokeSoon | Middle::TimePassesSoon);
        ends_waiting == scenario.waits || (scenario.waits && (self.grants)(scenario).is_empty())
    }
}

/// Every policy.
pub(crate) fn all() -> Vec<Setup> {
    let mut all = of_others();
    all.extend(databases::all());
    all
}

fn of_others() -> Vec<Setup> {
    let made = |name, grants, denies, middle, counts_calls| Setup {
        name,
        grants,
        denies,
        middle,
        counts_calls,
        is_about_databases: false,
    };
    let setup = |name, grants, denies| made(name, grants, denies, Middle::Nothing, false);
    let middle = |name, grants, middle| made(name, grants, "", middle, false);
    let counted = |name, grants| made(name, grants, "", Middle::Nothing, true);
    vec![
        setup("nothing", |_| Vec::new(), ""),
        setup("what it needs", needs, ""),
        setup("all but the first that it needs", all_but_the_first, ""),
        setup("all but the last that it needs", all_but_the_last, ""),
        setup("everything", everything, ""),
        setup("everything but the secret", everything, "fs:./data/secret,env:APP_SECRET"),
        setup("everything but writing data", everything, "fs.write:./data"),
        setup("everything but reading data", everything, "fs.read:./data"),
        setup("everything but data", everything, "fs:./data"),
        setup("everything but one file", everything, "fs:./data/a.txt"),
        setup("everything but the log", everything, "fs.write:./out/log.txt"),
        setup("everything but reading files", everything, "fs.read"),
        setup("everything but files, which are granted", everything, "fs"),
        setup("everything but the environment", everything, "env"),
        setup("everything but the network, which is granted", everything, "net"),
        setup("everything but TCP", everything, "net.connect,net.listen"),
        setup("everything but datagrams", everything, "net.udp"),
        setup("everything but WebSockets", everything, "websocket.connect,websocket.listen"),
        setup("everything but this host", everything, "net:loopback"),
        setup("everything but names", everything, "net:peer.test,net:nobody.test"),
        setup("everything but one port", everything, "net:127.77.1.1:27071,net:127.77.1.1:27080"),
        setup("everything but time", everything, "time"),
        setup("everything but chance", everything, "random"),
        setup("reading only", |_| list("fs.read:.,env.read,time,random"), ""),
        setup("writing only", |_| list("fs.write:.,env.write,time,random"), ""),
        setup("prefixes", |_| list("fs:./data,env.read:APP_*,env.write:APP_*"), ""),
        setup("single files", |_| list("fs.read:./data/a.txt,fs:./out/log.txt"), ""),
        setup("a subdirectory more", |_| list("fs.read:./data,fs:./data/sub"), ""),
        setup("other places in the tree", |_| list("fs.read:./out::/data,fs:./data::/out"), ""),
        setup("files only", |_| list("fs:."), ""),
        setup("all but files", |_| list("env,net,time,random"), ""),
        setup("the network only", |_| list("net"), ""),
        setup("this host only", |_| list("net:loopback"), ""),
        setup("the peers' address only", |_| list("net:127.77.1.1"), ""),
        setup("public addresses only", |_| list("net:public"), ""),
        setup("names only", |_| list("net:peer.test,net:*.test"), ""),
        setup("TCP to everybody", |_| list("net.connect"), ""),
        setup("one page", |_| http("GET http://127.77.1.1:27080/hello"), ""),
        setup("methods that change nothing", |_| http("GET,HEAD http://127.77.1.1:27080/"), ""),
        setup("a header of the host's", |_| http("http://127.77.1.1:27080/ x-mine: {file:./one.txt}"), ""),
        setup("twice the same", |scenario| [needs(scenario), needs(scenario)].concat(), ""),
        setup("expired", |_| expiring(Duration::ZERO), ""),
        setup("not expired yet", |_| expiring(MINUTE), ""),
        middle("expires in the middle", |_| expiring(MINUTE), Middle::TimePasses),
        middle("expires while it waits", |_| expiring_network(MINUTE), Middle::TimePassesSoon),
        middle("revoked while it waits", |_| list("net"), Middle::RevokeSoon),
        middle("revoked while it waits, what it needs", needs, Middle::RevokeSoon),
        middle("revoked in the middle", everything, Middle::RevokeAll),
        middle("writing revoked in the middle", everything, Middle::RevokeWriting),
        counted("one call", |_| limited(Quota { operations: Some(1), ..Quota::default() })),
        counted("three calls", |_| limited(Quota { operations: Some(3), ..Quota::default() })),
        counted("one byte less than the file", |_| limited(Quota { bytes: Some(5), ..Quota::default() })),
        counted("as many bytes as the file", |_| limited(Quota { bytes: Some(6), ..Quota::default() })),
        counted("six bytes in", |_| limited(Quota { received_bytes: Some(6), ..Quota::default() })),
        counted("six bytes out", |_| limited(Quota { sent_bytes: Some(6), ..Quota::default() })),
        counted("three operations a minute", |_| {
            limited(Quota { rate: Some(Rate { operations: 3, per: MINUTE }), ..Quota::default() })
        }),
        counted("two connections", |_| limited(Quota { connections: Some(2), ..Quota::default() })),
        counted("two connections at a time", |_| limited(Quota { concurrent: Some(2), ..Quota::default() })),
    ]
}

fn rules(text: &str) -> Vec<Rule> {
    if text.is_empty() {
        Vec::new()
    } else {
        parse_list(text).unwrap_or_else(|error| panic!("{}", error.render("a policy")))
    }
}

fn list(text: &str) -> Vec<Grant> {
    rules(text).into_iter().map(Grant::from).collect()
}

/// Requests by these terms, and everything that is not the network.
fn http(rule: &str) -> Vec<Grant> {
    let rule = HttpRule::parse(rule).unwrap_or_else(|error| panic!("{}", error.render("a policy")));
    [vec![rule], list("fs:.,env,time,random")].concat()
}

fn needs(scenario: &Scenario) -> Vec<Grant> {
    list(&scenario.needs.join(","))
}

fn all_but_the_first(scenario: &Scenario) -> Vec<Grant> {
    needs(scenario).split_off(scenario.needs.len().min(1))
}

fn all_but_the_last(scenario: &Scenario) -> Vec<Grant> {
    let needs = scenario.needs.split_last().map_or(&[][..], |(_, rest)| rest);
    list(&needs.join(","))
}

fn everything(_: &Scenario) -> Vec<Grant> {
    list(EVERYTHING)
}

fn expiring(after: Duration) -> Vec<Grant> {
    list(EVERYTHING).into_iter().map(|grant| Grant { expires_after: Some(after), ..grant }).collect()
}

/// Without the clock: a C library that waits for a time would be woken by the end of that grant.
fn expiring_network(after: Duration) -> Vec<Grant> {
    list("net").into_iter().map(|grant| Grant { expires_after: Some(after), ..grant }).collect()
}

fn limited(quota: Quota) -> Vec<Grant> {
    list(EVERYTHING).into_iter().map(|grant| Grant { quota: Some(quota), ..grant }).collect()
}
