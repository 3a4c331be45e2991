//! What is done to an open file: reading, writing, size, synchronising, advice.

use wasip2::filesystem::types::Advice;
use words::{Failure, Operation, Outcome, describe, done};

use crate::handles::{Handle, Handles};

/// `read FILE LENGTH OFFSET`, `write FILE OFFSET TEXT`, `set-size FILE SIZE`, `sync FILE`, `sync-data FILE`,
/// `advise FILE OFFSET LENGTH ADVICE`, `read-via-stream NEW FILE OFFSET`, `write-via-stream NEW FILE OFFSET`,
/// `append-via-stream NEW FILE`.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    let call = match operation.name {
        "read" => read,
        "write" => write,
        "set-size" => set_size,
        "sync" => |o: &Operation<'_>, h: &mut Handles| done(h.descriptor(o.word(0)?)?.sync()?),
        "sync-data" => |o: &Operation<'_>, h: &mut Handles| done(h.descriptor(o.word(0)?)?.sync_data()?),
        "advise" => advise,
        "read-via-stream" => read_via_stream,
        "write-via-stream" => write_via_stream,
        "append-via-stream" => append_via_stream,
        _ => return None,
    };
    let subject = if operation.name.ends_with("-via-stream") { 1 } else { 0 };
    if let Ok(name) = operation.word(subject) {
        handles.want(name);
    }
    Some(call(operation, handles))
}

fn read(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let file = handles.descriptor(operation.word(0)?)?;
    let (bytes, at_end) = file.read(operation.number(1)?, operation.number(2)?)?;
    let end = if at_end { " end" } else { "" };
    Ok(format!("{}{end}", describe(&bytes)))
}

fn write(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let file = handles.descriptor(operation.word(0)?)?;
    let written = file.write(operation.word(2)?.as_bytes(), operation.number(1)?)?;
    Ok(format!("{written} bytes"))
}

fn set_size(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    done(handles.descriptor(operation.word(0)?)?.set_size(operation.number(1)?)?)
}

fn advise(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let advice = match operation.word(3)? {
        "normal" => Advice::Normal,
        "sequential" => Advice::Sequential,
        "random" => Advice::Random,
        "will-need" => Advice::WillNeed,
        "dont-need" => Advice::DontNeed,
        "no-reuse" => Advice::NoReuse,
        other => return Err(Failure::Usage(format!("no advice `{other}`"))),
    };
    let file = handles.descriptor(operation.word(0)?)?;
    done(file.advise(operation.number(1)?, operation.number(2)?, advice)?)
}

fn read_via_stream(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let stream = handles.descriptor(operation.word(1)?)?.read_via_stream(operation.number(2)?)?;
    handles.keep(operation.word(0)?, Handle::Input(stream))
}

fn write_via_stream(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let stream = handles.descriptor(operation.word(1)?)?.write_via_stream(operation.number(2)?)?;
    handles.keep(operation.word(0)?, Handle::Output(stream))
}

fn append_via_stream(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let stream = handles.descriptor(operation.word(1)?)?.append_via_stream()?;
    handles.keep(operation.word(0)?, Handle::Output(stream))
}
