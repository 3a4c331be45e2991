use super::super::approved::Verdict;
use super::*;

fn schema() -> Schema {
    Schema::of(&[
        ("notes", Kind::Table),
        ("odd name", Kind::Table),
        ("peek", Kind::View),
        ("ft", Kind::SelfContained),
        ("ft_content", Kind::Shadow),
        ("over", Kind::Reaching),
        ("ft_node", Kind::Table),
    ])
}

fn read(table: &str, is_bare: bool) -> Action<'_> {
    Action::Read { table, is_bare }
}

fn resolve(actions: &[Action<'_>], keyword: &str) -> Result<Approved, &'static str> {
    let mut findings = Findings::default();
    actions.iter().for_each(|action| {
        findings.note(*action, false);
    });
    findings.resolve(&text(keyword), &schema())
}

fn text(keyword: &str) -> Text<'_> {
    Text { sql: "", keyword, joins_by_name: false, program: None }
}

fn accesses(actions: &[Action<'_>]) -> Vec<Access> {
    resolve(actions, "SELECT").unwrap().accesses.iter().cloned().collect()
}

#[test]
fn tables_are_asked_for_by_their_own_names() {
    let notes = || Some("notes".to_owned());
    assert_eq!(accesses(&[read("NOTES", true)]), [Access::read(notes())]);
    assert_eq!(accesses(&[read("notes", false), read("Notes", true)]), [Access::read(notes())]);
    assert_eq!(accesses(&[Action::Write { table: "nOtes" }]), [Access::write(notes())]);
    assert_eq!(accesses(&[read("made_up", true)]), []);
    for whole in ["odd name", "ft_content", "sqlite_schema", "SQLITE_STAT1", "dbstat", "pragma_table_info"] {
        assert_eq!(accesses(&[read(whole, false)]), [Access::read(None)], "{whole}");
    }
    assert_eq!(accesses(&[read("made_up", false)]), [Access::read(None)], "a column of what is not known");
    assert!(resolve(&[read("pragma_database_list", false)], "SELECT").is_err());
}

#[test]
fn what_a_view_stands_for_is_asked_for_beside_it() {
    let mut findings = Findings::default();
    findings.note_between("peek");
    findings.note_between("made_up");
    findings.note(read("notes", false), false);
    let approved = findings.resolve(&text("SELECT"), &schema()).unwrap();
    let expected = ["notes", "peek"].map(|table| Access::read(table.to_owned()));
    assert!(approved.accesses.iter().eq(&expected), "{approved:?}");
}

#[test]
fn a_definition_is_writing_it_all_and_reads_for_the_guest_where_it_selects() {
    let create = Action::Define { table: "copy", alters: false };
    let schema = [read("sqlite_master", false), Action::Write { table: "sqlite_master" }, create];
    assert_eq!(accesses(&schema), [Access::write(None)]);
    let copying = [&schema[..], &[Action::Select]].concat();
    assert_eq!(accesses(&copying), [Access::read(None), Access::write(None)]);
    let dropping_nothing = resolve(&[], "DROP").unwrap();
    assert!(dropping_nothing.accesses.iter().eq([&Access::write(None)]));
}

#[test]
fn while_it_runs_a_statement_does_what_it_was_asked_for_and_what_its_virtual_tables_do() {
    let judge = |of: &str, action| resolve(&[read(of, false)], "SELECT").unwrap().judge(action, false);
    let page_size = Action::Pragma { name: "page_size", argument: None };
    for (of, action, expected) in [
        ("notes", read("NOTES", true), Verdict::Unforeseen),
        ("notes", Action::Nothing, Verdict::Unforeseen),
        ("ft", read("FT", true), Verdict::Approved),
        ("notes", read("peek", false), Verdict::Unforeseen),
        ("notes", Action::Write { table: "notes" }, Verdict::Unforeseen),
        ("notes", read("ft_content", false), Verdict::Unforeseen),
        ("ft", read("ft_content", false), Verdict::Approved),
        ("ft", Action::Write { table: "FT_content" }, Verdict::Approved),
        ("ft", read("ft_secret", false), Verdict::Unforeseen),
        ("ft", read("ft_node", false), Verdict::Unforeseen),
        ("ft", read("notes", false), Verdict::Unforeseen),
        ("over", read("notes", false), Verdict::Approved),
        ("ft", page_size, Verdict::Approved),
        ("notes", page_size, Verdict::Unforeseen),
        ("notes", Action::Function("random"), Verdict::Unforeseen),
        ("notes", Action::Define { table: "x", alters: false }, Verdict::Unforeseen),
        ("ft", Action::Function("load_extension"), Verdict::Forbidden(NO_FUNCTION)),
        ("notes", Action::Forbidden("ATTACH"), Verdict::Forbidden("ATTACH")),
    ] {
        assert_eq!(judge(of, action), expected, "{of}: {action:?}");
    }
}
