//! Landlock: the kernel refuses a native program what no grant names. Invariant: what is allowed beyond the grants is what it
//! takes to load the program and to use a granted network, and stands in the tables of this file.

use super::databases::Needs;
use super::files;
use super::plan::{Gap, Known, Plan, Tree};
use super::program::Program;
use super::sockets::Sockets;
use anyhow::Context;
use caphost::policy::{Capability, Policy};
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, NetPort, PathBeneath, PathFd, PathFdError, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope, make_bitflags, path_beneath_rules,
};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// The newest version of the interface whose rights this was written for. Older kernels enforce a part of them.
const NEWEST: ABI = ABI::V10;

/// Where shared libraries are, and the list of them.
const LIBRARIES: [&str; 6] = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"];

/// What programs expect to read and write in any case.
const NULL: &str = "/dev/null";

/// What SQLite draws the numbers from that tell its files apart.
const RANDOM: &str = "/dev/urandom";

/// What looking names up and checking certificates takes: read where anything of the network is granted. Certificates alone, not
/// the directories around them: those hold private keys, too.
const OF_THE_NETWORK: [&str; 13] = [
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/ssl/certs",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted",
    "/etc/ca-certificates/extracted",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/usr/share/pki/trust",
    "/var/lib/ca-certificates",
];

/// The capabilities of the network.
const NETWORK: [Capability; 6] = [
    Capability::NetConnect,
    Capability::NetListen,
    Capability::NetUdp,
    Capability::NetResolve,
    Capability::WebsocketConnect,
    Capability::WebsocketListen,
];

const LOAD: BitFlags<AccessFs> = make_bitflags!(AccessFs::{Execute | ReadFile});
const READ: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});
const WRITE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
    WriteFile | Truncate | MakeReg | MakeDir | MakeSym | RemoveFile | RemoveDir | Refer
});
/// In the directory of a database, and below it: SQLite makes and removes files beside it.
const DATABASE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
    ReadFile | ReadDir | WriteFile | Truncate | MakeReg | RemoveFile
});

/// In the directory of a file that is to be created, and below it: the kernel knows no rights on a directory alone.
const CREATE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{WriteFile | Truncate | MakeReg});

/// What can be read and written without a grant, and what else matters to a plan.
pub(super) fn known(program: &Program, policy: &Policy, needs: &Needs) -> Known<'static> {
    let has_network = NETWORK.iter().any(|capability| policy.has_any_grant(*capability)) || needs.servers.is_any();
    let loaded = program.loaders.iter().chain([&program.path]).map(PathBuf::as_path);
    let of_the_network = OF_THE_NETWORK.iter().filter(|_| has_network);
    let readable = loaded.chain(LIBRARIES.iter().chain([&NULL]).chain(of_the_network).map(Path::new));
    let readable = readable.chain(needs.certificates.iter().map(PathBuf::as_path));
    Known {
        readable: readable.map(files::real).collect(),
        writable: vec![files::real(Path::new(NULL))],
        databases: needs.directories.clone(),
        has_other_names: &files::has_other_names,
    }
}

/// Has the kernel refuse this process, and the program that it becomes, everything but what is granted; for good. What Landlock
/// does not know of the network, `network` refuses.
///
/// # Errors
/// When the kernel has Landlock and does not take the rules.
pub(super) fn restrict(plan: &Plan, program: &Program) -> anyhow::Result<(ABI, Vec<Gap>)> {
    let mut ruleset = Ruleset::default().handle_access(AccessFs::from_all(NEWEST))?.scope(Scope::from_all(NEWEST))?;
    let uses = of_ports(&plan.sockets);
    for (access, _) in &uses {
        ruleset = ruleset.handle_access(*access)?;
    }
    // Once more, for something else could stand there by now.
    let loaded = program.loaders.iter().chain([&program.path]).filter(|path| files::is_regular(path));
    let of_the_network = OF_THE_NETWORK.iter().filter(|_| plan.sockets.is_any());
    let mut ruleset = ruleset
        .create()?
        .add_rules(path_beneath_rules(loaded, LOAD))?
        .add_rules(path_beneath_rules(LIBRARIES, AccessFs::ReadFile))?
        .add_rules(path_beneath_rules(of_the_network, READ))?
        .add_rules(path_beneath_rules([NULL], AccessFs::ReadFile | AccessFs::WriteFile))?;
    for (access, ports) in uses {
        ruleset = ports.iter().try_fold(ruleset, |ruleset, port| ruleset.add_rule(NetPort::new(*port, access)))?;
    }
    let random = [RANDOM].into_iter().filter(|_| !plan.needs.directories.is_empty());
    ruleset = ruleset
        .add_rules(path_beneath_rules(random, AccessFs::ReadFile))?
        .add_rules(path_beneath_rules(&plan.needs.certificates, AccessFs::ReadFile))?
        .add_rules(path_beneath_rules(&plan.needs.directories, DATABASE))?
        .add_rules(path_beneath_rules(&plan.needs.sockets, AccessFs::ResolveUnix))?;
    let mut gaps = plan.gaps.clone();
    for tree in &plan.trees {
        ruleset = allow(ruleset, tree, &mut gaps).with_context(|| format!("`{}`", tree.rule))?;
    }
    let status = ruleset.restrict_self()?;
    let abi = if status.ruleset == RulesetStatus::NotEnforced { ABI::Unsupported } else { status.landlock.into() };
    Ok((abi, gaps))
}

/// The uses of ports that are restricted, with the ports that are left.
fn of_ports(sockets: &Sockets) -> Vec<(AccessNet, &BTreeSet<u16>)> {
    let uses = [
        (AccessNet::ConnectTcp, &sockets.connect),
        (AccessNet::BindTcp, &sockets.bind),
        (AccessNet::ConnectSendUdp, &sockets.send),
        (AccessNet::BindUdp, &sockets.send_from),
    ];
    uses.into_iter().filter_map(|(access, ports)| Some((access, ports.listed()?))).collect()
}

fn allow(ruleset: RulesetCreated, tree: &Tree, gaps: &mut Vec<Gap>) -> anyhow::Result<RulesetCreated> {
    let rights = if tree.capability == Capability::FsRead { READ } else { WRITE };
    let (place, rights) = match PathFd::new(&tree.host) {
        // To let it be made would take the directory that is denied.
        Err(PathFdError::OpenCall { source, .. }) if source.kind() == io::ErrorKind::NotFound && tree.is_left_out => {
            return Ok(ruleset);
        }
        Err(PathFdError::OpenCall { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            gaps.push(Gap::NotThere(tree.rule.clone()));
            (PathFd::new(Path::new(&tree.host).parent().unwrap_or(Path::new("/")))?, CREATE)
        }
        place => (place?, rights),
    };
    // Of a file, the rights that only directories have are left out.
    Ok(ruleset.add_rule(PathBeneath::new(place, rights))?)
}
