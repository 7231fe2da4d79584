//! `select`: one op with several arms, of which exactly one happens.

use std::task::Poll;

use super::event_loop::Loop;
use super::op::{Arm, Arms, Choices, NO_SITE, Outcome, Place};
use super::suspend::{Choice, Next};
use super::task::{Task, TaskId};
use super::wait::{Answer, Cx, Wait};
use crate::vm::{ErrorKind, SelectArm, SelectOperand, Thrown, Value, Vm};

/// How many places of `select` a task remembers; beyond, the oldest begins anew.
const ROTATION_MAX: usize = 64;

/// A `select` as the VM hands it over.
pub(super) struct Select {
    pub(super) arms: Vec<SelectArm>,
    pub(super) first: bool,
    pub(super) else_arm: Option<u32>,
    pub(super) site: u64,
}

/// What came of trying an arm.
enum Tried {
    Done(Outcome),
    Pending(Wait),
    Unwind,
}

impl Task {
    /// The arm has happened here: next time the search starts behind it.
    pub(super) fn remember(&mut self, Choice { site, arm }: Choice) {
        if site == NO_SITE {
            return;
        }
        let rotation = &mut self.rest_mut().rotation;
        if let Some(known) = rotation.iter_mut().find(|(known, _)| *known == site) {
            known.1 = arm;
            return;
        }
        if rotation.len() >= ROTATION_MAX {
            rotation.remove(0);
        }
        rotation.push((site, arm));
    }

    fn chosen_last(&self, site: u64) -> Option<u32> {
        let mut places = self.rest.as_ref()?.rotation.iter();
        places.find(|(known, _)| *known == site).map(|(_, arm)| *arm)
    }
}

impl Loop {
    /// Carries out a `select`. Arms are tried one after the other and only until one can go, so
    /// that at most one of them happens.
    pub(super) fn select(&mut self, vm: &mut Vm, id: TaskId, mut select: Select) -> Next {
        if select.arms.is_empty() && select.else_arm.is_none() {
            let Thrown(error) = vm.error(
                ErrorKind::MatchError,
                "no arm of this select is enabled, and it has no `else`",
            );
            return self.deliver(vm, id, Err(error), None);
        }
        let last = self.tasks.get(id).and_then(|task| task.chosen_last(select.site));
        if let Some(last) = last.filter(|_| !select.first) {
            let start = select.arms.iter().position(|arm| arm.number > last).unwrap_or(0);
            select.arms.rotate_left(start);
        }
        let site = if select.first { NO_SITE } else { select.site };
        let mut pending = Vec::with_capacity(select.arms.len());
        for SelectArm { number, operand } in select.arms {
            let choice = Some(Choice { site, arm: number });
            match self.try_operand(vm, id, operand) {
                Tried::Done(outcome) => return self.finish_at_once(vm, id, outcome, choice, false),
                Tried::Pending(wait) => pending.push(Arm { number, wait, place: Place::None }),
                Tried::Unwind => return self.leave_program(vm, id),
            }
        }
        if let Some(number) = select.else_arm {
            // Taking the else arm does not turn the rotation.
            let choice = Choice { site: NO_SITE, arm: number };
            return self.finish_at_once(vm, id, Ok(Value::null()), Some(choice), false);
        }
        self.park(vm, id, Arms::Many(Box::new(Choices { arms: pending, site })))
    }

    fn try_operand(&mut self, vm: &mut Vm, id: TaskId, operand: SelectOperand) -> Tried {
        let wait = match operand {
            SelectOperand::Ready(value) => return Tried::Done(Ok(value)),
            SelectOperand::Value(value) => super::join::wait_for(vm, value),
            SelectOperand::Native(native, args) => {
                match (Cx { vm, rt: self, task: id, at_once: false }).call(native, args) {
                    Ok(Answer::Value(value)) => return Tried::Done(Ok(value)),
                    Ok(Answer::Wait(wait) | Answer::Park(wait)) => Ok(wait),
                    Ok(Answer::Pending(source)) => Ok(Wait::Source(source)),
                    Ok(Answer::Core(..)) => {
                        let name = vm.native(native).name.clone();
                        let text =
                            format!("{name} cannot be an arm of `select`: spawn a task for it");
                        Err(vm.error(ErrorKind::TypeError, text))
                    }
                    // Only functions that run at once are cut by what they call.
                    Ok(Answer::Unwind | Answer::Cut(_)) => return Tried::Unwind,
                    Err(thrown) => Err(thrown),
                }
            }
        };
        match wait {
            Err(Thrown(error)) => Tried::Done(Err(error)),
            Ok(mut wait) => match self.attempt(vm, id, &mut wait) {
                Poll::Ready(outcome) => Tried::Done(outcome),
                Poll::Pending => Tried::Pending(wait),
            },
        }
    }
}
