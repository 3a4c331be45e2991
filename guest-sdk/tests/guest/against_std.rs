//! The same operations on a file of the SDK and on one of std, with the same outcome.

use crate::support::{folder, session};
use caphost_sdk::fs;
use caphost_sdk::native::with_session;
use proptest::prelude::*;
use std::io::{self, Read, Seek, SeekFrom, Write};

#[derive(Clone, Debug)]
enum Operation {
    Read(usize),
    ReadToEnd,
    Write(Vec<u8>),
    Seek(SeekFrom),
    SetLen(u64),
    Position,
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        (0..40_usize).prop_map(Operation::Read),
        Just(Operation::ReadToEnd),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Operation::Write),
        (0..80_u64).prop_map(|offset| Operation::Seek(SeekFrom::Start(offset))),
        (-40..40_i64).prop_map(|offset| Operation::Seek(SeekFrom::Current(offset))),
        (-80..40_i64).prop_map(|offset| Operation::Seek(SeekFrom::End(offset))),
        (0..80_u64).prop_map(Operation::SetLen),
        Just(Operation::Position),
    ]
}

/// What an operation gave: a number, bytes, or the kind of the error.
type Outcome = Result<(u64, Vec<u8>), io::ErrorKind>;

fn perform<F: Read + Write + Seek>(
    file: &mut F,
    set_len: impl FnOnce(&F, u64) -> io::Result<()>,
    operation: &Operation,
) -> Outcome {
    let mut bytes = Vec::new();
    let number = match operation {
        Operation::Read(length) => {
            bytes.resize(*length, 0);
            file.read(&mut bytes).map(|length| length as u64)
        }
        Operation::ReadToEnd => file.read_to_end(&mut bytes).map(|length| length as u64),
        Operation::Write(contents) => file.write(contents).map(|length| length as u64),
        Operation::Seek(to) => file.seek(*to),
        Operation::SetLen(length) => set_len(file, *length).map(|()| 0),
        Operation::Position => file.stream_position(),
    };
    number.map(|number| (number, bytes)).map_err(|error| error.kind())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_answers_as_stds_does(operations in prop::collection::vec(operation(), 1..24), appends: bool) {
        let folder = folder();
        let mut theirs = std::fs::OpenOptions::new();
        theirs.read(true).write(true).append(appends).create(true);
        let mut theirs = theirs.open(folder.path().join("out/theirs")).expect("a file");
        with_session(session(&folder, "fs:./out"), || {
            let options = fs::OpenOptions::new().read(true).write(true).append(appends).create(true).clone();
            let mut ours = options.open("out/ours").expect("a file");
            for operation in &operations {
                let our_outcome = perform(&mut ours, |file, length| Ok(file.set_len(length)?), operation);
                let their_outcome = perform(&mut theirs, |file, length| file.set_len(length), operation);
                prop_assert_eq!(our_outcome, their_outcome, "{:?}", operation);
            }
            Ok(())
        })?;
        let read = |name: &str| std::fs::read(folder.path().join(name)).expect("a file");
        prop_assert_eq!(read("out/ours"), read("out/theirs"));
    }
}
