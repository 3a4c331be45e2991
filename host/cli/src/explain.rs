//! `caphost explain`: a code's page, or which rule decides.

mod ended;
mod url;

use self::url::Question;
use crate::args::ExplainArguments;
use crate::authority::{Authority, Options};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::origins::{Origins, is_of_file};
use crate::{output, settings};
use anyhow::Context;
use caphost::caps::Remedy;
use caphost::caps::ambient::{self, HostAuthority};
use caphost::manifest::Origin;
use caphost::policy::codes::Code;
use caphost::policy::visible::escape;
use caphost::policy::{
    Capability, Decision, Deny, Grant, HostPattern, HttpRule, NetScope, PathScope, Policy, Request, Rule, RuleId,
    Scope, Target, parse_list, paths,
};
use caphost::surface;
use std::convert::Infallible;

/// Answers each question.
pub(crate) fn explain(arguments: ExplainArguments) -> Result<Exit, Failure> {
    let options = Options { authority: arguments.authority, ..Options::default() };
    let authority = Authority::read(options, None)?;
    let written = authority.policy();
    let origins = authority.origins(&written);
    let directory =
        ambient::working_directory(HostAuthority::claim()).context("failed to find the working directory")?;
    let judge = Judge::new(written, origins, directory.to_string_lossy().into_owned());
    let (mut answers, mut exit) = (Vec::new(), Exit::Success);
    for question in &arguments.questions {
        if let Some(code) = code(question)? {
            answers.push(code.page());
            continue;
        }
        if let Some(question) = Question::parse(question)? {
            let answer = judge.answer_url(&question);
            if !answer.is_allowed {
                exit = Exit::No;
            }
            answers.push(answer.text);
            continue;
        }
        let rules = parse_list(question).map_err(|error| settings::unreadable("explain", &error))?;
        for rule in rules {
            let answer = judge.answer(&rule)?;
            if !answer.is_allowed {
                exit = Exit::No;
            }
            answers.push(answer.text);
        }
    }
    output::print(&answers.join("\n"))?;
    Ok(exit)
}

/// The code that `question` names, if it looks like one.
fn code(question: &str) -> Result<Option<Code>, Failure> {
    let digits = question.get(..3).filter(|head| head.eq_ignore_ascii_case("CAP")).and_then(|_| question.get(3..));
    if digits.is_none_or(|digits| digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit())) {
        return Ok(None);
    }
    let code =
        Code::from_number(question).ok_or_else(|| Failure::usage(format!("explain: there is no code `{question}`")))?;
    Ok(Some(code))
}

/// A policy, with relative paths taken from a directory.
struct Judge {
    /// Where its rules are from.
    origins: Origins,
    /// As the operator wrote it.
    written: Policy,
    /// The same rules in the same order, with absolute paths.
    anchored: Policy,
    directory: String,
}

/// What an answer about a name leaves open.
const ADDRESSES: &str = "note       the addresses of the name are checked, too, once they are known";

struct Answer {
    is_allowed: bool,
    text: String,
}

impl Judge {
    fn new(written: Policy, origins: Origins, directory: String) -> Self {
        let anchor = |scope: &PathScope| {
            let host = paths::normalise(&directory, scope.host());
            Ok(PathScope::new(&host, scope.guest()).unwrap_or_else(|_| scope.clone()))
        };
        let anchored = match written.map_paths::<Infallible>(anchor) {
            Ok(policy) => policy,
            Err(never) => match never {},
        };
        Self { origins, written, anchored, directory }
    }

    fn answer(&self, rule: &Rule) -> Result<Answer, Failure> {
        let mut lines = Vec::new();
        let is_allowed = match &rule.scope {
            Scope::Any if rule.capability.scope_kind() != caphost::policy::ScopeKind::None => {
                self.whole(rule.capability, &mut lines)
            }
            scope => self.one(rule, scope, &mut lines)?,
        };
        if !surface::is_enforced(rule.capability) {
            lines
                .push("note       nothing in this build can use it yet, so `caphost run` does not grant it".to_owned());
        }
        let verdict = if is_allowed { "allowed" } else { "refused" };
        let details: String = lines.iter().map(|line| format!("  {line}\n")).collect();
        Ok(Answer { is_allowed, text: format!("`{}` is {verdict}\n{details}", escape(&rule.to_string())) })
    }

