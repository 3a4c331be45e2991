//! Rule lists from text: `fs.read:./data,env.read:APP_*`.

use std::ops::Range;

use crate::nearest::nearest;
use crate::{
    Capability, NameScope, NetScope, PathScope, Problem, Profile, Rule, RuleError, Scope, ScopeError, ScopeKind,
    TableScope, escape,
};

/// One item of a list: what was written, and the rules that it stands for. Of a profile these are several, or none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// As it was written, without spaces around it.
    pub text: String,
    /// What it stands for.
    pub rules: Vec<Rule>,
}

/// Reads rules, separated by commas.
///
/// - A profile stands for its capabilities: `fs:./d` is `fs.read:./d` and `fs.write:./d`.
/// - `fs:read:./d`, as other systems write it, is `fs.read:./d`; `time` is `time.wall`.
/// - `\` takes the meaning from a comma, a colon, a space and itself. Spaces around an item do not count.
/// - An empty text has no rules; an empty item is an error.
///
/// # Errors
/// The first item that can not be read, with its place and the nearest valid name.
pub fn parse_list(text: &str) -> Result<Vec<Rule>, RuleError> {
    Ok(parse_items(text)?.into_iter().flat_map(|item| item.rules).collect())
}

/// Reads rules as [`parse_list`] does, and tells which item each came from.
///
/// # Errors
/// Those of [`parse_list`].
pub fn parse_items(text: &str) -> Result<Vec<Item>, RuleError> {
    if text.trim_matches(' ').is_empty() {
        return Ok(Vec::new());
    }
    let pieces = escape::split_list(text).into_iter().map(|range| Piece { text, range: escape::trim(text, range) });
    pieces.map(|piece| piece.item()).collect()
}

/// Reads the name of a capability or profile, and a scope that stands apart from it, as in a manifest: no comma separates, and spaces
/// count. Otherwise the scope has the form that it has behind the colon.
///
/// # Errors
/// As [`parse_items`]; the text that the error shows is `name:scope`.
pub fn parse_scoped(name: &str, scope: Option<&str>) -> Result<Vec<Rule>, RuleError> {
    let text = scope.map_or_else(|| name.to_owned(), |scope| format!("{name}:{scope}"));
    let piece = Piece { text: &text, range: 0..text.len() };
    let head = lookup(name).ok_or_else(|| piece.unknown(name))?;
    let scope = scope.map(|_| name.len() + 1..text.len());
    if let Some(at) = scope.clone().and_then(|range| Some(range.start + escape::check(piece.slice(range))?)) {
        return Err(piece.error(at..at + 1, Problem::Backslash));
    }
    piece.rules_of(&head, scope)
}

pub(crate) fn parse_one(text: &str) -> Result<Rule, RuleError> {
    let piece = Piece { text, range: 0..text.len() };
    let mut rules = parse_list(text)?;
    match (rules.len(), rules.pop()) {
        (1, Some(rule)) => Ok(rule),
        (0, _) if text.trim_matches(' ').is_empty() => Err(piece.error(piece.range.clone(), Problem::EmptyItem)),
        (count, _) => Err(piece.error(piece.range.clone(), Problem::NotOne(count))),
    }
}

/// The place of an item, in the whole text for errors that show it.
struct Piece<'a> {
    text: &'a str,
    range: Range<usize>,
}

/// What the name before the scope stands for.
struct Head {
    name: &'static str,
    capabilities: &'static [Capability],
}

