use super::*;
use crate::request::Asked;
use caphost_policy::{Rule, Scope};
use std::sync::atomic::AtomicUsize;

/// A sink that others can read, whose calls fail while they are told to.
#[derive(Clone, Default)]
struct Files(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    files: Vec<String>,
    fails: bool,
    cannot_rotate: bool,
}

impl AuditSink for Files {
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let mut state = lock(&self.0);
        if state.fails {
            return Err(io::ErrorKind::StorageFull.into());
        }
        if state.files.is_empty() {
            state.files.push(String::new());
        }
        state.files.last_mut().unwrap().push_str(str::from_utf8(lines).unwrap());
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        let mut state = lock(&self.0);
        if state.cannot_rotate {
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.files.push(String::new());
        Ok(())
    }
}

impl Files {
    fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut lock(&self.0));
    }

    fn text(&self) -> Vec<String> {
        lock(&self.0).files.clone()
    }
}

fn settings(files: &Files) -> AuditSettings {
    AuditSettings::new(Box::new(files.clone()))
}

fn start(settings: AuditSettings) -> AuditLog {
    let policy = Policy::builder().allow(Rule { capability: Capability::Random, scope: Scope::Any }).build();
    AuditLog::start(settings, "test", &policy, policy.grants().len(), &Provenance::default()).unwrap()
}

fn append(log: &AuditLog, asked: &str) -> Result<(), AuditFailed> {
    let (capability, target) = (Capability::Random, Target::Whole);
    let request = Request { capability, call: "test", asked: Asked::name(asked), target };
    log.append(Duration::ZERO, &request, Verdict::Allowed { grant: None, extent: Extent::Whole })
}

/// Waits until a record that is appended now was written, or tried to be.
fn settle(log: &AuditLog, asked: &str) {
    append(log, asked).unwrap();
    std::thread::sleep(MAX_DELAY * 4);
}

#[test]
fn a_log_goes_on_in_a_new_file_when_one_is_full() {
    let files = Files::default();
    let rotation = Some(Rotation { bytes: 700, keep: 2 });
    let log = start(AuditSettings { rotation, ..settings(&files) });
    for index in 0..7 {
        append(&log, &format!("resource-{index}")).unwrap();
    }
    log.close().unwrap();
    let texts = files.text();
    assert!(texts.len() > 2, "{texts:#?}");
    for (index, text) in texts.iter().enumerate() {
        let header = format!("\"version\":1,\"part\":{},\"keep\":2,\"subject\":\"test\"", index + 1);
        assert!(text.lines().next().unwrap().contains(&header), "{text}");
        let end = if index + 1 == texts.len() { "\"end\":\"closed\"" } else { "\"end\":\"rotated\"" };
        assert!(text.lines().last().unwrap().contains(end), "{text}");
        assert!(text.contains("resource-"), "no file is without a record: {text}");
    }
}

#[test]
fn a_guest_that_goes_on_loses_records_and_the_log_says_how_many() {
    let files = Files::default();
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let trouble: TroubleObserver = Box::new(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let on_error = OnAuditError::Continue;
    let log = start(AuditSettings { on_error, trouble: Some(trouble), ..settings(&files) });
    settle(&log, "before");
    files.set(|state| state.fails = true);
    settle(&log, "lost-1");
    settle(&log, "lost-2");
    files.set(|state| state.fails = false);
    settle(&log, "after");
    log.close().unwrap();
    let text = files.text().concat();
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[1].contains("before") && lines[2].contains("\"sequence\":2,\"lost\":2,"), "{text}");
    assert!(lines[3].contains("after") && lines[4].contains("\"end\":\"closed\"") && lines.len() == 5, "{text}");
    assert_eq!(told.load(Ordering::Relaxed), 1, "the operator is told once");
}

#[test]
fn a_file_that_cannot_be_begun_is_tried_again() {
    let files = Files::default();
    let rotation = Some(Rotation { bytes: 1, keep: 1 });
    let log = start(AuditSettings { on_error: OnAuditError::Continue, rotation, ..settings(&files) });
    files.set(|state| state.cannot_rotate = true);
    settle(&log, "first");
    settle(&log, "lost");
    files.set(|state| state.cannot_rotate = false);
    settle(&log, "last");
    log.close().unwrap();
    let texts = files.text();
    assert!(texts[0].contains("first") && texts[0].contains("rotated") && !texts[0].contains("lost"), "{texts:#?}");
    assert!(texts[1].contains("\"part\":2") && texts[1].contains("\"lost\":1"), "{texts:#?}");
    assert!(texts.concat().contains("\"last\""), "{texts:#?}");
}

#[test]
fn a_guest_that_is_to_be_stopped_gets_nothing_more() {
    let files = Files::default();
    let log = start(settings(&files));
    files.set(|state| state.fails = true);
    settle(&log, "lost");
    assert!(append(&log, "refused").is_err());
    files.set(|state| state.fails = false);
    std::thread::sleep(MAX_DELAY * 4);
    assert!(append(&log, "refused").is_err(), "also when there is room again");
    assert!(log.close().is_err());
    assert_eq!(files.text().concat().lines().count(), 1);
}