    /// A capability without a scope: is anything of it granted, and what?
    fn whole(&self, capability: Capability, lines: &mut Vec<String>) -> bool {
        let is_allowed = self.written.has_any_grant(capability);
        let grants =
            self.origins.layers().into_iter().flatten().filter(|(grant, _)| grant.rule.capability == capability);
        let grants: Vec<_> = grants
            .map(|(grant, from)| format!("`{}`{}", written(grant), place(from.map(|from| &from.origin))))
            .collect();
        let denies = self.origins.denies().filter(|(deny, _)| deny.rule.capability == capability);
        let denies: Vec<_> = denies.map(|(deny, from)| format!("`{}`{}", shown(deny), place(from))).collect();
        lines.push(if grants.is_empty() {
            "reason     it is not granted at all".to_owned()
        } else {
            format!("granted    {}", grants.join(", "))
        });
        if !denies.is_empty() {
            lines.push(format!("denied     {}", denies.join(", ")));
        }
        if grants.is_empty() {
            lines.push(format!("hint: --allow {capability}"));
        }
        is_allowed
    }

    /// One resource.
    fn one(&self, rule: &Rule, scope: &Scope, lines: &mut Vec<String>) -> Result<bool, Failure> {
        let path = match scope {
            Scope::Path(path) => paths::normalise(&self.directory, path.host()),
            _ => String::new(),
        };
        let target = target(scope, &path, rule)?;
        if !path.is_empty() {
            lines.push(format!("resolved   {}", escape(&path)));
        }
        let request = Request { capability: rule.capability, target };
        let (decision, ended) = (self.anchored.decide(&request), self.ended(&request));
        let is_allowed = decision.is_allowed() && ended.is_none();
        lines.extend(ended.map_or_else(|| self.reason(Some(rule), rule.capability, decision), |ended| vec![ended]));
        lines.extend(self.exceptions(&request));
        if is_allowed && matches!(target, Target::Host { .. }) {
            lines.push(ADDRESSES.to_owned());
        }
        Ok(is_allowed)
    }

    /// One HTTP request.
    fn answer_url(&self, question: &Question) -> Answer {
        let request = question.request();
        let (decision, ended) = (self.anchored.decide(&request), self.ended(&request));
        let is_allowed = decision.is_allowed() && ended.is_none();
        let mut lines = match (ended, self.anchored.http_obstacle(&request)) {
            (Some(ended), _) => vec![ended],
            (None, Some((grant, term))) => {
                vec![format!("reason     grant {}: {}", self.grant(grant), url::refused(term))]
            }
            (None, None) => self.reason(question.grant().as_ref(), request.capability, decision),
        };
        lines.extend(self.exceptions(&request));
        if is_allowed && question.has_name() {
            lines.push(ADDRESSES.to_owned());
        }
        let verdict = if is_allowed { "allowed" } else { "refused" };
        let details: String = lines.iter().map(|line| format!("  {line}\n")).collect();
        Answer { is_allowed, text: format!("`{}` is {verdict}\n{details}", question.text()) }
    }

    /// A grant as it was written, and where.
    fn grant(&self, id: RuleId) -> String {
        let from = self.origins.of_grant(id).map(|from| &from.origin);
        format!("`{}`{}", self.written.grant(id).map_or(String::new(), written), place(from))
    }

    /// A deny rule as it was written, and where.
    fn deny(&self, id: RuleId) -> String {
        format!("`{}`{}", self.written.deny(id).map_or(String::new(), shown), place(self.origins.of_deny(id)))
    }

    /// The deny rules that leave it out.
    fn exceptions(&self, request: &Request<'_>) -> Vec<String> {
        let line = |(id, index): (RuleId, usize)| {
            let scope = self.written.deny(id)?.except.get(index)?;
            Some(format!("except     deny rule {} leaves it out by `{}`", self.deny(id), escape(&scope.to_string())))
        };
        self.anchored.excepting(request).into_iter().filter_map(line).collect()
    }

    /// Why it is decided so. `rule` is what would have to be granted.
    fn reason(&self, rule: Option<&Rule>, capability: Capability, decision: Decision) -> Vec<String> {
        match decision {
            Decision::Allowed { grant } => vec![format!("reason     grant {}", self.grant(grant))],
            Decision::Denied { by: Some(deny) } => vec![
                format!("reason     deny rule {}", self.deny(deny)),
                "hint: a deny rule beats every grant; remove the rule to allow it".to_owned(),
            ],
            Decision::Denied { by: None } => {
                let is_granted = self.written.has_any_grant(capability);
                let reason = if is_granted { "no grant covers it" } else { "it is not granted at all" };
                let hint = rule.map(|rule| format!("hint: {}", Remedy::Allow(rule.to_string())));
                [format!("reason     {reason}")].into_iter().chain(hint).collect()
            }
        }
    }
}

