//! The harness itself, on a real server.

use std::net::TcpStream;
use std::time::Duration;

use caphost_cluster::{Options, own, shared};

#[test]
fn each_database_is_fresh_and_gone_afterwards() {
    let Some(cluster) = shared("cluster::each_database_is_fresh") else { return };
    let one = cluster.create_database("create table t (n int); insert into t values (1), (2)").unwrap();
    let other = cluster.create_database("").unwrap();
    assert_eq!(one.sql("select n from t order by n").unwrap(), "1\n2\n");
    assert!(other.sql("select n from t").unwrap_err().to_string().contains("does not exist"));
    let name = one.name().to_owned();
    drop(one);
    assert_eq!(other.sql(&format!("select count(*) from pg_database where datname = '{name}'")).unwrap(), "0\n");
}

#[test]
fn a_killed_server_comes_back_with_what_was_committed() {
    let Some(cluster) = own("cluster::a_killed_server_comes_back", &Options::default()) else { return };
    let database = cluster.create_database("create table t (n int); insert into t values (7)").unwrap();
    cluster.kill().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", cluster.port())).is_err(), "nobody listens");
    assert!(database.sql("select n from t").is_err());
    cluster.restart().unwrap();
    assert_eq!(database.sql("select n from t").unwrap(), "7\n");
    cluster.restart().unwrap();
    assert_eq!(database.sql("select n from t").unwrap(), "7\n");
}

#[test]
fn a_paused_server_answers_nobody_until_it_is_resumed() {
    let Some(cluster) = own("cluster::a_paused_server", &Options::default()) else { return };
    let database = cluster.create_database("").unwrap();
    cluster.pause().unwrap();
    let asked = std::thread::scope(|scope| {
        let asking = scope.spawn(|| database.sql("select 1"));
        std::thread::sleep(Duration::from_millis(300));
        assert!(!asking.is_finished(), "nothing answers");
        cluster.resume().unwrap();
        asking.join().unwrap()
    });
    assert_eq!(asked.unwrap(), "1\n");
}

#[test]
fn members_of_scram_need_their_password() {
    let Some(cluster) = shared("cluster::members_of_scram") else { return };
    let database = cluster.create_database("").unwrap();
    database.sql("create role keeper login in role scram password 'right'").unwrap();
    let ask = |password| database.sql_by(&database.url_with_password("keeper", password), "select current_user");
    assert!(ask("wrong").unwrap_err().to_string().contains("password authentication failed"));
    assert_eq!(ask("right").unwrap(), "keeper\n");
    drop(database);
    cluster.create_database("drop role keeper").unwrap();
}
