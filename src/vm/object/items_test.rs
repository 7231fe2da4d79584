//! Lists against vectors.

use crate::vm::heap::Heap;
use crate::vm::random_test::Random;
use crate::vm::value::Value;

fn ints(items: &[Value]) -> Vec<i64> {
    items.iter().map(|item| item.as_int().expect("the test puts ints in")).collect()
}

/// Makes the same change to a list and to a vector; what it gives has to be the same too.
fn change(heap: &mut Heap, list: Value, model: &mut Vec<i64>, random: &mut Random, next: i64) {
    let items = &mut heap.list_mut(list).expect("a list").items;
    let (length, value) = (model.len(), Value::int(next));
    match random.below(10) {
        0..=2 => {
            items.push(value);
            model.push(next);
        }
        3 => assert_eq!(items.pop().and_then(|item| item.as_int()), model.pop()),
        4 => {
            let at = random.below(length + 1);
            items.insert(at, value);
            model.insert(at, next);
        }
        5 if length > 0 => {
            let at = random.below(length);
            assert_eq!(items.remove(at).as_int(), Some(model.remove(at)));
        }
        6 => {
            let added = vec![next; random.below(5)];
            items.extend(added.iter().map(|number| Value::int(*number)));
            model.extend(added);
        }
        7 => {
            let divisor = 2 + random.below(5) as i64;
            items.retain(|item| item.as_int().is_some_and(|number| number % divisor != 0));
            model.retain(|number| number % divisor != 0);
        }
        8 => {
            let start = random.below(length + 1);
            let places = start..start + random.below(length - start + 1);
            let put = vec![next; random.below(4)];
            let values = put.iter().map(|number| Value::int(*number)).collect();
            let taken = items.splice(places.clone(), values);
            assert_eq!(ints(&taken), model.splice(places, put).collect::<Vec<_>>());
        }
        _ => match random.below(8) {
            0 => {
                items.clear();
                model.clear();
            }
            1 => {
                model.reverse();
                items.set(model.iter().map(|number| Value::int(*number)).collect());
            }
            2 => items.reserve(random.below(9)),
            _ => {
                items.extend_from_slice(&[value, value]);
                model.extend([next, next]);
            }
        },
    }
}

#[test]
fn a_list_changes_as_a_vector_does() {
    for room in [0, 1, 3, 8, 16, 17] {
        let mut heap = Heap::default();
        let mut random = Random(room as u64 + 1);
        let neighbour = heap.list(vec![Value::int(-1); room]);
        let list = heap.list(vec![Value::int(0); room]);
        let behind = heap.list(vec![Value::int(-2); room]);
        let mut model = vec![0; room];
        for next in 1..3000 {
            change(&mut heap, list, &mut model, &mut random, next);
            let items = &heap.list_ref(list).expect("a list").items;
            assert_eq!(ints(items), model, "after {next} changes of a list of {room}");
            assert!(items.capacity() >= items.len());
            if next % 500 == 0 {
                heap.collect_full(&mut |marker| marker.values(&[neighbour, list, behind]));
            }
        }
        for (other, number) in [(neighbour, -1), (behind, -2)] {
            let items = &heap.list_ref(other).expect("a list").items;
            assert_eq!(ints(items), vec![number; room]);
        }
    }
}

#[test]
fn a_short_list_is_in_its_cell_until_it_grows() {
    let mut heap = Heap::default();
    let list = heap.list(vec![Value::int(1); 2]);
    let bytes = |heap: &Heap| heap.list_ref(list).expect("a list").items.buffer_bytes();
    assert_eq!(bytes(&heap), 0);
    heap.list_mut(list).expect("a list").items.set(vec![Value::int(3)]);
    assert_eq!(bytes(&heap), 0);
    heap.list_mut(list).expect("a list").items.push(Value::int(4));
    assert_eq!(bytes(&heap), 0);
    heap.list_mut(list).expect("a list").items.push(Value::int(5));
    assert_eq!(bytes(&heap), 4 * size_of::<Value>());
    assert_eq!(ints(&heap.list_ref(list).expect("a list").items), [3, 4, 5]);
}
