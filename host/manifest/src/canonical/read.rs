//! From what is written back to a declaration.

use std::time::Duration;

use caphost_policy::{Deny, Grant, HttpTerms, Quota, Rate, Rule, Scope};

use super::form::{
    DatabaseLimitsForm, DenyForm, GrantForm, HttpForm, LimitsForm, QuotaForm, RateForm, RulesForm, Whole,
};
use super::{Canonical, CanonicalError};
use crate::text::brief;
use crate::{Declaration, Declared, DeclaredDatabaseLimits, DeclaredGrant, DeclaredLimits, Narrowed, Origin};

/// How messages call the place that something was declared at.
const ORIGIN: &str = "the seal";

/// How much of a foreign text is shown, in characters.
pub(super) const MAX_SHOWN: usize = 200;

/// What the text of every version begins with.
const START: &[u8] = br#"{"caphost":"#;

/// A text that is no rule, or no time.
pub(super) struct NoRule(pub(super) String);

/// The number of the version, if the bytes begin as every version does.
pub(super) fn version(bytes: &[u8]) -> Option<u64> {
    let rest = bytes.strip_prefix(START)?;
    let end = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(rest.get(..end)?).ok()?.parse().ok()
}

/// Reads the structure. What it holds is not looked at.
pub(super) fn whole(bytes: &[u8]) -> Result<Whole, CanonicalError> {
    let whole: Whole =
        serde_json::from_slice(bytes).map_err(|error| CanonicalError::Form(brief(&error.to_string(), MAX_SHOWN)))?;
    match whole.caphost {
        Canonical::VERSION => Ok(whole),
        other => Err(CanonicalError::Form(format!("there is no version {other}"))),
    }
}

impl Whole {
    pub(super) fn declaration(&self) -> Result<Declaration, NoRule> {
        let origin = Origin::option(ORIGIN);
        let narrowed = |rules: &RulesForm| {
            let (grants, denies) = (declared(&rules.grants, &origin)?, declared(&rules.denies, &origin)?);
            Ok(Narrowed { grants, denies })
        };
        Ok(Declaration {
            grants: declared(&self.grants, &origin)?,
            denies: declared(&self.denies, &origin)?,
            narrowed: self.narrowed.as_ref().map(narrowed).transpose()?,
            limits: self.limits.limits(&origin)?,
            ..Declaration::default()
        })
    }
}

/// A form of a value.
trait Form {
    type Value;

    fn value(&self) -> Result<Self::Value, NoRule>;
}

fn declared<F: Form>(forms: &[F], origin: &Origin) -> Result<Vec<Declared<F::Value>>, NoRule> {
    forms.iter().map(|form| Ok(Declared::new(form.value()?, origin.clone()))).collect()
}

impl Form for GrantForm {
    type Value = DeclaredGrant;

    fn value(&self) -> Result<DeclaredGrant, NoRule> {
        let grant = Grant {
            rule: rule(&self.rule)?,
            expires_after: some(self.ttl_ms)?.map(Duration::from_millis),
            quota: self.quota.as_deref().map(QuotaForm::quota).transpose()?,
            http: self.http.as_deref().map(HttpForm::terms).transpose()?,
        };
        let end = self.expires.as_deref();
        let expires = end.map(|end| end.parse().map_err(|_| NoRule(end.to_owned()))).transpose()?;
        Ok(DeclaredGrant { grant, expires })
    }
}

impl Form for DenyForm {
    type Value = Deny;

    fn value(&self) -> Result<Deny, NoRule> {
        let rule = rule(&self.rule)?;
        let except = self.except.iter().map(|text| scope(&rule, text)).collect::<Result<_, _>>()?;
        Ok(Deny { rule, except })
    }
}

impl HttpForm {
    fn terms(&self) -> Result<HttpTerms, NoRule> {
        let sound = |texts: &[String], check: fn(&str) -> Result<(), &'static str>| {
            let sound = |text: &String| check(text).map(|()| text.clone()).map_err(|_| NoRule(text.clone()));
            texts.iter().map(sound).collect::<Result<_, _>>()
        };
        let methods = sound(&self.methods, HttpTerms::check_method)?;
        Ok(HttpTerms { methods, paths: sound(&self.paths, HttpTerms::check_path)?, headers: Vec::new() })
    }
}

impl QuotaForm {
    fn quota(&self) -> Result<Quota, NoRule> {
        Ok(Quota {
            operations: some(self.ops)?,
            bytes: some(self.bytes)?,
            received_bytes: some(self.received_bytes)?,
            sent_bytes: some(self.sent_bytes)?,
            connections: some(self.connections)?,
            concurrent: some(self.concurrent)?,
            rate: self.rate.as_ref().map(RateForm::rate).transpose()?,
        })
    }
}

impl RateForm {
    fn rate(&self) -> Result<Rate, NoRule> {
        some(Some(u64::from(self.ops).min(self.per_ms)))?;
        Ok(Rate { operations: self.ops, per: Duration::from_millis(self.per_ms) })
    }
}

impl LimitsForm {
    fn limits(&self, origin: &Origin) -> Result<DeclaredLimits, NoRule> {
        Ok(DeclaredLimits {
            memory: at(origin, some(self.memory)?),
            timeout: at(origin, some(self.timeout_ms)?.map(Duration::from_millis)),
            fuel: at(origin, some(self.fuel)?),
            max_handles: at(origin, some(self.max_handles)?),
            max_instances: at(origin, some(self.max_instances)?),
            max_output: at(origin, some(self.max_output)?),
            db: self.db.limits(origin)?,
        })
    }
}

impl DatabaseLimitsForm {
    fn limits(&self, origin: &Origin) -> Result<DeclaredDatabaseLimits, NoRule> {
        Ok(DeclaredDatabaseLimits {
            statement_time: at(origin, some(self.statement_time_ms)?.map(Duration::from_millis)),
            rows: at(origin, some(self.rows)?),
            row_bytes: at(origin, some(self.row_bytes)?),
            result_bytes: at(origin, some(self.result_bytes)?),
            connections: at(origin, some(self.connections)?),
            transactions: at(origin, some(self.transactions)?),
        })
    }
}

/// An amount, which is never nothing: no manifest can say that.
fn some<N: Default + PartialEq>(amount: Option<N>) -> Result<Option<N>, NoRule> {
    if amount == Some(N::default()) { Err(NoRule("0".to_owned())) } else { Ok(amount) }
}

fn at<T>(origin: &Origin, value: Option<T>) -> Option<Declared<T>> {
    value.map(|value| Declared::new(value, origin.clone()))
}

fn rule(text: &str) -> Result<Rule, NoRule> {
    text.parse().map_err(|_| NoRule(text.to_owned()))
}

/// A scope of the capability of `of`.
fn scope(of: &Rule, text: &str) -> Result<Scope, NoRule> {
    rule(&format!("{}:{text}", of.capability)).map(|rule| rule.scope)
}
