//! Who owns what has to be closed: sockets, listeners, open files.
//!
//! The owner is a task. It closes at its end what it still owns; what it hands to a `spawn` as a
//! direct argument, and what it gives as its result, moves on. Closing by hand is what
//! ends ownership otherwise. The loop does not know how a thing is closed: whoever makes it says so.

use std::collections::hash_map::Entry;

use foldhash::fast::RandomState;

use super::event_loop::Loop;
use super::rec::RecId;
use super::task::TaskId;
use crate::vm::heap::Marker;
use crate::vm::{Value, Vm};

/// Scripts choose none of the keys, so a hash need not be more than quick.
type HashMap<K, V> = std::collections::HashMap<K, V, RandomState>;

/// Closes a resource. Closing again does nothing.
pub type Closer = fn(&mut Vm, &mut Loop, Value);

/// All resources that are open.
#[derive(Default)]
pub(super) struct Resources {
    /// By the address of the object, which never moves.
    owners: HashMap<u64, Owned>,
    /// In the order in which they came to each task.
    by_task: HashMap<TaskId, Few>,
}

/// The resources of a task: nearly always one, as of who serves a connection.
enum Few {
    One(Value),
    Many(Vec<Value>),
}

impl Few {
    fn as_slice(&self) -> &[Value] {
        match self {
            Few::One(value) => std::slice::from_ref(value),
            Few::Many(values) => values,
        }
    }

    fn push(&mut self, value: Value) {
        match self {
            Few::One(first) => *self = Few::Many(vec![*first, value]),
            Few::Many(values) => values.push(value),
        }
    }

    /// Takes a value out, if it is not the last one that is left; says so if it is.
    fn remove(&mut self, value: Value) -> bool {
        // What is closed or handed on is mostly what came last.
        let Some(place) = self.as_slice().iter().rposition(|known| known.same(value)) else {
            return false;
        };
        match self {
            Few::Many(values) if values.len() > 1 => {
                values.remove(place);
                false
            }
            _ => true,
        }
    }
}

#[derive(Clone, Copy)]
struct Owned {
    owner: TaskId,
    close: Closer,
}

impl Resources {
    pub(super) fn trace(&self, marker: &mut Marker) {
        for owned in self.by_task.values() {
            marker.values(owned.as_slice());
        }
    }

    fn add(&mut self, owner: TaskId, resource: Value, close: Closer) {
        self.owners.insert(resource.bits(), Owned { owner, close });
        match self.by_task.entry(owner) {
            Entry::Occupied(mut few) => few.get_mut().push(resource),
            Entry::Vacant(place) => drop(place.insert(Few::One(resource))),
        }
    }

    fn remove(&mut self, resource: Value) -> Option<Owned> {
        if !resource.is_object() {
            return None;
        }
        let owned = self.owners.remove(&resource.bits())?;
        if self.by_task.get_mut(&owned.owner).is_some_and(|few| few.remove(resource)) {
            self.by_task.remove(&owned.owner);
        }
        Some(owned)
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.owners.len()
    }

    /// Whose it is.
    pub(super) fn owner(&self, resource: Value) -> Option<TaskId> {
        self.owners.get(&resource.bits()).map(|owned| owned.owner)
    }

    /// What a task owns, in the order in which it came to it.
    pub(super) fn of(&self, task: TaskId) -> &[Value] {
        self.by_task.get(&task).map_or(&[], Few::as_slice)
    }

    fn is_owned_by(&self, resource: Value, task: TaskId) -> bool {
        resource.is_object()
            && !self.owners.is_empty()
            && self.owners.get(&resource.bits()).is_some_and(|owned| owned.owner == task)
    }
}

impl Loop {
    /// Makes a task the owner of a resource, unless it has one.
    pub fn own(&mut self, owner: TaskId, resource: Value, close: Closer) {
        if !self.resources.owners.contains_key(&resource.bits()) {
            self.resources.add(owner, resource, close);
            if let Some(trial) = &mut self.trial {
                trial.made(resource);
            }
        }
    }

    /// A resource was closed: nobody has to do it any more.
    pub fn disown_resource(&mut self, resource: Value) {
        self.resources.remove(resource);
    }

    /// What `from` owns of these moves to `to`.
    pub(super) fn hand_over(&mut self, from: TaskId, to: TaskId, values: &[Value]) {
        for value in values {
            if self.resources.is_owned_by(*value, from)
                && let Some(owned) = self.resources.remove(*value)
            {
                self.resources.add(to, *value, owned.close);
            }
        }
    }

