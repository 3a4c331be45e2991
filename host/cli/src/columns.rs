//! Text in columns.

/// The widest that a column gets, in characters: one long cell would be paid for in every line.
const MAX_WIDTH: usize = 200;

/// Lines of `rows`, indented by two spaces, each cell as wide as the widest of its column, those aside that are too long for any. Every
/// line ends with a newline.
pub(crate) fn align<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let widths = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        widths.filter(|width| *width <= MAX_WIDTH).max().unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for row in rows {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str("  ");
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_padded_and_lines_are_not() {
        let rows = [["a", "bb", ""], ["ccc", "ü", "d"]].map(|row| row.map(str::to_owned));
        assert_eq!(align(&rows), "  a    bb\n  ccc  ü   d\n");
    }

    #[test]
    fn a_cell_of_any_length_widens_no_other_line() {
        let long = "x".repeat(70_000);
        let rows = [[long.as_str(), "b"], ["aa", "b"]].map(|row| row.map(str::to_owned));
        assert_eq!(align(&rows), format!("  {long}  b\n  aa  b\n"));
    }
}
