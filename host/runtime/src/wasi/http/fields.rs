//! `wasi:http/types.fields` 0.2: headers and trailers.

use super::convert::HeaderFailure;
use crate::bindings::wasi::http::types::{HeaderError, HostFields};
use crate::state::State;
use caphost_caps::http::fields::{is_allowed, is_forbidden};
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use std::sync::Arc;
use wasmtime::component::Resource;

/// Headers or trailers, in the order in which they are sent: a name that stands more than once stands in one place.
///
/// Invariant: none of them belongs to the connection, and there is at most one `content-length`, which is a number. A clone
/// shares what it holds until one of the two is changed.
#[derive(Clone, Debug, Default)]
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Fields {
    entries: Arc<Vec<Field>>,
    bytes: usize,
    is_immutable: bool,
}

#[derive(Clone, Debug)]
struct Field {
    name: HeaderName,
    /// As the guest wrote it, where that is not in lower case.
    spelled: Option<Box<str>>,
    value: HeaderValue,
}

/// The most memory that one `fields` takes, in bytes: the guest picks names and values, this bounds what the host keeps of them,
/// empty ones too. What is sent has a bound of its own, half of it.
const MAX_FIELDS_BYTES: usize = 128 * 1024;

impl Field {
    fn new(name: &str, value: &[u8]) -> Result<Self, HeaderError> {
        let (spelled, name) = (name, field_name(name)?);
        let value = HeaderValue::from_bytes(value).map_err(|_| HeaderError::InvalidSyntax)?;
        if !is_allowed(&name, &value) {
            return Err(HeaderError::Forbidden);
        }
        if name == CONTENT_LENGTH && length_of(&value).is_none() {
            return Err(HeaderError::InvalidSyntax);
        }
        let spelled = (spelled != name.as_str()).then(|| spelled.into());
        Ok(Self { name, spelled, value })
    }

    fn bytes(&self) -> usize {
        let spelled = self.spelled.as_ref().map_or(0, |spelled| spelled.len());
        size_of::<Self>() + spelled + self.name.as_str().len() + self.value.len()
    }
}

impl Fields {
    /// What a peer sent, without what belongs to the connection. It cannot be changed.
    pub(crate) fn received(map: &HeaderMap) -> Self {
        let own = map.iter().filter(|(name, _)| !is_forbidden(name));
        let entries: Vec<_> =
            own.map(|(name, value)| Field { name: name.clone(), spelled: None, value: value.clone() }).collect();
        let bytes = entries.iter().map(Field::bytes).sum();
        Self { entries: Arc::new(entries), bytes, is_immutable: true }
    }

    /// The same, and it cannot be changed any more.
    pub(crate) fn immutable(self) -> Self {
        Self { is_immutable: true, ..self }
    }

    /// What they say about the length of the body.
    pub(crate) fn content_length(&self) -> Option<u64> {
        self.named(&CONTENT_LENGTH).find_map(|field| length_of(&field.value))
    }

    /// Their form for the capability layer.
    pub(crate) fn to_map(&self) -> HeaderMap {
        let mut map = HeaderMap::with_capacity(self.entries.len());
        for field in self.entries.iter() {
            map.append(field.name.clone(), field.value.clone());
        }
        map
    }

    fn named(&self, name: &HeaderName) -> impl Iterator<Item = &Field> {
        self.entries.iter().filter(move |field| field.name == *name)
    }

    fn append(&mut self, name: &str, value: &[u8]) -> Result<(), HeaderFailure> {
        self.check_mutable()?;
        let field = Field::new(name, value)?;
        let last = self.entries.iter().rposition(|other| other.name == field.name);
        if field.name == CONTENT_LENGTH && last.is_some() {
            return Err(HeaderError::InvalidSyntax.into());
        }
        self.bytes = self.bytes_after(field.bytes(), 0)?;
        let place = last.map_or(self.entries.len(), |last| last + 1);
        Arc::make_mut(&mut self.entries).insert(place, field);
        Ok(())
    }

    fn set(&mut self, name: &str, values: &[Vec<u8>]) -> Result<(), HeaderFailure> {
        self.check_mutable()?;
        let fields = values.iter().map(|value| Field::new(name, value)).collect::<Result<Vec<_>, _>>()?;
        let name = field_name(name)?;
        if name == CONTENT_LENGTH && fields.len() > 1 {
            return Err(HeaderError::InvalidSyntax.into());
        }
        let replaced = self.named(&name).map(Field::bytes).sum();
        self.bytes = self.bytes_after(fields.iter().map(Field::bytes).sum(), replaced)?;
        let entries = Arc::make_mut(&mut self.entries);
        let place = entries.iter().position(|field| field.name == name).unwrap_or(entries.len());
        entries.retain(|field| field.name != name);
        entries.splice(place..place, fields);
        Ok(())
    }