impl Piece<'_> {
    fn item(&self) -> Result<Item, RuleError> {
        Ok(Item { text: self.slice(self.range.clone()).to_owned(), rules: self.rules()? })
    }

    fn rules(&self) -> Result<Vec<Rule>, RuleError> {
        let item = self.slice(self.range.clone());
        if item.is_empty() {
            return Err(self.error(self.range.clone(), Problem::EmptyItem));
        }
        if let Some(at) = escape::check(item) {
            let at = self.range.start + at;
            return Err(self.error(at..at + 1, Problem::Backslash));
        }
        let (head, scope) = self.head(item)?;
        self.rules_of(&head, scope)
    }

    /// What a name on a scope stands for.
    fn rules_of(&self, head: &Head, scope: Option<Range<usize>>) -> Result<Vec<Rule>, RuleError> {
        let rule = |capability: &Capability| {
            let scope = self.scope(head, *capability, scope.clone())?;
            Ok(Rule { capability: *capability, scope })
        };
        if let (Some(scope), []) = (&scope, head.capabilities) {
            return Err(self.error(scope.clone(), Problem::NoScope(head.name)));
        }
        // Of a profile a scheme picks those that speak it.
        let is_profile = head.capabilities.len() > 1;
        let speaks = |rule: &Result<_, RuleError>| match rule {
            Err(error) => !(is_profile && matches!(error.problem, Problem::Scheme { .. })),
            Ok(_) => true,
        };
        head.capabilities.iter().map(rule).filter(speaks).collect()
    }

    /// The item's name, and where its scope is.
    fn head(&self, item: &str) -> Result<(Head, Option<Range<usize>>), RuleError> {
        let Some((name, rest)) = item.split_once(':') else {
            let head = lookup(item).ok_or_else(|| self.unknown(item))?;
            return Ok((head, None));
        };
        let scope = self.range.start + name.len() + 1..self.range.end;
        let Some(head) = lookup(name).or_else(|| dotted(name, rest)) else {
            return Err(self.unknown(name));
        };
        match dotted(name, rest) {
            None => Ok((head, Some(scope))),
            Some(dotted) => match rest.split_once(':') {
                Some((second, _)) => Ok((dotted, Some(scope.start + second.len() + 1..scope.end))),
                None if takes_no_scope(&dotted) => Ok((dotted, None)),
                None => Err(self.ambiguous(dotted.name)),
            },
        }
    }

    fn scope(&self, head: &Head, capability: Capability, range: Option<Range<usize>>) -> Result<Scope, RuleError> {
        let Some(range) = range else {
            return Ok(Scope::Any);
        };
        let raw = self.slice(range.clone());
        if capability.scope_kind() == ScopeKind::None {
            return Err(self.error(range, Problem::NoScope(head.name)));
        }
        if raw.is_empty() {
            return Err(self.error(range, Problem::EmptyScope));
        }
        let scope = scope(capability.scope_kind(), raw)
            .map_err(|error| self.error(range.clone(), Problem::Scope { capability, error }))?;
        match &scope {
            Scope::Net(net) => match net.scheme().filter(|scheme| scheme.capability() != capability) {
                Some(scheme) => Err(self.error(range, Problem::Scheme { scheme, capability })),
                None => Ok(scope),
            },
            _ => Ok(scope),
        }
    }

    fn unknown(&self, name: &str) -> RuleError {
        let names = Capability::ALL.iter().map(|capability| capability.name());
        let names = names.chain(Profile::ALL.iter().map(|profile| profile.name));
        let range = self.range.start..self.range.start + name.len();
        RuleError { nearest: nearest(name, names).map(str::to_owned), ..self.error(range, Problem::UnknownName) }
    }

    fn ambiguous(&self, name: &'static str) -> RuleError {
        RuleError { nearest: Some(name.to_owned()), ..self.error(self.range.clone(), Problem::Ambiguous) }
    }

    fn error(&self, span: Range<usize>, problem: Problem) -> RuleError {
        RuleError { text: self.text.to_owned(), span, problem, nearest: None }
    }

    fn slice(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }
}

fn lookup(name: &str) -> Option<Head> {
    let profile =
        || Profile::named(name).map(|profile| Head { name: profile.name, capabilities: profile.capabilities });
    capability(name).or_else(profile)
}

fn capability(name: &str) -> Option<Head> {
    let capability = Capability::from_name(name)?;
    let capabilities = Capability::ALL.get(capability.index()..=capability.index())?;
    Some(Head { name: capability.name(), capabilities })
}

/// `fs:read…` as `fs.read…`.
fn dotted(name: &str, rest: &str) -> Option<Head> {
    let second = rest.split_once(':').map_or(rest, |(second, _)| second);
    capability(&format!("{name}.{second}"))
}

fn takes_no_scope(head: &Head) -> bool {
    head.capabilities.iter().all(|capability| capability.scope_kind() == ScopeKind::None)
}

