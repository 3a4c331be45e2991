//! What a name server answers, as text: `NAME TYPE ANSWERS`.
//!
//! `api.test A 93.184.216.34` is one address, `api.test A 93.184.216.34, 10.0.0.1` are two in one answer. Answers that
//! change from lookup to lookup are separated by `|`, and the last one stays: `rebind.test A 93.184.216.34 | 127.0.0.1`.
//! Instead of addresses: `nxdomain`, `servfail`, `empty`, `silent` (no answer at all), `truncated ADDRESSES` (over UDP
//! only a sign that there is more), `many ADDRESS COUNT` (that one and those after it). With the type `CNAME`, a name.
//! A name that stands nowhere is answered with `nxdomain`, another type of one that does with `empty`.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, bail, ensure};
use hickory_server::proto::rr::rdata::{A, AAAA, CNAME};
use hickory_server::proto::rr::{Name, RData, RecordType};

/// One answer.
#[derive(Clone, Debug)]
pub enum Answer {
    /// These, and maybe over TCP only.
    Data {
        /// What is answered.
        data: Vec<RData>,
        /// Over UDP, nothing but the sign that there is more.
        is_truncated: bool,
    },
    /// There is no such name.
    NoSuchName,
    /// The server failed.
    Failure,
    /// Nothing.
    Silence,
}

/// All that a server knows.
#[derive(Debug, Default)]
pub struct Records {
    phases: BTreeMap<(String, RecordType), (Vec<Answer>, AtomicUsize)>,
}

impl Records {
    /// Reads all records.
    ///
    /// # Errors
    /// Names the one that is none.
    pub fn parse(records: &[String]) -> anyhow::Result<Self> {
        let mut all = Self::default();
        for record in records {
            let (name, kind, answers) = one(record).with_context(|| format!("`{record}` is no record"))?;
            all.phases.insert((name, kind), (answers, AtomicUsize::new(0)));
        }
        Ok(all)
    }

    /// The answer for `name`, in lower case and without the last dot. Looking changes what the next lookup gets.
    pub fn look_up(&self, name: &str, kind: RecordType) -> Answer {
        let alias = (name.to_owned(), RecordType::CNAME);
        let key = if self.phases.contains_key(&alias) { alias } else { (name.to_owned(), kind) };
        let Some((answers, looks)) = self.phases.get(&key) else {
            let is_known = self.phases.keys().any(|(known, _)| known == name);
            return if is_known { Answer::Data { data: Vec::new(), is_truncated: false } } else { Answer::NoSuchName };
        };
        let look = looks.fetch_add(1, Ordering::Relaxed);
        answers.get(look).or(answers.last()).cloned().unwrap_or(Answer::NoSuchName)
    }
}

fn one(record: &str) -> anyhow::Result<(String, RecordType, Vec<Answer>)> {
    let (name, rest) = record.trim().split_once(' ').context("no type")?;
    let (kind, answers) = rest.trim().split_once(' ').context("no answer")?;
    let kind: RecordType = kind.parse().context("no such type")?;
    let answers = answers.split('|').map(|text| answer(text.trim(), kind)).collect::<anyhow::Result<_>>()?;
    Ok((name.trim_end_matches('.').to_ascii_lowercase(), kind, answers))
}

fn answer(text: &str, kind: RecordType) -> anyhow::Result<Answer> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let (data, is_truncated) = match word {
        "nxdomain" => return Ok(Answer::NoSuchName),
        "servfail" => return Ok(Answer::Failure),
        "silent" => return Ok(Answer::Silence),
        "empty" => (Vec::new(), false),
        "many" => (many(rest)?, false),
        "truncated" => (addresses(rest, kind)?, true),
        _ => (addresses(text, kind)?, false),
    };
    Ok(Answer::Data { data, is_truncated })
}

fn addresses(text: &str, kind: RecordType) -> anyhow::Result<Vec<RData>> {
    text.split(',').map(|address| address_of(address.trim(), kind)).collect()
}

fn address_of(text: &str, kind: RecordType) -> anyhow::Result<RData> {
    Ok(match kind {
        RecordType::A => RData::A(A(text.parse()?)),
        RecordType::AAAA => RData::AAAA(AAAA(text.parse()?)),
        RecordType::CNAME => RData::CNAME(CNAME(Name::from_ascii(text)?)),
        other => bail!("answers of type {other} are not given"),
    })
}

fn many(text: &str) -> anyhow::Result<Vec<RData>> {
    let (first, count) = text.split_once(' ').context("`many` needs an address and a number")?;
    let (first, count): (Ipv4Addr, u32) = (first.parse()?, count.trim().parse()?);
    ensure!(count <= 4_000, "so many addresses fit in no message");
    let first = u32::from(first);
    Ok((0..count).map(|number| RData::A(A(Ipv4Addr::from(first.wrapping_add(number))))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(answer: &Answer) -> String {
        match answer {
            Answer::Data { data, .. } => data.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn answers_change_and_the_last_one_stays() {
        let records = Records::parse(&["Rebind.test. A 93.184.216.34 | 127.0.0.1".to_owned()]).unwrap();
        let seen: Vec<_> = (0..3).map(|_| shown(&records.look_up("rebind.test", RecordType::A))).collect();
        assert_eq!(seen, ["93.184.216.34", "127.0.0.1", "127.0.0.1"]);
        assert_eq!(shown(&records.look_up("rebind.test", RecordType::AAAA)), "");
        assert_eq!(shown(&records.look_up("other.test", RecordType::A)), "NoSuchName");
    }

    #[test]
    fn what_is_no_record_is_an_error() {
        for text in ["a.test", "a.test A", "a.test A 1.2.3", "a.test MX b.test", "a.test A many 1.2.3.4 9999"] {
            assert!(Records::parse(&[text.to_owned()]).is_err(), "{text}");
        }
    }

    #[test]
    fn many_addresses_are_counted() {
        let records = Records::parse(&["a.test A many 10.0.0.255 2".to_owned()]).unwrap();
        assert_eq!(shown(&records.look_up("a.test", RecordType::A)), "10.0.0.255 10.0.1.0");
    }
}
