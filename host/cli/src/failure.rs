//! Why a command ended early: what to say, and the exit code.

use crate::exit::Exit;
use crate::report::{Message, Subject};

/// Messages, and how to end after them.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) messages: Vec<Message>,
}

impl Failure {
    /// One message.
    pub(crate) fn new(exit: Exit, message: Message) -> Self {
        Self { exit, messages: vec![message] }
    }

    /// With the component that it is about; what failed in the host is about none.
    pub(crate) fn about(self, subject: &Subject) -> Self {
        if self.exit == Exit::Host {
            return self;
        }
        Self { exit: self.exit, messages: self.messages.into_iter().map(|message| message.about(subject)).collect() }
    }

    /// The command line makes no sense.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(Exit::Usage, Message::new(text))
    }
}

/// What fails with no more to say than why is the host's.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(Exit::Host, Message::new(format!("{error:#}")))
    }
}