fn shown(deny: &Deny) -> String {
    escape(&deny.to_string()).to_string()
}

/// Where a rule is from, behind it, if that is a manifest.
fn place(origin: Option<&Origin>) -> String {
    origin.filter(|origin| is_of_file(origin)).map_or(String::new(), |origin| format!(" of {origin}"))
}

/// A grant in its text form, with its terms for HTTP.
fn written(grant: &Grant) -> String {
    let text = HttpRule::of(grant).map_or_else(|| grant.rule.to_string(), |rule| rule.to_string());
    escape(&text).to_string()
}

/// The one resource that `scope` names.
fn target<'a>(scope: &'a Scope, path: &'a str, rule: &Rule) -> Result<Target<'a>, Failure> {
    match scope {
        Scope::Any => Ok(Target::None),
        Scope::Path(_) => Ok(Target::Path(path)),
        Scope::Name(name) if name.prefix().is_none() => Ok(Target::Name(name.as_str())),
        Scope::Table(table) => Ok(Target::Table { database: table.database(), table: table.table() }),
        Scope::Net(net) => peer(net, rule),
        Scope::Name(_) => Err(many(rule)),
    }
}

fn peer<'a>(net: &'a NetScope, rule: &Rule) -> Result<Target<'a>, Failure> {
    let ports = net.ports();
    let port = (ports.first() == ports.last()).then_some(ports.first());
    let protocol = net.protocol();
    let is_lookup = rule.capability == Capability::NetResolve;
    match (net.host(), port) {
        (HostPattern::Name(name), _) if is_lookup => Ok(Target::Host { name, port: None, protocol }),
        (HostPattern::Name(name), Some(_)) => Ok(Target::Host { name, port, protocol }),
        (HostPattern::Address(address), Some(port)) => {
            Ok(Target::Address { address: *address, port, name: None, protocol })
        }
        _ => Err(many(rule)),
    }
}