fn scope(kind: ScopeKind, raw: &str) -> Result<Scope, ScopeError> {
    match kind {
        ScopeKind::Path => PathScope::parse_escaped(raw).map(Scope::Path),
        ScopeKind::Net => NetScope::parse(&escape::unescape(raw)).map(Scope::Net),
        ScopeKind::Name => NameScope::parse(&escape::unescape(raw)).map(Scope::Name),
        ScopeKind::Table => TableScope::parse(&escape::unescape(raw)).map(Scope::Table),
        ScopeKind::None => Ok(Scope::Any),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scheme;

    fn texts(list: &str) -> Vec<String> {
        let rules = parse_list(list).unwrap_or_else(|error| panic!("{}", error.render("list")));
        rules.iter().map(Rule::to_string).collect()
    }

    fn problem(list: &str) -> Problem {
        parse_list(list).unwrap_err().problem().clone()
    }

    #[test]
    fn reads_lists() {
        assert_eq!(texts(""), [""; 0]);
        assert_eq!(texts("core"), [""; 0]);
        assert_eq!(texts("fs.read:./data, env.read:APP_*"), ["fs.read:./data", "env.read:APP_*"]);
        assert_eq!(texts("fs:./d"), ["fs.read:./d", "fs.write:./d"]);
        assert_eq!(texts("time,random"), ["time.wall", "random"]);
        assert_eq!(texts("db.read:shop.orders,net.connect:[::1]:80"), ["db.read:shop.orders", "net.connect:[::1]:80"]);
        assert_eq!(texts(r"fs.read:a\,b::/c\\"), [r"fs.read:a\,b::/c\\"]);
        assert_eq!(texts("net:example.com").len(), 6);
        assert_eq!(texts("net.connect:https://a.example:443"), ["net.connect:https://a.example"]);
    }

    #[test]
    fn a_scheme_belongs_to_the_capability_that_speaks_it() {
        assert_eq!(texts("net:https://a.example"), ["net.connect:https://a.example"]);
        assert_eq!(texts("net:wss://a.example"), ["websocket.connect:wss://a.example"]);
        assert_eq!(texts("websocket:connect:ws://a.example"), ["websocket.connect:ws://a.example"]);
        let wrong = |scheme, capability| Problem::Scheme { scheme, capability };
        assert_eq!(problem("net.listen:https://a.example"), wrong(Scheme::Https, Capability::NetListen));
        assert_eq!(problem("net.resolve:http://a.example"), wrong(Scheme::Http, Capability::NetResolve));
        assert_eq!(problem("net.connect:wss://a.example"), wrong(Scheme::Wss, Capability::NetConnect));
        assert_eq!(problem("websocket.connect:https://a"), wrong(Scheme::Https, Capability::WebsocketConnect));
        assert!(matches!(problem("net:https://a/v1"), Problem::Scope { error: ScopeError::Url, .. }));
        assert!(matches!(problem("net:ftp://a"), Problem::Scope { error: ScopeError::Scheme(_), .. }));
        let text = parse_list("random,net.udp:https://a.example").unwrap_err().render("--allow");
        assert!(text.contains("`https` belongs to `net.connect`, not to `net.udp`"), "{text}");
    }

    #[test]
    fn items_keep_what_was_written() {
        let items = parse_items(r"time, fs:./a\,b,core").unwrap();
        let shown: Vec<_> = items.iter().map(|item| (item.text.as_str(), item.rules.len())).collect();
        assert_eq!(shown, [("time", 1), (r"fs:./a\,b", 2), ("core", 0)]);
        assert_eq!(parse_items("").unwrap(), []);
    }

    #[test]
    fn normalises_the_forms_of_other_systems() {
        assert_eq!(texts("fs:read:./d"), ["fs.read:./d"]);
        assert_eq!(texts("fs.read:write:x"), ["fs.read:write:x"]);
        assert_eq!(texts("websocket:connect:a.example"), ["websocket.connect:a.example"]);
        assert_eq!(texts("time:wall"), ["time.wall"]);
    }

    #[test]
    fn a_name_and_a_scope_that_stand_apart_are_read() {
        let texts = |name, scope| {
            let rules = parse_scoped(name, scope)?;
            Ok::<_, RuleError>(rules.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(texts("fs", Some("read")).unwrap(), ["fs.read:read", "fs.write:read"], "one reading only");
        assert_eq!(texts("fs.read", Some(" a,b")).unwrap(), [r"fs.read: a\,b"]);
        assert_eq!(texts("time", None).unwrap(), ["time.wall"]);
        assert_eq!(texts("net", Some("https://h.example")).unwrap(), ["net.connect:https://h.example"]);
        assert!(texts("fs:read", Some("./d")).is_err() && texts("core", Some("x")).is_err());
        let error = parse_scoped("fs.read", Some(r"C:\data")).unwrap_err();
        assert_eq!((error.problem(), error.span()), (&Problem::Backslash, 10..11));
        assert_eq!(parse_scoped("fs.raed", Some("./d")).unwrap_err().item(), "fs.raed");
    }

    #[test]
    fn what_has_two_readings_is_refused() {
        let error = parse_list("fs:read").unwrap_err();
        assert_eq!((error.problem(), error.nearest()), (&Problem::Ambiguous, Some("fs.read")));
        assert_eq!(texts("fs:./read"), ["fs.read:./read", "fs.write:./read"]);
    }

    #[test]
    fn errors_name_what_is_wrong() {
        assert_eq!(problem("random,,time"), Problem::EmptyItem);
        assert_eq!(problem("random,"), Problem::EmptyItem);
        assert_eq!(problem("fs.read:"), Problem::EmptyScope);
        assert_eq!(problem("random:x"), Problem::NoScope("random"));
        assert_eq!(problem("time:x"), Problem::NoScope("time"));
        assert_eq!(problem("core:x"), Problem::NoScope("core"));
        assert_eq!(problem(r"fs.read:C:\data"), Problem::Backslash);
        assert_eq!(problem("FS.read"), Problem::UnknownName);
        assert!(matches!(problem("env.read:A=B"), Problem::Scope { capability: Capability::EnvRead, .. }));
        assert_eq!("fs:./d".parse::<Rule>().unwrap_err().problem(), &Problem::NotOne(2));
        assert_eq!("".parse::<Rule>().unwrap_err().problem(), &Problem::EmptyItem);
    }

    #[test]
    fn errors_show_the_place_and_the_nearest_name() {
        let error = parse_list("env.read:HÖME,fs.raed:./data").unwrap_err();
        assert_eq!((error.item(), error.nearest()), ("fs.raed", Some("fs.read")));
        assert_eq!(
            error.render("--allow"),
            "--allow: `fs.raed`: no capability or profile has this name\n  \
             env.read:HÖME,fs.raed:./data\n  \
             \u{20}             ^^^^^^^\n\
             hint: did you mean `fs.read`?"
        );
    }

    #[test]
    fn a_terminal_is_not_steered_by_an_error() {
        let text = parse_list("fs\u{1b}[2J.read").unwrap_err().render("a\u{7}");
        assert!(text.starts_with(r"a\u{7}: `fs\u{1b}[2J.read`") && !text.contains(['\u{1b}', '\u{7}']), "{text:?}");
    }

    #[test]
    fn what_deceives_the_eye_is_shown_and_the_mark_stays_below_its_place() {
        let error = parse_list("env.read:\u{202e}A,fs.ra\u{200b}ed:./\u{202e}gnp").unwrap_err();
        let text = error.render("--allow");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[1], r"  env.read:\u{202e}A,fs.ra\u{200b}ed:./\u{202e}gnp");
        assert_eq!(lines[2].find('^'), lines[1].find("fs."));
        assert_eq!(lines[2].trim_start().len(), r"fs.ra\u{200b}ed".len());
        let host = parse_list("net.connect:ex\u{202e}ample.com").unwrap_err();
        assert!(!host.render("--allow").contains('\u{202e}'), "the problem quotes the text: {host}");
    }

    #[test]
    fn a_wrong_backslash_is_shown_as_it_was_written() {
        let text = parse_list(r"fs.read:C:\data").unwrap_err().render("--allow");
        assert!(text.ends_with("  fs.read:C:\\data\n            ^"), "{text}");
    }
}
