//! Headers and trailers.

use wasip2::http::types::Fields;
use words::{Failure, Operation, Outcome, describe, done};

use crate::handles::{Handle, Handles};

/// `types.fields NEW`, `fields.from-list NEW [NAME VALUE]…`, `fields.get F NAME`, `fields.has F NAME`, `fields.set F NAME VALUE…`,
/// `fields.delete F NAME`, `fields.append F NAME VALUE`, `fields.entries F`, `fields.clone NEW F`; and `fields.fill F NAME N`,
/// which appends so many empty values.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    let call = match operation.name {
        "types.fields" => |o: &Operation<'_>, h: &mut Handles| h.keep(o.word(0)?, Handle::Fields(Fields::new())),
        "fields.from-list" => from_list,
        "fields.get" => get,
        "fields.has" => |o: &Operation<'_>, h: &mut Handles| Ok(h.fields(o.word(0)?)?.has(o.word(1)?).to_string()),
        "fields.set" => set,
        "fields.delete" => |o: &Operation<'_>, h: &mut Handles| done(h.fields(o.word(0)?)?.delete(o.word(1)?)?),
        "fields.append" => {
            |o: &Operation<'_>, h: &mut Handles| done(h.fields(o.word(0)?)?.append(o.word(1)?, o.word(2)?.as_bytes())?)
        }
        "fields.entries" => |o: &Operation<'_>, h: &mut Handles| Ok(describe_entries(h.fields(o.word(0)?)?)),
        "fields.clone" => |o: &Operation<'_>, h: &mut Handles| {
            let copy = h.fields(o.word(1)?)?.clone();
            h.keep(o.word(0)?, Handle::Fields(copy))
        },
        "fields.fill" => fill,
        _ => return None,
    };
    Some(call(operation, handles))
}

fn from_list(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let pairs = operation.rest(1).chunks(2).map(|pair| match pair {
        [name, value] => Ok((name.clone(), value.clone().into_bytes())),
        _ => Err(Failure::Usage("a name without a value".to_owned())),
    });
    let fields = Fields::from_list(&pairs.collect::<Result<Vec<_>, _>>()?)?;
    handles.keep(operation.word(0)?, Handle::Fields(fields))
}

fn get(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let values = handles.fields(operation.word(0)?)?.get(operation.word(1)?);
    Ok(format!("[{}]", values.iter().map(|value| describe(value)).collect::<Vec<_>>().join(", ")))
}

fn set(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let values: Vec<_> = operation.rest(2).iter().map(|value| value.clone().into_bytes()).collect();
    done(handles.fields(operation.word(0)?)?.set(operation.word(1)?, &values)?)
}

fn fill(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let fields = handles.fields(operation.word(0)?)?;
    for _ in 0..operation.number(2)? {
        fields.append(operation.word(1)?, b"")?;
    }
    Ok(String::new())
}

/// `name: "value"` for each, by commas.
pub(crate) fn describe_entries(fields: &Fields) -> String {
    let entry = |(name, value): (String, Vec<u8>)| format!("{name}: {}", describe(&value));
    fields.entries().into_iter().map(entry).collect::<Vec<_>>().join(", ")
}
