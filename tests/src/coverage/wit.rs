//! The functions of WIT packages.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow};
use wit_parser::{FunctionKind, Stability, UnresolvedPackage, UnresolvedPackageGroup};

use super::COVERED;

/// Names that stand in two interfaces: the probe puts the interface before them.
const AMBIGUOUS: &[&str] = &["now", "resolution"];

/// A stable function of a WIT interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// `wasi:filesystem/types`.
    pub interface: String,
    /// The resource, for a method.
    pub resource: Option<String>,
    /// Its own name.
    pub name: String,
}

/// The packages whose operations are always named with their interface or resource.
const QUALIFIED: &[&str] = &["caphost:host/", "wasi:http/", "wasi:sockets/"];

impl Function {
    /// The name of the guest's operation.
    pub fn operation(&self) -> String {
        let interface = self.interface.rsplit_once('/').map_or("", |(_, interface)| interface);
        let is_qualified = QUALIFIED.iter().any(|prefix| self.interface.starts_with(prefix));
        match &self.resource {
            Some(resource) if is_qualified => format!("{resource}.{}", self.name),
            _ if is_qualified || AMBIGUOUS.contains(&self.name.as_str()) => format!("{interface}.{}", self.name),
            _ => self.name.clone(),
        }
    }

    /// True if the cases must cover it.
    pub fn is_covered(&self) -> bool {
        COVERED.iter().any(|prefix| self.interface.starts_with(prefix))
    }

    /// True if it is a method of one of these resources of `caphost:host`.
    pub fn is_of_own(&self, resources: &[&str]) -> bool {
        let resource = self.resource.as_deref().filter(|_| self.interface.starts_with("caphost:host/"));
        resource.is_some_and(|resource| resources.contains(&resource))
    }

    /// True if `name` is its operation, or `RESOURCE.NAME`.
    pub fn is_named(&self, name: &str) -> bool {
        match &self.resource {
            Some(resource) => name == format!("{resource}.{}", self.name),
            None => name == self.operation(),
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.interface)?;
        self.resource.iter().try_for_each(|resource| write!(f, ".{resource}"))?;
        write!(f, ".{}", self.name)
    }
}

/// All stable functions of the package in `folder`, and of the 0.2 packages in its `deps`: each is a folder of `.wit` files, or
/// one file.
///
/// # Errors
/// When a file cannot be read, or is no WIT.
pub(super) fn functions(folder: &Path) -> anyhow::Result<Vec<Function>> {
    let mut functions = of_package(&UnresolvedPackageGroup::parse_dir(folder)?.main);
    let deps = folder.join("deps");
    for entry in fs::read_dir(&deps).with_context(|| format!("failed to read `{}`", deps.display()))? {
        let path = entry?.path();
        let group = if path.is_dir() {
            UnresolvedPackageGroup::parse_dir(&path)?
        } else {
            UnresolvedPackageGroup::parse(&path, &fs::read_to_string(&path)?)
                .map_err(|(_, error)| anyhow!("{}: {error}", path.display()))?
        };
        let packages = std::iter::once(&group.main).chain(&group.nested);
        functions.extend(packages.filter(|package| is_second_generation(package)).flat_map(of_package));
    }
    Ok(functions)
}

fn is_second_generation(package: &UnresolvedPackage) -> bool {
    package.name.version.as_ref().is_some_and(|version| (version.major, version.minor) == (0, 2))
}

fn of_package(package: &UnresolvedPackage) -> Vec<Function> {
    let mut functions = Vec::new();
    for (_, interface) in package.interfaces.iter().filter(|(_, interface)| is_stable(&interface.stability)) {
        let Some(interface_name) = &interface.name else { continue };
        for function in interface.functions.values().filter(|function| is_stable(&function.stability)) {
            let name_of = |resource| package.types.get(resource).and_then(|resource| resource.name.clone());
            let (resource, name) = match function.kind {
                FunctionKind::Method(resource) | FunctionKind::Static(resource) => {
                    (name_of(resource), function.item_name().to_owned())
                }
                // Called by the name of what it makes.
                FunctionKind::Constructor(resource) => (None, name_of(resource).unwrap_or_default()),
                _ => (None, function.item_name().to_owned()),
            };
            functions.push(Function {
                interface: format!("{}:{}/{interface_name}", package.name.namespace, package.name.name),
                resource,
                name,
            });
        }
    }
    functions
}

fn is_stable(stability: &Stability) -> bool {
    !matches!(stability, Stability::Unstable { .. })
}