    /// A task has ended with this result: what it still owns is closed, the last first. The result
    /// itself, or what stands in it if it is a list, goes to the task that runs the scope `owner`; if nobody
    /// does it is the host's, and stays open, as all does that the top level of a program has opened.
    pub(super) fn close_resources(
        &mut self,
        vm: &mut Vm,
        task: TaskId,
        result: Option<Value>,
        owner: Option<RecId>,
    ) {
        let resources = &self.resources;
        if resources.owners.is_empty() || !resources.by_task.contains_key(&task) {
            return;
        }
        let rest = self.tasks.get(task).and_then(|task| task.rest.as_ref());
        if result.is_some() && rest.is_some_and(|rest| rest.leaves_open) {
            return;
        }
        let host = owner.and_then(|owner| self.recs.get(owner)).and_then(|rec| rec.host);
        let mut given = Vec::from_iter(result);
        if let Some(list) = result.and_then(|result| vm.heap.list_ref(result)) {
            given.extend_from_slice(&list.items);
        }
        if let Some(host) = host {
            self.hand_over(task, host, &given);
        } else {
            given.retain(|value| self.resources.is_owned_by(*value, task));
        }
        let left = self.resources.by_task.remove(&task);
        for &resource in left.iter().flat_map(|few| few.as_slice().iter().rev()) {
            if given.iter().any(|value| value.bits() == resource.bits()) {
                continue;
            }
            if let Some(owned) = self.resources.owners.remove(&resource.bits()) {
                (owned.close)(vm, self, resource);
            }
        }
        // Nobody else has the number of a task that has ended: what is the host's is noted under that.
        for value in given.into_iter().filter(|_| host.is_none()) {
            if let Some(owned) = self.resources.remove(value) {
                self.resources.add(task, value, owned.close);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::driver::SimDriver;
    use super::super::task::{Birth, Name, TaskKind};
    use super::super::wait::LoopTable;
    use super::super::{Runtime, Silent};
    use super::*;
    use crate::vm::object::HostObject;
    use crate::vm::{FiberId, VmOptions};

    #[derive(Debug)]
    struct Door {
        times_closed: u32,
    }

    impl HostObject for Door {
        fn type_name(&self) -> &'static str {
            "door"
        }
    }

    fn close(vm: &mut Vm, _: &mut Loop, door: Value) {
        vm.heap.object_mut::<Door>(door).expect("it is a door").times_closed += 1;
    }

    fn runtime() -> Runtime {
        let vm = Vm::new(VmOptions::default());
        Runtime::new(vm, Box::new(SimDriver::new(1)), Box::new(Silent), LoopTable::new())
    }

    fn task(runtime: &mut Runtime) -> TaskId {
        let birth = Birth {
            name: Name::Own("t".into()),
            kind: TaskKind::Plain,
            fiber: FiberId(0),
            site: None,
            rec: RecId::default(),
            budget: 1,
        };
        runtime.rt.tasks.make(birth).0
    }

    fn door(runtime: &mut Runtime, owner: TaskId) -> Value {
        let door = runtime.vm.heap.object(Box::new(Door { times_closed: 0 }));
        runtime.rt.own(owner, door, close);
        door
    }

    fn times_closed(runtime: &Runtime, door: Value) -> u32 {
        runtime.vm.heap.object_ref::<Door>(door).expect("it is a door").times_closed
    }

    #[test]
    fn a_task_closes_what_it_still_owns() {
        let mut runtime = runtime();
        let (parent, child) = (task(&mut runtime), task(&mut runtime));
        let kept = door(&mut runtime, parent);
        let moved = door(&mut runtime, parent);
        let closed = door(&mut runtime, parent);
        runtime.rt.hand_over(parent, child, &[Value::int(1), moved]);
        runtime.rt.hand_over(child, parent, &[kept]);
        runtime.rt.disown_resource(closed);
        runtime.rt.disown_resource(closed);
        let Runtime { vm, rt } = &mut runtime;
        rt.close_resources(vm, child, None, None);
        assert_eq!([kept, moved, closed].map(|door| times_closed(&runtime, door)), [0, 1, 0]);
        let Runtime { vm, rt } = &mut runtime;
        rt.close_resources(vm, parent, None, None);
        rt.close_resources(vm, parent, None, None);
        assert_eq!([kept, moved, closed].map(|door| times_closed(&runtime, door)), [1, 1, 0]);
    }

    #[test]
    fn results_go_to_the_task_that_runs_the_scope() {
        let mut runtime = runtime();
        let (parent, child) = (task(&mut runtime), task(&mut runtime));
        let scope = runtime.rt.recs.make(super::super::rec::RecKind::Scope, None, Some(parent));
        let given = [door(&mut runtime, child), door(&mut runtime, child)];
        let left = door(&mut runtime, child);
        let result = runtime.vm.heap.list(given.to_vec());
        let Runtime { vm, rt } = &mut runtime;
        rt.close_resources(vm, child, Some(result), Some(scope));
        let times =
            |runtime: &Runtime| [given[0], given[1], left].map(|d| times_closed(runtime, d));
        assert_eq!(times(&runtime), [0, 0, 1]);
        let Runtime { vm, rt } = &mut runtime;
        rt.close_resources(vm, parent, None, None);
        assert_eq!(times(&runtime), [1, 1, 1]);
    }
}
