//! What `for` asks of an object of the host: its elements, one by one.

use std::sync::{Mutex, PoisonError};

use crate::engine::convert::{IntoValue, raw_of};
use crate::vm::heap::Heap;
use crate::vm::object::HostObject;
use crate::vm::{Args, ErrorKind, Thrown, Value, Vm as Machine};

/// What scripts call an iterator of the host.
pub const NAME: &str = "host_iterator";

/// Makes the value of the next element.
type Next = Box<dyn FnMut(&mut Heap) -> Option<Result<Value, String>> + Send>;

/// A Rust iterator in the heap of a VM; `None` while it computes an element.
struct Elements(Mutex<Option<Next>>);

impl HostObject for Elements {
    fn type_name(&self) -> &'static str {
        NAME
    }

    fn is_held(&self) -> bool {
        false
    }
}

/// An iterator as a value.
pub fn elements<I>(heap: &mut Heap, items: I) -> Value
where
    I: IntoIterator<IntoIter: Send + 'static, Item: IntoValue>,
{
    let mut items = items.into_iter();
    let next = move |heap: &mut Heap| Some(raw_of(heap, items.next()?));
    heap.object(Box::new(Elements(Mutex::new(Some(Box::new(next))))))
}

/// `next(default)` of it.
pub fn next(vm: &mut Machine, args: Args) -> Result<Value, Thrown> {
    let iterator = vm.arg(args, 0);
    let take = |it: &Elements| it.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(mut next) = vm.heap.object_ref::<Elements>(iterator).and_then(take) else {
        return Err(vm.error(ErrorKind::Error, "the iterator is used by a call further out"));
    };
    let element = next(&mut vm.heap);
    if let Some(it) = vm.heap.object_ref::<Elements>(iterator) {
        *it.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(next);
    }
    match element {
        Some(Ok(value)) => Ok(value),
        Some(Err(why)) => Err(vm.error(ErrorKind::ValueError, why)),
        None => match vm.arg(args, 1) {
            at_end if !at_end.is_unset() => Ok(at_end),
            _ => Err(vm.error(ErrorKind::StopIteration, "the iterator is at its end")),
        },
    }
}
