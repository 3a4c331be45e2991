//! What is written: fields in the order of their names, which is that of RFC 8785. What is absent is not written.

use caphost_policy::{Deny, Grant, HttpTerms, Quota, Rate, Rule, Scope};
use serde::{Deserialize, Serialize};
use std::time::Duration;

use super::normal;
use super::{CannotSeal, Canonical};
use crate::declaration::may_read;
use crate::text::scope_text;
use crate::{Declaration, Declared, DeclaredDatabaseLimits, DeclaredGrant, DeclaredLimits};

#[derive(Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Whole {
    pub(super) caphost: u64,
    pub(super) denies: Vec<DenyForm>,
    pub(super) grants: Vec<GrantForm>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) limits: LimitsForm,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) narrowed: Option<RulesForm>,
}

#[derive(Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct RulesForm {
    pub(super) denies: Vec<DenyForm>,
    pub(super) grants: Vec<GrantForm>,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct DenyForm {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) except: Vec<String>,
    pub(super) rule: String,
}

/// Boxes: a foreign text may hold a million of these.
#[derive(Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct GrantForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) http: Option<Box<HttpForm>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) quota: Option<Box<QuotaForm>>,
    pub(super) rule: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ttl_ms: Option<u64>,
}

/// Both lists are sets; an empty one is any.
#[derive(Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpForm {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) methods: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) paths: Vec<String>,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct QuotaForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) concurrent: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) connections: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ops: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rate: Option<RateForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) received_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sent_bytes: Option<u64>,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RateForm {
    pub(super) ops: u32,
    pub(super) per_ms: u64,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Default, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct LimitsForm {
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) db: DatabaseLimitsForm,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fuel: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_handles: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_instances: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_output: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) memory: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timeout_ms: Option<u64>,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Default, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DatabaseLimitsForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) connections: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) result_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) row_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rows: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) statement_time_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) transactions: Option<u32>,
}

impl Whole {
    /// What is written of a declaration.
    pub(super) fn of(declaration: &Declaration) -> Result<Self, CannotSeal> {
        let readable: Vec<DeclaredGrant> =
            declaration.environment.iter().filter_map(|variable| may_read(&variable.value.0)).map(Into::into).collect();
        let RulesForm { denies, grants } = RulesForm::of(&declaration.grants, &readable, &declaration.denies)?;
        let narrowed = declaration.narrowed.as_ref();
        Ok(Self {
            caphost: Canonical::VERSION,
            denies,
            grants,
            limits: LimitsForm::of(&declaration.limits)?,
            narrowed: narrowed.map(|own| RulesForm::of(&own.grants, &readable, &own.denies)).transpose()?,
        })
    }

