//! Channels as scripts use them.

use super::argument::{Rest, bad_value};
use crate::natives;
use crate::runtime::{Answer, AtEnd, Channel, ChannelCursor, Cx, Wait};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// Channels.
    pub const CHANNEL;

    /// A channel that holds up to `capacity` values; 0 hands every value over from hand to hand.
    fn channel(capacity: int?, named unbounded: bool = false) => channel,
        "channel(2)" => "<channel 0/2>";
    /// Sends a value; waits until there is room.
    host async method channel.send(value: any) => send;
    /// Receives a value; waits until there is one. Throws ClosedError at the end.
    host async method channel.recv() => receive;
    /// Receives a value; at the end gives `default`, or throws StopIteration if there is none.
    host async method channel.next(default: any...) => next;
    /// Sends a value if there is room at once; says whether.
    host loop method channel.try_send(value: any) => try_send;
    /// Receives a value if there is one at once, else null.
    host loop method channel.try_recv() => try_receive;
    /// Takes no more values. Those that it holds can still be received.
    host loop method channel.close() => close;
    /// How many values it holds.
    host get channel.len() => len;
    /// How many values it holds at most without a receiver; null if any number.
    host get channel.capacity() => capacity, "print(channel(2).capacity)" => "2";
    /// Whether it takes no more values. It may still hold some.
    host get channel.is_closed() => is_closed, "print(channel(2).is_closed)" => "false";
    /// A source of its values; closing that leaves the channel open.
    host method channel.iter() => iterate;
    /// The next value; at the end gives `default`, or throws StopIteration if there is none.
    host async method channel_iter.next(default: any...) => next_of_cursor;
    /// The source itself.
    host method channel_iter.iter() => itself;
    /// Leaves the channel as it is.
    host method channel_iter.close() => leave;
}

fn channel(vm: &mut Vm, capacity: Option<i64>, unbounded: bool) -> Result<Value, Thrown> {
    let capacity = match (capacity, unbounded) {
        (None, true) => None,
        (Some(count), false) => match usize::try_from(count) {
            Ok(count) => Some(count),
            Err(_) => {
                let rule = "the capacity must not be negative";
                return Err(bad_value(vm, "channel", rule, Value::int(count)));
            }
        },
        (None, false) => {
            let message = "channel: how many values may it hold? Write `channel(16)`, \
                `channel(0)` to hand over directly, or `channel(unbounded: true)`";
            return Err(vm.error(ErrorKind::ArityError, message));
        }
        (Some(_), true) => {
            let message = "channel: a channel is either unbounded or has a capacity, not both";
            return Err(vm.error(ErrorKind::ValueError, message));
        }
    };
    Ok(vm.heap.object(Box::new(Channel::new(capacity))))
}

fn send(cx: &mut Cx<'_>, channel: Value, value: Value) -> Result<Answer, Thrown> {
    if !cx.at_once {
        return Ok(Answer::Wait(Wait::Send(channel, value)));
    }
    match cx.rt.try_send(cx.vm, channel, value) {
        Some(sent) => sent.map(Answer::Value).map_err(Thrown),
        None => Ok(Answer::Park(Wait::Send(channel, value))),
    }
}

fn receive(cx: &mut Cx<'_>, channel: Value) -> Result<Answer, Thrown> {
    receive_or(cx, channel, AtEnd::CLOSED)
}

/// Receives; at the end gives `end`.
fn receive_or(cx: &mut Cx<'_>, channel: Value, end: AtEnd) -> Result<Answer, Thrown> {
    if !cx.at_once {
        return Ok(Answer::Wait(Wait::Receive(channel, end)));
    }
    match cx.rt.try_receive(cx.vm, channel, end) {
        Some(received) => received.map(Answer::Value).map_err(Thrown),
        None => Ok(Answer::Park(Wait::Receive(channel, end))),
    }
}

fn next(cx: &mut Cx<'_>, channel: Value, default: Rest) -> Result<Answer, Thrown> {
    let end = match default.len(cx.vm) {
        0 => AtEnd::STOP,
        _ => AtEnd::value(default.get(cx.vm, 0)),
    };
    receive_or(cx, channel, end)
}

fn next_of_cursor(cx: &mut Cx<'_>, cursor: Value, default: Rest) -> Result<Answer, Thrown> {
    let channel = cx.vm.heap.object_ref::<ChannelCursor>(cursor).map(|cursor| cursor.channel);
    next(cx, channel.unwrap_or_default(), default)
}

fn try_send(cx: &mut Cx<'_>, channel: Value, value: Value) -> Result<Answer, Thrown> {
    match cx.rt.try_send(cx.vm, channel, value) {
        Some(Err(error)) => Err(Thrown(error)),
        sent => Ok(Answer::Value(Value::bool(sent.is_some()))),
    }
}

fn try_receive(cx: &mut Cx<'_>, channel: Value) -> Result<Answer, Thrown> {
    match cx.rt.try_receive(cx.vm, channel, AtEnd::CLOSED) {
        Some(Err(error)) => Err(Thrown(error)),
        Some(Ok(value)) => Ok(Answer::Value(value)),
        None => Ok(Answer::Value(Value::null())),
    }
}

fn close(cx: &mut Cx<'_>, channel: Value) -> Result<Answer, Thrown> {
    cx.rt.close(cx.vm, channel);
    Ok(Answer::Value(Value::null()))
}

fn len(vm: &mut Vm, channel: Value) -> Result<Value, Thrown> {
    let len = vm.heap.object_ref::<Channel>(channel).map_or(0, Channel::len);
    Ok(Value::int(len as i64))
}

fn capacity(vm: &mut Vm, channel: Value) -> Result<Value, Thrown> {
    let capacity = vm.heap.object_ref::<Channel>(channel).and_then(Channel::capacity);
    Ok(capacity.map_or(Value::null(), |capacity| Value::int(capacity as i64)))
}

fn is_closed(vm: &mut Vm, channel: Value) -> Result<Value, Thrown> {
    Ok(Value::bool(vm.heap.object_ref::<Channel>(channel).is_some_and(Channel::is_closed)))
}

fn iterate(vm: &mut Vm, channel: Value) -> Result<Value, Thrown> {
    Ok(vm.heap.object(Box::new(ChannelCursor { channel })))
}

fn itself(_: &mut Vm, cursor: Value) -> Result<Value, Thrown> {
    Ok(cursor)
}

fn leave(_: &mut Vm, _: Value) -> Result<Value, Thrown> {
    Ok(Value::null())
}
