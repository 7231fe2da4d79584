//! What a write sends: a str or bytes, or several that go out together, with one call of the system and
//! without being copied into one before.

use std::io::{self, IoSlice};

use super::settled;
use super::write::bytes_of;
use crate::natives::argument::{Argument, wrong_type};
use crate::natives::kind::{Data, DataValue, PiecesValue};
use crate::vm::heap::Heap;
use crate::vm::{Thrown, Value, Vm};

/// So many pieces are handed over as they are. More of them are short or there is much to look through at each
/// try, so they are joined.
const PIECES_MAX: usize = 64;

/// What is written, as it is now: buffers and the list itself may change while the write waits. A str, bytes, or a
/// list of them that nobody else has.
pub(super) fn settled_pieces(vm: &mut Vm, data: PiecesValue) -> Result<Value, Thrown> {
    if let Some(one) = data.single() {
        return Ok(settled(vm, one));
    }
    let list = vm.heap.list_ref(data.0);
    let mut pieces = list.map_or(Vec::new(), |list| list.items.to_vec());
    if let Some(at) = pieces.iter().position(|piece| Data::take(&vm.heap, *piece).is_none()) {
        let name = format!("data[{at}]");
        return Err(wrong_type(vm, "stream.write", &name, Data::EXPECTED, pieces[at], None));
    }
    if pieces.len() > PIECES_MAX {
        let all = joined(&vm.heap, &pieces);
        return Ok(vm.heap.bytes(&all));
    }
    for piece in &mut pieces {
        *piece = settled(vm, DataValue(*piece));
    }
    Ok(vm.heap.list(pieces))
}

/// The same as one, for what takes no pieces.
pub(super) fn settled_whole(vm: &mut Vm, data: PiecesValue) -> Result<DataValue, Thrown> {
    let data = settled_pieces(vm, data)?;
    let Some(list) = vm.heap.list_ref(data) else { return Ok(DataValue(data)) };
    let all = joined(&vm.heap, &list.items);
    Ok(DataValue(vm.heap.bytes(&all)))
}

fn joined(heap: &Heap, pieces: &[Value]) -> Vec<u8> {
    pieces.iter().flat_map(|piece| DataValue(*piece).get(heap)).copied().collect()
}

/// How many bytes there are to write.
pub(super) fn length(heap: &Heap, data: Value) -> usize {
    match heap.list_ref(data) {
        Some(list) => list.items.iter().map(|piece| bytes_of(heap, *piece).len()).sum(),
        None => bytes_of(heap, data).len(),
    }
}

/// Sends what has not been sent of some pieces, as far as it goes for now.
#[inline(never)]
pub(super) fn send_pieces(
    sent: &mut usize,
    heap: &Heap,
    pieces: &[Value],
    at_most: usize,
    mut write: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
) -> io::Result<()> {
    let pieces: Vec<&[u8]> = pieces.iter().map(|piece| bytes_of(heap, *piece)).collect();
    let all: usize = pieces.iter().map(|piece| piece.len()).sum();
    let goal = all.min(*sent + at_most);
    while *sent < goal {
        match write(&behind(&pieces, *sent))? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            count => *sent += count,
        }
    }
    if *sent < all { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
}

/// What is left of pieces of which so many bytes are out.
fn behind<'a>(pieces: &[&'a [u8]], mut sent: usize) -> Vec<IoSlice<'a>> {
    let mut left = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let rest = piece.get(sent..).unwrap_or_default();
        sent = sent.saturating_sub(piece.len());
        if !rest.is_empty() {
            left.push(IoSlice::new(rest));
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_begins_where_the_sent_ends() {
        let pieces: [&[u8]; 4] = [b"abc", b"", b"de", b"f"];
        for sent in 0..=6 {
            let left: Vec<u8> = behind(&pieces, sent).iter().flat_map(|it| it.to_vec()).collect();
            assert_eq!(left, &b"abcdef"[sent..]);
            assert!(behind(&pieces, sent).iter().all(|piece| !piece.is_empty()));
        }
    }
}
