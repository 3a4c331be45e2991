//! What is done to an open file of `caphost:host/fs`.

use words::{Failure, Operation, Outcome, describe, done};

use crate::bindings::caphost::host::fs::SeekFrom;
use crate::fs::describe_metadata;
use crate::handles::Handles;
use crate::operation::Filled;

/// `file.NAME FILE ARGUMENT…`, in the order of the parameters; `file.seek FILE start|current|end N`.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    let call = match operation.name {
        "file.read" => |o: &Operation<'_>, h: &Handles| Ok(describe(&h.file(o.word(0)?)?.read(o.number(1)?)?)),
        "file.write" => |o: &Operation<'_>, h: &Handles| count(h.file(o.word(0)?)?.write(&o.bytes(1)?)?),
        "file.seek" => seek,
        "file.read-at" => read_at,
        "file.write-at" => {
            |o: &Operation<'_>, h: &Handles| count(h.file(o.word(0)?)?.write_at(&o.bytes(1)?, o.number(2)?)?)
        }
        "file.set-size" => |o: &Operation<'_>, h: &Handles| done(h.file(o.word(0)?)?.set_size(o.number(1)?)?),
        "file.sync" => |o: &Operation<'_>, h: &Handles| done(h.file(o.word(0)?)?.sync()?),
        "file.sync-data" => |o: &Operation<'_>, h: &Handles| done(h.file(o.word(0)?)?.sync_data()?),
        "file.metadata" => |o: &Operation<'_>, h: &Handles| Ok(describe_metadata(&h.file(o.word(0)?)?.metadata()?, o)),
        _ => return None,
    };
    Some(call(operation, handles))
}

fn seek(operation: &Operation<'_>, handles: &Handles) -> Outcome {
    let to = match operation.word(1)? {
        "start" => SeekFrom::Start(operation.number(2)?),
        "current" => SeekFrom::Current(operation.number(2)?),
        "end" => SeekFrom::End(operation.number(2)?),
        other => return Err(Failure::Usage(format!("no place `{other}`"))),
    };
    Ok(format!("at {}", handles.file(operation.word(0)?)?.seek(to)?))
}

fn read_at(operation: &Operation<'_>, handles: &Handles) -> Outcome {
    let file = handles.file(operation.word(0)?)?;
    Ok(describe(&file.read_at(operation.number(1)?, operation.number(2)?)?))
}

fn count(written: u64) -> Outcome {
    Ok(format!("{written} bytes"))
}
