//! Says hello. With the argument `wait` it then waits for the end of its standard input, so that whoever started it
//! can look at the process while it is alive.

use std::io::{Read, Write};

fn main() -> std::io::Result<()> {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "hello")?;
    stdout.flush()?;
    if std::env::args().nth(1).as_deref() == Some("wait") {
        std::io::stdin().read_to_end(&mut Vec::new())?;
    }
    Ok(())
}
