//! Methods of `list`.

mod change;
mod element;
mod order;
mod random;
mod shape;

use crate::natives;
pub use change::writable;
use change::{
    clear, extend, extend_flat, fill, insert, pop, push, remove, remove_at, reverse, splice,
};
use element::{contains, count, first, index_of, join, last, len, sum};
use order::{binary_search, max_plain, min_plain, sort_begin, sort_end, sort_keyed, sort_plain};
use random::{shuffle, shuffled};
use shape::{chunk, copy, enumerate, flat, reversed, skip, take, window, zip};
pub use shape::{deep_copy, list_of_lists};

natives! {
    /// Methods of `list`.
    pub const LIST;

    /// How many elements the list has.
    get list.len() => len, "[1, 2].len" => "2";

    /// Adds values at the end.
    method list.push(values: any...) => push,
        "let xs = [1]\nxs.push(2, 3)\nprint(xs)" => "[1, 2, 3]";
    /// Puts a value before the element at index `i`.
    method list.insert(i: int, value: any) => insert,
        "let xs = [1, 3]\nxs.insert(1, 2)\nprint(xs)" => "[1, 2, 3]";
    /// Adds all elements of an iterable at the end.
    method list.extend(iterable: any) => extend,
        "let xs = [1]\nxs.extend(2..=3)\nprint(xs)" => "[1, 2, 3]";
    /// Removes all elements.
    method list.clear() => clear, "let xs = [1]\nxs.clear()\nprint(xs)" => "[]";
    /// Sets every element to one value.
    method list.fill(value: any) => fill, "let xs = [1, 2]\nxs.fill(0)\nprint(xs)" => "[0, 0]";
    /// Removes the last element and gives it; null if there is none.
    method list.pop() => pop, "[1, 2].pop()" => "2", "[].pop()" => "null";
    /// Removes the first element that equals `value`; says whether there was one.
    method list.remove(value: any) => remove, "[1, 2].remove(2)" => "true";
    /// Removes the element at index `i` and gives it.
    method list.remove_at(i: int) => remove_at, "[1, 2, 3].remove_at(0)" => "1";
    /// Puts the elements of an iterable in the place of those at the indexes of `range`, which are
    /// as in a slice; gives what stood there.
    method list.splice(range: range, iterable: any) => splice,
        "let xs = [1, 2, 3, 4]\nlet old = xs.splice(1..3, [9])\nprint(xs, old)" => "[1, 9, 4] [2, 3]",
        "let xs = [1, 2]\nxs.splice(-1.., [])\nprint(xs)" => "[1]";
    /// Removes the elements for which `f` is true; gives how many.
    core method list.remove_if(f: fn) => list_remove_if, "[1, 2, 3].remove_if(|x| x > 1)" => "2";
    /// Sorts the list in place: by the values, by a key, or by a comparison that gives a negative
    /// int, 0 or a positive int. Equal ones keep their order.
    core method list.sort(named by: fn?, named cmp: fn?, named reverse: bool = false) => list_sort,
        "let xs = [3, 1, 2]\nxs.sort()\nprint(xs)" => "[1, 2, 3]";
    /// The elements in order, as a new list; options as of `sort`.
    core method list.sorted(named by: fn?, named cmp: fn?, named reverse: bool = false) => list_sorted,
        r#"["bb", "a"].sorted(by: |s| s.len)"# => r#"["a", "bb"]"#,
        "[1, 3, 2].sorted(reverse: true)" => "[3, 2, 1]",
        "[1, 3, 2].sorted(cmp: |a, b| b - a)" => "[3, 2, 1]";
    /// Turns the order around in place.
    method list.reverse() => reverse, "let xs = [1, 2]\nxs.reverse()\nprint(xs)" => "[2, 1]";
    /// The elements in reverse order, as a new list.
    method list.reversed() => reversed, "[1, 2].reversed()" => "[2, 1]";

    /// Puts the elements in random order.
    loop method list.shuffle() => shuffle, "let xs = [7, 7]\nxs.shuffle()\nprint(xs)" => "[7, 7]";
    /// The elements in random order, as a new list.
    loop method list.shuffled() => shuffled, "[1, 2, 3].shuffled().sorted()" => "[1, 2, 3]";

    /// What `f` makes of each element.
    core method list.map(f: fn) => list_map, "[1, 2].map(|x| x * 2)" => "[2, 4]";
    /// The elements for which `f` is true.
    core method list.filter(f: fn) => list_filter, "[1, 2, 3].filter(|x| x > 1)" => "[2, 3]";
    /// The elements of the lists that `f` makes of each element.
    core method list.flat_map(f: fn) => list_flat_map, "[1, 2].flat_map(|x| [x, x])" => "[1, 1, 2, 2]";
    /// The elements, with lists among them replaced by their elements, `depth` levels deep.
    method list.flat(depth: int = 1) => flat,
        "[1, [2, [3]]].flat()" => "[1, 2, [3]]", "[1, [2, [3]]].flat(2)" => "[1, 2, 3]";
    /// The elements without those that equal, or have a key that equals, that of an earlier one.
    core method list.unique(named by: fn?) => list_unique,
        "[1, 2, 1].unique()" => "[1, 2]", "[1, 3, 2].unique(by: |x| x % 2)" => "[1, 2]";
    /// The first `n` elements.
    method list.take(n: int) => take, "[1, 2, 3].take(2)" => "[1, 2]";
    /// The elements without the first `n`.
    method list.skip(n: int) => skip, "[1, 2, 3].skip(2)" => "[3]";
    /// A new list of the same elements; with `deep`, lists, maps, sets and buffers in it are
    /// copied too.
    method list.copy(named deep: bool = false) => copy,
        "let xs = [[1]]\nlet ys = xs.copy(deep: true)\nys[0].push(2)\nprint(xs, ys)" => "[[1]] [[1, 2]]";
    /// Lists of the first elements, the second ones, and so on, until one of the iterables ends.
    method list.zip(lists: any...) => zip, r#"[1, 2].zip(["a", "b"])"# => r#"[[1, "a"], [2, "b"]]"#;
    /// Pairs of index and element.
    method list.enumerate(start: int = 0) => enumerate, r#"["a", "b"].enumerate()"# => r#"[[0, "a"], [1, "b"]]"#;
    /// The elements in lists of `n`; the last may be shorter.
    method list.chunk(n: int) => chunk, "[1, 2, 3].chunk(2)" => "[[1, 2], [3]]";
    /// Every `n` neighbours as a list.
    method list.window(n: int) => window, "[1, 2, 3].window(2)" => "[[1, 2], [2, 3]]";

    /// The elements before the first for which `f` is false.
    core method list.take_while(f: fn) => list_take_while, "[1, 3, 2].take_while(|x| x < 3)" => "[1]";
    /// The elements from the first for which `f` is false.
    core method list.skip_while(f: fn) => list_skip_while, "[1, 3, 2].skip_while(|x| x < 3)" => "[3, 2]";
    /// The elements for which `f` is true, and the others.
    core method list.partition(f: fn) => list_partition, "[1, 2, 3].partition(|x| x > 1)" => "[[2, 3], [1]]";
    /// The elements in lists, by what `f` gives for them.
    core method list.group_by(f: fn) => list_group_by,
        "[1, 2, 3].group_by(|x| x % 2)" => "{1: [1, 3], 0: [2]}";
    /// Calls `f` with each element.
    core method list.each(f: fn) => list_each, "[1, 2].each(|x| print(x))" => "1\n2";
    /// Combines the elements: `f(acc, x)` for each, beginning with `start`, or with the first
    /// element; null if there is neither.
    core method list.reduce(f: fn, start: any?) => list_reduce,
        "[1, 2, 3].reduce(|acc, x| acc + x)" => "6", "[].reduce(|acc, x| acc + x)" => "null";
    /// The sum of the elements, 0 if there are none.
    method list.sum() => sum, "[1, 2.5].sum()" => "3.5", "[1s, 2s].sum()" => "3s";
    /// The least element, by the values or by a key; null if there is none.
    core method list.min(named by: fn?) => list_min, "[2, 1].min()" => "1",
        r#"["bb", "a"].min(by: |s| s.len)"# => "a";
    /// The greatest element, by the values or by a key; null if there is none.
    core method list.max(named by: fn?) => list_max, "[2, 1].max()" => "2", "[].max()" => "null";
    /// The first element for which `f` is true; null if there is none.
    core method list.find(f: fn) => list_find, "[1, 2, 3].find(|x| x > 1)" => "2";
    /// The first element; null if there is none.
    method list.first() => first, "[1, 2].first()" => "1";
    /// The last element; null if there is none.
    method list.last() => last, "[1, 2].last()" => "2";
    /// Whether an element, or what `f` gives for one, is true.
    core method list.any(f: fn?) => list_any, "[1, 2].any(|x| x > 1)" => "true", "[null].any()" => "false";
    /// Whether all elements, or what `f` gives for them, are true.
    core method list.all(f: fn?) => list_all, "[1, 2].all(|x| x > 1)" => "false", "[].all()" => "true";
    /// Whether an element equals `value`.
    method list.contains(value: any) => contains, "[1, 2].contains(2)" => "true";
    /// How many elements there are, or for how many `f` is true.
    core method list.count(f: fn?) => list_count, "[1, 2].count(|x| x > 1)" => "1";
    /// The index of the first element, at `from` or later, that equals `value`; null if none does.
    method list.index_of(value: any, named from: int = 0) => index_of,
        "[1, 2].index_of(2)" => "1", "[1, 2].index_of(3)" => "null";
    /// The index of the first element for which `f` is true; null if there is none.
    core method list.find_index(f: fn) => list_find_index, "[1, 2].find_index(|x| x > 1)" => "1";
    /// The index of an element that equals `value` in a sorted list; null if there is none.
    method list.binary_search(value: any) => binary_search, "[1, 3, 5].binary_search(5)" => "2";
    /// The elements as text, with `sep` between them.
    method list.join(sep: str = "") => join, r#"[1, "a"].join(", ")"# => "1, a";
    /// An iterator over the elements.
    core method list.iter() => list_iter, "[1, 2].iter().next()" => "1";

    /// For the core module: adds what the callback of `flat_map` has returned.
    fn core.extend_flat(list: list, returned: any) => extend_flat;
    /// For the core module: sorts a list whose order needs no script code and says so.
    fn core.sort_plain(list: list, reverse: bool) => sort_plain;
    /// For the core module: sorts a list by keys that stand in another one.
    fn core.sort_keyed(list: list, keys: list, reverse: bool) => sort_keyed;
    /// For the core module: a sorting of the elements that a list has now.
    fn core.sort_begin(list: list, reverse: bool) => sort_begin;
    /// For the core module: puts the elements of a sorting in the first places of the list. What a
    /// callback has added meanwhile stays behind them.
    fn core.sort_end(sorting: any, list: list) => sort_end;
    /// For the core module: the index of the least element; null if script code has to be asked.
    fn core.min_plain(list: list) => min_plain;
    /// For the core module: the index of the greatest element; null if script code has to be asked.
    fn core.max_plain(list: list) => max_plain;
    /// For the core module: how many elements there are.
    fn core.count_plain(list: list) => count;
}
