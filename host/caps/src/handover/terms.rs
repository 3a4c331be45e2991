//! The text form of a grant's terms.

use super::text::Written;
use caphost_policy::{Grant, HttpTerms, InjectedHeader, Piece, Quota, Rate, SecretSource};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// A grant.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Terms {
    rule: Written,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_after: Option<Duration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quota: Option<QuotaText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    http: Option<HttpText>,
}

/// A [`Quota`], whole.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct QuotaText {
    operations: Option<u64>,
    bytes: Option<u64>,
    received_bytes: Option<u64>,
    sent_bytes: Option<u64>,
    connections: Option<u64>,
    concurrent: Option<u32>,
    rate: Option<RateText>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RateText {
    operations: u32,
    per: Duration,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpText {
    methods: Vec<String>,
    paths: Vec<String>,
    headers: Vec<HeaderText>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderText {
    name: String,
    template: Vec<PieceText>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PieceText {
    Text(String),
    Secret(SourceText),
}

/// Where a secret is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SourceText {
    Env(String),
    File(PathBuf),
}

impl Terms {
    pub(super) fn of(grant: &Grant) -> Self {
        let Grant { rule, expires_after, quota, http } = grant.clone();
        Self { rule: Written(rule), expires_after, quota: quota.map(QuotaText::from), http: http.map(HttpText::from) }
    }

    pub(super) fn grant(&self) -> Grant {
        Grant {
            rule: self.rule.0.clone(),
            expires_after: self.expires_after,
            quota: self.quota.map(Quota::from),
            http: self.http.clone().map(HttpTerms::from),
        }
    }
}

impl From<Quota> for QuotaText {
    fn from(quota: Quota) -> Self {
        let Quota { operations, bytes, received_bytes, sent_bytes, connections, concurrent, rate } = quota;
        let rate = rate.map(|Rate { operations, per }| RateText { operations, per });
        Self { operations, bytes, received_bytes, sent_bytes, connections, concurrent, rate }
    }
}

impl From<QuotaText> for Quota {
    fn from(text: QuotaText) -> Self {
        let QuotaText { operations, bytes, received_bytes, sent_bytes, connections, concurrent, rate } = text;
        let rate = rate.map(|RateText { operations, per }| Rate { operations, per });
        Self { operations, bytes, received_bytes, sent_bytes, connections, concurrent, rate }
    }
}

impl From<HttpTerms> for HttpText {
    fn from(HttpTerms { methods, paths, headers }: HttpTerms) -> Self {
        let header = |InjectedHeader { name, template }| HeaderText {
            name,
            template: template.into_iter().map(PieceText::from).collect(),
        };
        Self { methods, paths, headers: headers.into_iter().map(header).collect() }
    }
}

impl From<HttpText> for HttpTerms {
    fn from(HttpText { methods, paths, headers }: HttpText) -> Self {
        let header = |HeaderText { name, template }| InjectedHeader {
            name,
            template: template.into_iter().map(Piece::from).collect(),
        };
        Self { methods, paths, headers: headers.into_iter().map(header).collect() }
    }
}

impl From<Piece> for PieceText {
    fn from(piece: Piece) -> Self {
        match piece {
            Piece::Text(text) => Self::Text(text),
            Piece::Secret(source) => Self::Secret(source.into()),
        }
    }
}

impl From<PieceText> for Piece {
    fn from(text: PieceText) -> Self {
        match text {
            PieceText::Text(text) => Self::Text(text),
            PieceText::Secret(source) => Self::Secret(source.into()),
        }
    }
}

impl From<SecretSource> for SourceText {
    fn from(source: SecretSource) -> Self {
        match source {
            SecretSource::Env(name) => Self::Env(name),
            SecretSource::File(path) => Self::File(path),
        }
    }
}

impl From<SourceText> for SecretSource {
    fn from(text: SourceText) -> Self {
        match text {
            SourceText::Env(name) => Self::Env(name),
            SourceText::File(path) => Self::File(path),
        }
    }
}
