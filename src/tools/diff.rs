//! What differs between two texts, line by line, for people.

/// So many equal lines are shown around a difference.
const AROUND: usize = 3;
/// Two texts whose lines make a table larger than this are shown one after the other.
const TABLE_MAX: usize = 4_000_000;

/// A line of the longer way from one text to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edit<'a> {
    Same(&'a str),
    Gone(&'a str),
    New(&'a str),
}

/// The lines of both texts, `-` before those of the old one, `+` before those of the new one. Equal lines
/// that are far from any difference are left out.
pub fn diff(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split('\n').collect(), new.split('\n').collect());
    let edits = edits(&old, &new);
    let is_change = |edit: &Edit| !matches!(edit, Edit::Same(_));
    let mut text = String::new();
    let mut left_out = false;
    for (index, edit) in edits.iter().enumerate() {
        let near = &edits[index.saturating_sub(AROUND)..edits.len().min(index + AROUND + 1)];
        if !near.iter().any(is_change) {
            left_out = true;
            continue;
        }
        if std::mem::take(&mut left_out) {
            text.push_str("  …\n");
        }
        let (sign, line) = match edit {
            Edit::Same(line) => (' ', line),
            Edit::Gone(line) => ('-', line),
            Edit::New(line) => ('+', line),
        };
        text.push_str(format!("{sign} {}", visible(line)).trim_end());
        text.push('\n');
    }
    if left_out {
        text.push_str("  …\n");
    }
    text
}

/// Blanks at the end of a line and what moves the cursor are shown as escapes.
fn visible(line: &str) -> String {
    let trimmed = line.trim_end_matches([' ', '\t']);
    let mut shown = String::with_capacity(line.len());
    for c in trimmed.chars() {
        match c {
            '\t' => shown.push('\t'),
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown.push_str(&"·".repeat(line.len() - trimmed.len()));
    shown
}

/// The shortest way from one to the other: by the table of common subsequences, after what is equal at
/// both ends.
fn edits<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Edit<'a>> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let rest = (old.len() - head).min(new.len() - head);
    let tails = old.iter().rev().zip(new.iter().rev()).take(rest);
    let tail = tails.take_while(|(a, b)| a == b).count();
    let (a, b) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let mut edits: Vec<Edit> = old[..head].iter().map(|line| Edit::Same(line)).collect();
    if a.len().saturating_mul(b.len()) > TABLE_MAX {
        edits.extend(a.iter().map(|line| Edit::Gone(line)));
        edits.extend(b.iter().map(|line| Edit::New(line)));
    } else {
        middle(a, b, &mut edits);
    }
    edits.extend(old[old.len() - tail..].iter().map(|line| Edit::Same(line)));
    edits
}

fn middle<'a>(a: &[&'a str], b: &[&'a str], edits: &mut Vec<Edit<'a>>) {
    // How many lines of a[i..] and b[j..] can stay.
    let width = b.len() + 1;
    let mut table = vec![0_u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            table[i * width + j] = if a[i] == b[j] {
                table[(i + 1) * width + j + 1] + 1
            } else {
                table[(i + 1) * width + j].max(table[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            edits.push(Edit::Same(a[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == b.len()
            || (i < a.len() && table[(i + 1) * width + j] >= table[i * width + j + 1])
        {
            edits.push(Edit::Gone(a[i]));
            i += 1;
        } else {
            edits.push(Edit::New(b[j]));
            j += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_lines_stand_between_those_that_stay() {
        assert_eq!(diff("a\nb\nc", "a\nx\nc"), "  a\n- b\n+ x\n  c\n");
        assert_eq!(diff("", "a"), "-\n+ a\n");
        assert_eq!(diff("a\nb", "b\nc"), "- a\n  b\n+ c\n");
        assert_eq!(diff("same", "same"), "  …\n");
    }

    #[test]
    fn what_is_far_from_a_difference_is_left_out() {
        let lines = |n: usize| (0..n).map(|i| format!("{i}\n")).collect::<String>();
        let text = diff(&format!("{}x", lines(9)), &format!("{}y", lines(9)));
        assert_eq!(text, "  …\n  6\n  7\n  8\n- x\n+ y\n");
        let text = diff(&format!("x\n{}", lines(9)), &format!("y\n{}", lines(9)));
        assert_eq!(text, "- x\n+ y\n  0\n  1\n  2\n  …\n");
    }

    #[test]
    fn what_cannot_be_seen_is_shown() {
        assert_eq!(diff("a ", "a"), "- a·\n+ a\n");
        assert_eq!(diff("a\r", "a\u{1b}"), "- a\\r\n+ a\\u{1b}\n");
    }

    #[test]
    fn every_way_leads_from_one_to_the_other() {
        let words = ["a", "b", "c"];
        let text = |mut n: usize| {
            let mut lines = Vec::new();
            while n > 0 {
                lines.push(words[n % 3]);
                n /= 3;
            }
            lines
        };
        for (x, y) in (0..200).flat_map(|x| (0..200).map(move |y| (x, y))) {
            let (old, new) = (text(x), text(y));
            let edits = edits(&old, &new);
            let side = |keep: fn(&Edit) -> bool| -> Vec<&str> {
                let kept = edits.iter().filter(|edit| keep(edit));
                kept.map(|(Edit::Same(l) | Edit::Gone(l) | Edit::New(l))| *l).collect()
            };
            assert_eq!(side(|edit| !matches!(edit, Edit::New(_))), old);
            assert_eq!(side(|edit| !matches!(edit, Edit::Gone(_))), new);
        }
    }

    #[test]
    fn large_texts_take_no_table() {
        let old = "a\n".repeat(3000);
        let new = "b\n".repeat(3000);
        assert_eq!(diff(&old, &new).lines().count(), 6001);
    }
}
