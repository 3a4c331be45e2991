//! Compares two texts line by line and shows where they differ.

/// Equal lines that are shown around a difference.
const CONTEXT: usize = 2;

/// The difference between `expected` and `seen`: `-` lines are missing, `+` lines are new. `None` if they are equal.
pub fn difference(expected: &str, seen: &str) -> Option<String> {
    if expected == seen {
        return None;
    }
    let (old, new): (Vec<_>, Vec<_>) = (expected.split('\n').collect(), seen.split('\n').collect());
    let edits = edits(&old, &new);
    let mut text = String::new();
    let mut skipped = false;
    for (index, (mark, line)) in edits.iter().enumerate() {
        let near = &edits[index.saturating_sub(CONTEXT)..edits.len().min(index + CONTEXT + 1)];
        if near.iter().any(|(mark, _)| *mark != ' ') {
            text += &format!("{mark} {line}\n");
            skipped = false;
        } else if !skipped {
            text += "  …\n";
            skipped = true;
        }
    }
    Some(text)
}

/// The shortest edit from `old` to `new`, by the longest common subsequence between their common ends.
fn edits<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    let end = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old_middle, new_middle) = (&old_rest[..old_rest.len() - end], &new_rest[..new_rest.len() - end]);
    let mut edits: Vec<_> = old[..start].iter().map(|line| (' ', *line)).collect();
    edits.extend(middle(old_middle, new_middle));
    edits.extend(old_rest[old_rest.len() - end..].iter().map(|line| (' ', *line)));
    edits
}

fn middle<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] =
                if old[i] == new[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut edits) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            edits.push((' ', old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            edits.push(('-', old[i]));
            i += 1;
        } else {
            edits.push(('+', new[j]));
            j += 1;
        }
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), None);
    }

    #[test]
    fn a_changed_line_stands_between_its_neighbours() {
        let seen = difference("1\n2\n3\n4\n5\n6\n7\n8", "1\n2\n3\n4\nfive\n6\n7\n8");
        assert_eq!(seen.as_deref(), Some("  …\n  3\n  4\n- 5\n+ five\n  6\n  7\n  …\n"));
    }

    #[test]
    fn a_missing_last_newline_is_a_difference() {
        assert_eq!(difference("a\n", "a").as_deref(), Some("  a\n- \n"));
    }

    #[test]
    fn added_and_removed_lines_are_told_apart() {
        assert_eq!(difference("a\nb", "b\nc").as_deref(), Some("- a\n  b\n+ c\n"));
        assert_eq!(difference("", "x").as_deref(), Some("- \n+ x\n"));
    }
}
