//! Interfaces that this build knows and cannot grant: linked, so that programs which import them start, and refused at each call.
//!
//! The implementation is made from the component's own types: a function whose result has an error gets the error that says
//! "not permitted"; one without traps. Nothing of the interface is implemented, so there is nothing to get around.

use crate::state::{OnDeny, State};
use crate::wasi::convert::RefusalTrap;
use crate::wasi::input_stream::InputStream;
use crate::wasi::io::IoError;
use crate::wasi::output_stream::OutputStream;
use crate::wasi::poll::Pollable;
use caphost_caps::{Asked, Denied, Session};
use std::sync::Arc;
use wasmtime::component::types::{ComponentFunc, ComponentInstance, ComponentItem};
use wasmtime::component::{Linker, Resource, ResourceAny, ResourceType, Type, Val};
use wasmtime::{Engine, Result, StoreContextMut};

/// Stands for every resource of a refused interface.
struct Refused;

/// Links `name`, an import of the component with the type `instance`, to refusals.
pub(crate) fn link(
    linker: &mut Linker<State>,
    engine: &Engine,
    name: &str,
    instance: &ComponentInstance,
) -> Result<()> {
    let package = package_of(name);
    let mut target = linker.instance(name)?;
    for (function, item) in instance.exports(engine) {
        match item.ty {
            ComponentItem::Resource(_) => target.resource(function, resource_type(function), |_, _| Ok(()))?,
            ComponentItem::ComponentFunc(_) => {
                let asked: Arc<str> = format!("{}.{function}", interface_of(name)).into();
                target.func_new_async(function, move |mut store, ty, arguments, results| {
                    let asked = Arc::clone(&asked);
                    Box::new(async move {
                        give_back(&mut store, arguments).await?;
                        answer(store, &ty, results, package, &asked)
                    })
                })?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// The type of a resource: one that the interface takes from wasi:io, or one of its own.
fn resource_type(name: &str) -> ResourceType {
    match name {
        "pollable" => ResourceType::host::<Pollable>(),
        "input-stream" => ResourceType::host::<InputStream>(),
        "output-stream" => ResourceType::host::<OutputStream>(),
        "error" | "io-error" => ResourceType::host::<IoError>(),
        _ => ResourceType::host::<Refused>(),
    }
}

/// The package, as a constant: it goes into audit records.
fn package_of(name: &str) -> &'static str {
    if name.starts_with("wasi:http/") { "wasi:http" } else { "wasi:sockets" }
}

/// `tcp` of `wasi:sockets/tcp@0.2.0`.
fn interface_of(name: &str) -> &str {
    let name = name.split_once('/').map_or(name, |(_, interface)| interface);
    name.split_once('@').map_or(name, |(interface, _)| interface)
}

/// Drops the handles among the arguments: a borrowed one must be gone when the call returns, and an owned one was given to us.
async fn give_back(store: &mut StoreContextMut<'_, State>, arguments: &[Val]) -> Result<()> {
    let mut handles = Vec::new();
    arguments.iter().for_each(|argument| collect_handles(argument, &mut handles));
    for handle in handles {
        handle.resource_drop_async(&mut *store).await?;
    }
    Ok(())
}

fn collect_handles(value: &Val, handles: &mut Vec<ResourceAny>) {
    match value {
        Val::Resource(handle) => handles.push(*handle),
        Val::List(values) | Val::Tuple(values) => values.iter().for_each(|value| collect_handles(value, handles)),
        Val::Record(fields) => fields.iter().for_each(|(_, value)| collect_handles(value, handles)),
        Val::Variant(_, Some(value)) | Val::Option(Some(value)) => collect_handles(value, handles),
        Val::Result(Ok(Some(value)) | Err(Some(value))) => collect_handles(value, handles),
        _ => {}
    }
}

fn answer(
    mut store: StoreContextMut<'_, State>,
    ty: &ComponentFunc,
    results: &mut [Val],
    package: &'static str,
    asked: &str,
) -> Result<()> {
    let result_type = ty.results().next();
    // A network handle is a name for "the network" that every program takes before it asks for anything.
    if asked == "instance-network.instance-network" {
        let network = Resource::<Refused>::new_own(0).try_into_resource_any(&mut store)?;
        return fill(results, Val::Resource(network));
    }
    let state = store.data();
    let denied = refuse(&state.session, package, asked);
    match result_type.as_ref().and_then(error_value) {
        Some(error) if state.on_deny == OnDeny::Error => fill(results, Val::Result(Err(Some(Box::new(error))))),
        _ => Err(RefusalTrap(denied).into()),
    }
}

fn refuse(session: &Session, package: &'static str, asked: &str) -> Denied {
    session.gate().refuse_unprovided(package, Asked::name(asked))
}

fn fill(results: &mut [Val], value: Val) -> Result<()> {
    match results.first_mut() {
        Some(result) => *result = value,
        None => return Err(wasmtime::format_err!("the function has no result")),
    }
    Ok(())
}

/// The value of a result's error type that says "not permitted", if it has one.
fn error_value(result: &Type) -> Option<Val> {
    const NAMES: [&str; 4] = ["access-denied", "not-permitted", "HTTP-request-denied", "access"];
    let Type::Result(result) = result else { return None };
    match result.err()? {
        Type::Enum(error) => {
            NAMES.iter().find(|name| error.names().any(|case| case == **name)).map(|name| Val::Enum((*name).to_owned()))
        }
        Type::Variant(error) => {
            let has_case = |name: &&&str| error.cases().any(|case| case.name == **name && case.ty.is_none());
            NAMES.iter().find(has_case).map(|name| Val::Variant((*name).to_owned(), None))
        }
        _ => None,
    }
}