    /// The text: no spaces, and strings escaped where JSON must have it.
    pub(super) fn text(&self) -> String {
        // A struct of numbers, strings, lists and structs has a text.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl RulesForm {
    fn of(
        grants: &[Declared<DeclaredGrant>],
        readable: &[DeclaredGrant],
        denies: &[Declared<Deny>],
    ) -> Result<Self, CannotSeal> {
        let grants = grants.iter().map(|grant| &grant.value).chain(readable);
        let mut grants: Vec<GrantForm> = grants.map(GrantForm::of).collect::<Result<_, _>>()?;
        let mut denies: Vec<DenyForm> =
            denies.iter().map(|deny| DenyForm::of(&deny.value)).collect::<Result<_, _>>()?;
        grants.sort_by(|left, right| left.rule.cmp(&right.rule).then_with(|| left.cmp(right)));
        denies.sort_by(|left, right| left.rule.cmp(&right.rule).then_with(|| left.cmp(right)));
        grants.dedup();
        denies.dedup();
        Ok(Self { denies, grants })
    }
}

impl GrantForm {
    fn of(declared: &DeclaredGrant) -> Result<Self, CannotSeal> {
        let Grant { rule, expires_after, quota, http } = &declared.grant;
        if !declared.grant.is_well_formed() {
            return Err(CannotSeal::Rule(rule.to_string()));
        }
        Ok(Self {
            expires: declared.expires.map(|end| end.to_string().into()),
            http: http.as_ref().map(|terms| Box::new(HttpForm::of(terms))),
            // A quota without a bound is none.
            quota: quota.filter(|quota| *quota != Quota::default()).map(QuotaForm::of).transpose()?.map(Box::new),
            rule: normal::granted(rule).to_string(),
            ttl_ms: expires_after.map(milliseconds).transpose()?,
        })
    }
}

impl DenyForm {
    /// An exception that does not hold, such as one that is not inside of its rule, says nothing.
    fn of(deny: &Deny) -> Result<Self, CannotSeal> {
        if !deny.rule.is_well_formed() {
            return Err(CannotSeal::Rule(deny.rule.to_string()));
        }
        let capability = deny.rule.capability;
        let excepted = |scope: &Scope| normal::excepted(&Rule { capability, scope: scope.clone() }).scope;
        let deny = Deny { rule: normal::denied(&deny.rule), except: deny.except.iter().map(excepted).collect() };
        let except = deny.exceptions().filter_map(|scope| scope_text(capability, scope)).collect();
        Ok(Self { except: as_set(except), rule: deny.rule.to_string() })
    }
}

impl HttpForm {
    /// The headers stay out: they hold where the secrets are of whoever runs the component. Terms that were nothing but headers are
    /// still terms: such a grant covers requests of HTTP and nothing else, and its quota goes before that of others.
    fn of(terms: &HttpTerms) -> Self {
        Self { methods: as_set(terms.methods.clone()), paths: as_set(terms.paths.clone()) }
    }
}

impl QuotaForm {
    fn of(quota: Quota) -> Result<Self, CannotSeal> {
        Ok(Self {
            bytes: number(quota.bytes)?,
            concurrent: quota.concurrent,
            connections: number(quota.connections)?,
            ops: number(quota.operations)?,
            rate: quota.rate.map(RateForm::of).transpose()?,
            received_bytes: number(quota.received_bytes)?,
            sent_bytes: number(quota.sent_bytes)?,
        })
    }
}

impl RateForm {
    fn of(rate: Rate) -> Result<Self, CannotSeal> {
        Ok(Self { ops: rate.operations, per_ms: milliseconds(rate.per)? })
    }
}

impl LimitsForm {
    fn of(limits: &DeclaredLimits) -> Result<Self, CannotSeal> {
        Ok(Self {
            db: DatabaseLimitsForm::of(&limits.db)?,
            fuel: number(value(&limits.fuel))?,
            max_handles: value(&limits.max_handles),
            max_instances: value(&limits.max_instances),
            max_output: number(value(&limits.max_output))?,
            memory: number(value(&limits.memory))?,
            timeout_ms: value(&limits.timeout).map(milliseconds).transpose()?,
        })
    }
}

impl DatabaseLimitsForm {
    fn of(limits: &DeclaredDatabaseLimits) -> Result<Self, CannotSeal> {
        Ok(Self {
            connections: value(&limits.connections),
            result_bytes: number(value(&limits.result_bytes))?,
            row_bytes: number(value(&limits.row_bytes))?,
            rows: number(value(&limits.rows))?,
            statement_time_ms: value(&limits.statement_time).map(milliseconds).transpose()?,
            transactions: value(&limits.transactions),
        })
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn as_set(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts.dedup();
    texts
}

fn value<T: Copy>(declared: &Option<Declared<T>>) -> Option<T> {
    declared.as_ref().map(|declared| declared.value)
}

fn number(number: Option<u64>) -> Result<Option<u64>, CannotSeal> {
    match number {
        Some(number) if number > Canonical::MAX_NUMBER => Err(CannotSeal::Number(number)),
        number => Ok(number),
    }
}

fn milliseconds(duration: Duration) -> Result<u64, CannotSeal> {
    let is_whole = duration.subsec_nanos().is_multiple_of(1_000_000);
    let counted = u64::try_from(duration.as_millis()).ok().filter(|ms| *ms <= Canonical::MAX_NUMBER);
    counted.filter(|_| is_whole).ok_or(CannotSeal::Duration(duration))
}
