//! `listener.drain`: no more connections, and those there are may end.

use std::sync::Arc;
use std::task::Poll;

use super::duration;
use super::listen::{close_listener, listener_of};
use crate::natives::stream::crowd::Crowd;
use crate::runtime::driver::{Moment, Ticket};
use crate::runtime::{Answer, Cx, Source, TimerId, Wait};
use crate::vm::heap::Marker;
use crate::vm::{Thrown, Value, Vm};

pub(super) fn drain(
    cx: &mut Cx<'_>,
    listener: Value,
    limit: Option<i64>,
) -> Result<Answer, Thrown> {
    let crowd = listener_of(cx.vm, listener)?.crowd.clone();
    let limit = limit.map(|limit| duration(cx.vm, "listener.drain", "limit", limit)).transpose()?;
    let end = limit.map(|limit| cx.rt.driver.now().after(limit));
    let op = DrainOp { listener, crowd, end, began: false, alarm: None };
    Ok(Answer::Wait(Wait::Source(Box::new(op))))
}

struct DrainOp {
    listener: Value,
    crowd: Arc<Crowd>,
    end: Option<Moment>,
    began: bool,
    alarm: Option<TimerId>,
}

impl Source for DrainOp {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        let open = self.crowd.open();
        let is_over = self.end.is_some_and(|end| end <= cx.rt.driver.now());
        if !self.began || (open > 0 && !is_over) {
            return Poll::Pending;
        }
        Poll::Ready(Ok(Value::int(i64::try_from(open).unwrap_or(i64::MAX))))
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        self.began = true;
        close_listener(cx.vm, cx.rt, self.listener);
        self.crowd.wait(ticket);
        self.alarm = self.end.map(|end| cx.rt.start_wake_up(end, ticket));
        if self.crowd.open() == 0 {
            cx.rt.driver.notify(ticket);
        }
    }

    fn unregister(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        if let Some(alarm) = self.alarm.take() {
            cx.rt.stop_wake_up(alarm);
        }
        self.crowd.unwait(ticket);
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.listener);
    }

    fn describe(&self, _: &Vm) -> String {
        format!("the end of {} connections", self.crowd.open())
    }
}
