//! `caphost inspect`.

use crate::args::InspectArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::{Subject, json_line};
use crate::units::grouped;
use crate::{columns, component, output, verify};
use caphost::inspect::{Component, Import, Producer};
use caphost::policy::Capability;
use caphost::policy::visible::escape;
use caphost::seal::SealFault;
use serde_json::{Value, json};

/// Shows what a component is.
pub(crate) fn inspect(arguments: &InspectArguments) -> Result<Exit, Failure> {
    let component = component::read(&arguments.component)?;
    component.validate().map_err(|error| component::bad(&escape(component.name()).to_string(), &error))?;
    output::print(&if arguments.json { json_line(&as_json(&component)) } else { as_text(&component) })?;
    Ok(Exit::Success)
}

fn as_json(component: &Component) -> Value {
    let inspection = component.inspection();
    let subject = Subject::of(component);
    json!({
        "name": subject.name,
        "sha256": subject.sha256,
        "size": inspection.size,
        "is_command": inspection.is_command,
        "capabilities": names(&inspection.capabilities()),
        "imports": inspection.imports.iter().map(import_as_json).collect::<Vec<_>>(),
        "exports": inspection.exports,
        "producers": inspection.producers.iter().map(producer_as_json).collect::<Vec<_>>(),
        "seal": seal_as_json(component),
    })
}

/// `null` without a seal, and nothing of one that does not hold but why.
fn seal_as_json(component: &Component) -> Value {
    match component.seal() {
        Ok(seal) => json!(seal.map(verify::seal_as_json)),
        Err(faults) => {
            let fault = |fault: &SealFault| json!({ "code": fault.code().number(), "message": fault.to_string() });
            json!({ "problems": faults.0.iter().map(fault).collect::<Vec<_>>() })
        }
    }
}

fn import_as_json(import: &Import) -> Value {
    json!({
        "name": import.name,
        "interface": import.interface,
        "version": import.version,
        "functions": import.functions,
        "capabilities": names(&import.capabilities),
    })
}

fn producer_as_json(producer: &Producer) -> Value {
    json!({ "field": producer.field, "name": producer.name, "version": producer.version })
}

fn as_text(component: &Component) -> String {
    let inspection = component.inspection();
    let capabilities = names(&inspection.capabilities()).join(", ");
    let facts = [
        ["sha256".to_owned(), Subject::of(component).sha256],
        ["size".to_owned(), format!("{} bytes", grouped(inspection.size))],
        [
            "command".to_owned(),
            if inspection.is_command { "yes" } else { "no: it does not export `wasi:cli/run`" }.to_owned(),
        ],
        ["could use".to_owned(), if capabilities.is_empty() { "nothing outside".to_owned() } else { capabilities }],
    ];
    let facts = facts.into_iter().chain(sealed(component)).collect::<Vec<_>>();
    let mut text = format!("{}\n{}", escape(component.name()), columns::align(&facts));
    text += &part("imports", &inspection.imports.iter().map(import_row).collect::<Vec<_>>());
    text += &part("exports", &inspection.exports.iter().map(|name| [escape(name).to_string()]).collect::<Vec<_>>());
    text + &part("made with, as it says", &inspection.producers.iter().map(producer_row).collect::<Vec<_>>())
}

fn sealed(component: &Component) -> Vec<[String; 2]> {
    let row = |what: &str, is: String| [what.to_owned(), is];
    match component.seal() {
        Ok(None) => Vec::new(),
        Ok(Some(seal)) => {
            let manifest = row("sealed", format!("yes, with a manifest of sha256:{}", seal.manifest_digest()));
            [manifest].into_iter().chain(seal.signers().map(|key| row("signed by", key.to_string()))).collect()
        }
        Err(faults) => {
            let fault = |fault: &SealFault| row("sealed", format!("no longer [{}]: {fault}", fault.code().number()));
            faults.0.iter().map(fault).collect()
        }
    }
}

fn part<const N: usize>(title: &str, rows: &[[String; N]]) -> String {
    if rows.is_empty() { String::new() } else { format!("{title}\n{}", columns::align(rows)) }
}

fn import_row(import: &Import) -> [String; 2] {
    [escape(&import.name).to_string(), names(&import.capabilities).join(", ")]
}

fn producer_row(producer: &Producer) -> [String; 3] {
    [&producer.field, &producer.name, &producer.version].map(|text| escape(text).to_string())
}

fn names(capabilities: &[Capability]) -> Vec<&'static str> {
    capabilities.iter().map(|capability| capability.name()).collect()
}