    /// What it would hold in all.
    fn bytes_after(&self, added: usize, removed: usize) -> Result<usize, HeaderFailure> {
        let bytes = self.bytes.saturating_sub(removed).saturating_add(added);
        if bytes <= MAX_FIELDS_BYTES { Ok(bytes) } else { Err(HeaderFailure::TooLarge) }
    }

    fn delete(&mut self, name: &str) -> Result<(), HeaderFailure> {
        self.set(name, &[])
    }

    fn check_mutable(&self) -> Result<(), HeaderError> {
        if self.is_immutable { Err(HeaderError::Immutable) } else { Ok(()) }
    }

    fn get(&self, name: &str) -> Vec<Vec<u8>> {
        let Ok(name) = field_name(name) else { return Vec::new() };
        self.named(&name).map(|field| field.value.as_bytes().to_vec()).collect()
    }

    fn has(&self, name: &str) -> bool {
        field_name(name).is_ok_and(|name| self.named(&name).next().is_some())
    }

    fn entries(&self) -> Vec<(String, Vec<u8>)> {
        let spelled = |field: &Field| field.spelled.as_deref().unwrap_or(field.name.as_str()).to_owned();
        self.entries.iter().map(|field| (spelled(field), field.value.as_bytes().to_vec())).collect()
    }
}

fn field_name(name: &str) -> Result<HeaderName, HeaderError> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| HeaderError::InvalidSyntax)
}

/// The number that a `content-length` is; digits only, without a sign.
fn length_of(value: &HeaderValue) -> Option<u64> {
    let text = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok()
}

type FieldsResult<T> = Result<T, HeaderFailure>;

impl HostFields for State {
    fn new(&mut self) -> wasmtime::Result<Resource<Fields>> {
        Ok(self.table.push(Fields::default())?)
    }

    fn from_list(&mut self, entries: Vec<(String, Vec<u8>)>) -> FieldsResult<Resource<Fields>> {
        let mut fields = Fields::default();
        for (name, value) in &entries {
            fields.append(name, value)?;
        }
        Ok(self.table.push(fields)?)
    }

    fn get(&mut self, fields: Resource<Fields>, name: String) -> wasmtime::Result<Vec<Vec<u8>>> {
        Ok(self.table.get(&fields)?.get(&name))
    }

    fn has(&mut self, fields: Resource<Fields>, name: String) -> wasmtime::Result<bool> {
        Ok(self.table.get(&fields)?.has(&name))
    }

    fn set(&mut self, fields: Resource<Fields>, name: String, values: Vec<Vec<u8>>) -> FieldsResult<()> {
        self.table.get_mut(&fields)?.set(&name, &values)
    }

    fn delete(&mut self, fields: Resource<Fields>, name: String) -> FieldsResult<()> {
        self.table.get_mut(&fields)?.delete(&name)
    }

    fn append(&mut self, fields: Resource<Fields>, name: String, value: Vec<u8>) -> FieldsResult<()> {
        self.table.get_mut(&fields)?.append(&name, &value)
    }

    fn entries(&mut self, fields: Resource<Fields>) -> wasmtime::Result<Vec<(String, Vec<u8>)>> {
        Ok(self.table.get(&fields)?.entries())
    }

    fn clone(&mut self, fields: Resource<Fields>) -> wasmtime::Result<Resource<Fields>> {
        let copy = Fields { is_immutable: false, ..self.table.get(&fields)?.clone() };
        Ok(self.table.push(copy)?)
    }