#[cold]
fn many(rule: &Rule) -> Failure {
    Failure::usage(format!(
        "explain: `{}` covers many resources, and each has an answer of its own; ask about one of them (of a peer, with its port)",
        escape(&rule.to_string())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use caphost::manifest::Declaration;

    fn judge(policy: Policy) -> Judge {
        let origins = Origins::of(&Declaration::default(), policy.clone(), None);
        Judge::new(policy, origins, "/work".to_owned())
    }

    fn answer(question: &str, allow: &str, deny: &str) -> Result<(bool, String), Failure> {
        let mut builder =
            parse_list(allow).unwrap().into_iter().fold(Policy::builder(), caphost::policy::PolicyBuilder::allow);
        builder = parse_list(deny).unwrap().into_iter().fold(builder, caphost::policy::PolicyBuilder::deny);
        let judge = judge(builder.build());
        judge.answer(&question.parse().unwrap()).map(|answer| (answer.is_allowed, answer.text))
    }

    #[test]
    fn the_rule_that_decides_is_named_as_it_was_written() {
        let (is_allowed, text) = answer("fs.read:./data/a", "fs.read:./data", "").unwrap();
        assert!(is_allowed);
        assert_eq!(
            text,
            "`fs.read:./data/a` is allowed\n  resolved   /work/data/a\n  reason     grant `fs.read:./data`\n"
        );
        let (is_allowed, text) = answer("fs.read:./data/a", "fs.read:./data", "fs.read:data/a").unwrap();
        assert!(!is_allowed && text.contains("deny rule `fs.read:data/a`"), "{text}");
    }

    #[test]
    fn the_exception_that_leaves_it_out_is_named() {
        let rule = |text: &str| text.parse::<Rule>().unwrap();
        let deny = Deny {
            rule: rule("fs.read:./data"),
            except: vec![rule("fs.read:data/x").scope, rule("fs.read:data/public").scope],
        };
        let judge = judge(Policy::builder().allow(rule("fs.read:.")).deny(deny).build());
        let answer =
            |question: &str| judge.answer(&rule(question)).map(|answer| (answer.is_allowed, answer.text)).unwrap();
        let (is_allowed, text) = answer("fs.read:./data/public/a");
        let except =
            "except     deny rule `fs.read:./data except data/x, data/public` leaves it out by `data/public`\n";
        assert!(is_allowed && text.contains("grant `fs.read:.`") && text.contains(except), "{text}");
        let (is_allowed, text) = answer("fs.read:./data/a");
        assert!(
            !is_allowed && text.contains("deny rule `fs.read:./data except") && !text.contains("leaves it"),
            "{text}"
        );
    }

    #[test]
    fn what_is_missing_is_hinted() {
        let (is_allowed, text) = answer("fs.read:../it's", "fs.read:./data", "").unwrap();
        assert!(!is_allowed);
        assert!(text.contains("no grant covers it") && text.contains(r"hint: --allow 'fs.read:../it'\''s'"), "{text}");
        let (_, text) = answer("time", "", "").unwrap();
        assert!(text.contains("not granted at all") && text.contains("--allow time.wall"), "{text}");
        assert!(answer("time", "time", "").unwrap().0);
    }

    #[test]
    fn a_capability_alone_asks_what_is_granted_of_it() {
        let (is_allowed, text) = answer("fs.read", "fs.read:./a,fs.write:./b", "fs:./a/b").unwrap();
        assert!(is_allowed);
        assert!(text.contains("granted    `fs.read:./a`\n") && text.contains("denied     `fs.read:./a/b`\n"), "{text}");
        assert!(!answer("fs.read", "", "").unwrap().0);
    }

    #[test]
    fn a_question_about_many_resources_is_a_usage_error() {
        for question in
            ["env.read:APP_*", "net.connect:*.example.com:443", "net.connect:example.com", "net.connect:10.0.0.0/8:80"]
        {
            assert_eq!(answer(question, "", "").unwrap_err().exit, Exit::Usage, "{question}");
        }
        for question in ["net.connect:example.com:443", "net.connect:localhost:80"] {
            let (is_allowed, text) = answer(question, "net", "net:loopback").unwrap();
            assert!(is_allowed && text.contains("the addresses of the name are checked, too"), "{text}");
        }
        let (is_allowed, text) = answer("net.connect:192.0.2.1:443", "net", "net:loopback").unwrap();
        assert!(is_allowed && !text.contains("the addresses"), "{text}");
        assert!(answer("net.resolve:example.com", "net.resolve:example.com", "").unwrap().0);
        assert!(!answer("env.read:HOME", "env.read:APP_*", "").unwrap().0);
    }

    #[test]
    fn a_request_is_decided_with_its_method_and_path() {
        let rule = "GET https://api.example.com/v1 x-key: {env:KEY}";
        let policy = Policy::builder().allow(HttpRule::parse(rule).unwrap()).build();
        let judge = judge(policy);
        let answer = |question: &str| judge.answer_url(&Question::parse(question).unwrap().unwrap());
        let allowed = answer("https://API.example.com:443/v1/x?y");
        assert!(allowed.is_allowed && allowed.text.contains(&format!("grant `{rule}`")), "{}", allowed.text);
        assert!(allowed.text.starts_with("`GET https://api.example.com/v1/x?y` is allowed\n"), "{}", allowed.text);
        for (question, why) in [
            ("POST https://api.example.com/v1", "not this method"),
            ("https://api.example.com/v10", "not this path"),
            ("http://api.example.com/v1", "hint: --allow net.connect:http://api.example.com\n"),
            ("wss://api.example.com/v1", "hint: --allow websocket.connect:wss://api.example.com\n"),
        ] {
            let refused = answer(question);
            assert!(!refused.is_allowed && refused.text.contains(why), "{}", refused.text);
        }
        for other in ["net.connect:https://api.example.com", "CAP0102", "ftp://h.example", "fs.read:./a b"] {
            assert!(Question::parse(other).unwrap().is_none(), "{other}");
        }
        for wrong in
            ["https://", "https://127.1", "G@T https://h.example", "https://u@h.example", "https://h.example/#x"]
        {
            assert_eq!(Question::parse(wrong).err().unwrap().exit, Exit::Usage, "{wrong}");
        }
    }

    #[test]
    fn only_what_looks_like_a_code_is_one() {
        assert_eq!(code("cap0102").unwrap(), Some(Code::NoGrantCovers));
        assert_eq!(code("CAP9999").unwrap_err().exit, Exit::Usage);
        for other in ["", "CAP", "capability", "fs.read", "é"] {
            assert_eq!(code(other).unwrap(), None, "{other}");
        }
    }
}
