//! "Did you mean": the nearest known name.

/// The nearest of `known` to `name`, if any is near enough to be meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    let limit = match length {
        0 => return None,
        1..=2 => 1,
        3..=5 => 1,
        6 => 2,
        _ => 3,
    };
    let folded = name.to_lowercase();
    known
        .into_iter()
        .filter(|candidate| *candidate != name && !candidate.is_empty())
        // Each letter that one has more than the other is an edit; this spares most comparisons.
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= 4 * limit)
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= limit)
        .filter_map(|candidate| {
            let far =
                if candidate.to_lowercase() == folded { 0 } else { distance(name, candidate) };
            // Of a short name so many letters may not differ that nothing of it is left.
            (far <= limit && far < length).then_some((far, candidate))
        })
        .min_by(|a, b| a.0.cmp(&b.0).then(a.1.cmp(b.1)))
        .map(|(_, candidate)| candidate)
}

/// How many letters have to be put in, left out, changed or swapped with their neighbour.
pub fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(LETTERS_MAX).collect();
    let b: Vec<char> = b.chars().take(LETTERS_MAX).collect();
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = last;
        last = row;
    }
    last[b.len()]
}

/// Longer names are compared by their beginning only, so that the time stays bounded.
const LETTERS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits_and_swaps() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kettle", "kettle"), 0);
        assert_eq!(distance("kettle", "ketle"), 1);
        assert_eq!(distance("pritn", "print"), 1);
        assert_eq!(distance("größe", "grösse"), 2);
    }

    #[test]
    fn nearest_takes_only_what_may_be_meant() {
        let known = ["print", "println2", "sleep", "len", "x"];
        assert_eq!(nearest("pirnt", known), Some("print"));
        assert_eq!(nearest("Print", known), Some("print"));
        assert_eq!(nearest("spawn", known), None);
        assert_eq!(nearest("y", known), None);
        assert_eq!(nearest("", known), None);
    }
}