    fn drop(&mut self, fields: Resource<Fields>) -> wasmtime::Result<()> {
        self.table.delete(fields)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(entries: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::default();
        entries.iter().for_each(|(name, value)| fields.append(name, value.as_bytes()).unwrap());
        fields
    }

    /// The name of the error's case.
    fn refused(result: Result<(), HeaderFailure>) -> &'static str {
        match result {
            Err(HeaderFailure::Header(HeaderError::InvalidSyntax)) => "invalid-syntax",
            Err(HeaderFailure::Header(HeaderError::Forbidden)) => "forbidden",
            Err(HeaderFailure::Header(HeaderError::Immutable)) => "immutable",
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn values_of_one_name_stand_together_in_the_order_and_the_spelling_that_they_came_in() {
        let mut fields = fields(&[("X-One", "1"), ("b", "2"), ("x-one", "3")]);
        let shown = |fields: &Fields| {
            let texts = fields.entries().into_iter().map(|(name, value)| format!("{name}={}", value.escape_ascii()));
            texts.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown(&fields), "X-One=1 x-one=3 b=2");
        assert_eq!(fields.get("X-ONE"), [b"1", b"3"]);
        fields.set("x-one", &[b"4".to_vec()]).unwrap();
        assert_eq!(shown(&fields), "x-one=4 b=2");
        let sent: Vec<_> = fields.to_map().keys().map(ToString::to_string).collect();
        assert_eq!(sent, ["x-one", "b"]);
        fields.delete("X-One").unwrap();
        fields.delete("absent").unwrap();
        assert_eq!((shown(&fields).as_str(), fields.has("x-one"), fields.has("B")), ("b=2", false, true));
    }

    #[test]
    fn what_is_no_field_is_invalid_and_changes_nothing() {
        let mut fields = fields(&[("a", "1")]);
        for (name, value) in
            [("a b", "x"), ("", "x"), ("a:", "x"), ("ä", "x"), ("a", "x\r\nb: y"), ("a", "\0"), ("a", "\n")]
        {
            assert_eq!(refused(fields.append(name, value.as_bytes())), "invalid-syntax", "{name:?} {value:?}");
            let values = [b"good".to_vec(), value.as_bytes().to_vec()];
            assert_eq!(refused(fields.set(name, &values)), "invalid-syntax", "{name:?} {value:?}");
        }
        assert_eq!(refused(fields.delete("a b")), "invalid-syntax");
        assert_eq!(fields.get("a"), [b"1"]);
        assert!(fields.get("a b").is_empty() && !fields.has("a b"));
    }

    #[test]
    fn what_belongs_to_the_connection_is_forbidden() {
        for name in ["Host", "connection", "keep-alive", "TRANSFER-ENCODING", "proxy-connection", "upgrade", "te"] {
            assert_eq!(refused(fields(&[]).append(name, b"chunked")), "forbidden", "{name}");
            assert_eq!(refused(fields(&[]).set(name, &[b"x".to_vec()])), "forbidden", "{name}");
        }
        assert_eq!(fields(&[("TE", "trailers"), ("x-host", "a")]).entries().len(), 2, "control");
    }

    #[test]
    fn there_is_one_content_length_and_it_is_a_number() {
        for value in ["", "-1", "+1", " 1", "1 ", "1, 1", "0x1", "18446744073709551616"] {
            assert_eq!(refused(fields(&[]).append("Content-Length", value.as_bytes())), "invalid-syntax");
        }
        let mut fields = fields(&[("content-length", "18446744073709551615")]);
        assert_eq!(refused(fields.append("Content-Length", b"5")), "invalid-syntax");
        assert_eq!(refused(fields.set("content-length", &[b"5".to_vec(), b"5".to_vec()])), "invalid-syntax");
        assert_eq!(fields.content_length(), Some(u64::MAX));
        fields.set("content-length", &[b"5".to_vec()]).unwrap();
        assert_eq!(fields.content_length(), Some(5));
    }

    #[test]
    fn immutable_fields_are_not_changed_and_their_clones_are() {
        let mut fixed = fields(&[("a", "1")]).immutable();
        assert_eq!(refused(fixed.append("a", b"2")), "immutable");
        assert_eq!(refused(fixed.set("host", &[])), "immutable");
        assert_eq!(refused(fixed.delete("a b")), "immutable");
        let mut copy = Fields { is_immutable: false, ..fixed.clone() };
        copy.set("a", &[b"2".to_vec()]).unwrap();
        assert_eq!((fixed.get("a"), copy.get("a")), (vec![b"1".to_vec()], vec![b"2".to_vec()]));
    }

    #[test]
    fn what_a_peer_says_about_its_connection_stays_with_the_host() {
        let mut map = HeaderMap::new();
        for (name, value) in [("connection", "close"), ("content-length", "3"), ("server", "x"), ("set-cookie", "a")] {
            map.append(name, HeaderValue::from_static(value));
        }
        map.append("set-cookie", HeaderValue::from_static("b"));
        let mut received = Fields::received(&map);
        let names: Vec<_> = received.entries().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["content-length", "server", "set-cookie", "set-cookie"]);
        assert_eq!(refused(received.delete("server")), "immutable");
    }

    #[test]
    fn the_bound_is_reached_and_not_passed() {
        let rest = MAX_FIELDS_BYTES - size_of::<Field>() - "a".len();
        let mut full = fields(&[("a", &"x".repeat(rest))]);
        assert!(matches!(full.append("b", b""), Err(HeaderFailure::TooLarge)));
        assert!(matches!(full.set("a", &[vec![b'x'; rest + 1]]), Err(HeaderFailure::TooLarge)));
        full.set("a", &[vec![b'y'; rest]]).unwrap();
        full.delete("a").unwrap();
        assert_eq!(full.bytes, 0);
        full.append("b", b"").unwrap();
    }
}
