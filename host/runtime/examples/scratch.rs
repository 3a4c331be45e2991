use caphost::caps::ambient::HostAuthority;
use caphost::caps::stdio::{Stdin, Stdout};
use caphost::policy::{Policy, parse_list};
use caphost::{Cache, Component, Host, Run};
fn main() {
    let mut args = std::env::args().skip(1);
    let (allow, deny, path) = (args.next().unwrap(), args.next().unwrap(), args.next().unwrap());
    let mut policy = Policy::builder();
    for rule in parse_list(&allow).unwrap() {
        policy = policy.allow(rule);
    }
    for rule in parse_list(&deny).unwrap() {
        policy = policy.deny(rule);
    }
    let component = Component::read("app.wasm", std::fs::read(&path).unwrap()).unwrap();
    let mut run = Run::new(component, policy.build());
    run.arguments = args.collect();
    run.stdin = Stdin::Host;
    run.stdout = Stdout::Host;
    run.stderr = Stdout::Host;
    if let Ok(p) = std::env::var("AUDIT") {
        run.audit = Some(Box::new(std::fs::File::create(p).unwrap()));
    }
    run.observer = Some(Box::new(|r| eprintln!("{r}\n  {r:?}")));
    let cache = if std::env::var("NOCACHE").is_ok() { Cache::Off } else { Cache::user(HostAuthority::claim()) };
    println!("{:?}", Host::new(cache).run(run, HostAuthority::claim()).map_err(|e| e.to_string()));
}
