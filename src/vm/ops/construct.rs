//! Classes as functions: an instance, its computed fields, its `init`.
//!
//! Initializers stand as frames on top of the frame of `init`, which has not begun yet: they run
//! first, the one of the outermost class at the top, and their results are dropped.

use std::sync::Arc;

use super::call::Site;
use super::{Flow, Op, Step};
use crate::vm::error::{ErrorKind, Thrown};
use crate::vm::frame::{CONSTRUCTOR, DROPPED};
use crate::vm::load::setter;
use crate::vm::value::Value;

/// So many fields a class may have that is made by naming them.
const PARAMETERS_MAX: usize = 240;

impl Op<'_> {
    /// Makes an instance of a class from the arguments behind the site's slot.
    pub(in crate::vm) fn construct(
        &mut self,
        class: Value,
        site: Site,
        count: usize,
        named: Option<Value>,
    ) -> Step {
        let mut initializers = Vec::new();
        let mut next = Some(class);
        while let Some(found) = next.and_then(|class| self.vm.heap.class_ref(class)) {
            initializers.extend(found.initializer);
            next = found.parent;
        }
        let found = self.vm.heap.class_ref(class).expect("callers pass a class");
        let init = found.method("init").map(|member| member.value);
        if init.is_none() && initializers.is_empty() && named.is_none() {
            return self.construct_plainly(class, site, count);
        }
        let init = match init {
            Some(init) => init,
            None => self.constructor(class)?,
        };
        let instance = self.vm.heap.instance(class);
        self.insert_receiver(instance, site.slot, count)?;
        // An instance is complete before anything can wait, so its `init` is never async.
        self.call_closure(init, site, count + 1, named, true, CONSTRUCTOR)?;
        for initializer in initializers {
            let function = self.vm.heap.closure_ref(initializer).map(|closure| closure.function());
            let Some(function) = function else { continue };
            let (slot, back) = (self.scratch(), self.after(0));
            self.push(function, slot, DROPPED, back)?;
            self.set(0, instance);
            let register = self.vm.functions[function as usize].closure_register;
            if register != 255 {
                self.set(register, initializer);
            }
        }
        Ok(Flow::Stay)
    }

    /// Makes an instance whose fields are plain, from positional arguments only.
    fn construct_plainly(&mut self, class: Value, site: Site, count: usize) -> Step {
        let found = self.vm.heap.class_ref(class).expect("callers pass a class");
        let public = found.fields.iter().zip(0..).filter(|(name, _)| !name.starts_with('_'));
        let slots: Vec<usize> = public.map(|(_, slot)| slot).collect();
        let required = |slot: &usize| found.template[*slot].is_unset();
        if count > slots.len() || slots[count..].iter().any(required) {
            let constructor = self.constructor(class)?;
            let instance = self.vm.heap.instance(class);
            self.insert_receiver(instance, site.slot, count)?;
            return self.call_closure(constructor, site, count + 1, None, true, CONSTRUCTOR);
        }
        let instance = self.vm.heap.instance(class);
        let args = self.window(site.slot + 1, count).to_vec();
        if let Some(fields) = self.vm.heap.instance_for(instance, &args) {
            for (slot, value) in slots.iter().zip(args) {
                fields[*slot] = value;
            }
        }
        if site.operator {
            return super::deliver(self, instance);
        }
        self.window_set(site.slot, instance);
        self.go(site.next)
    }

    /// The function that does what the `init` of a class without one does: sets its fields from
    /// parameters of their names.
    pub(in crate::vm) fn constructor(&mut self, class: Value) -> Result<Value, Thrown> {
        let found = self.vm.heap.class_ref(class).expect("callers pass a class");
        let (shape, name) = (found.shape, found.name.clone());
        if let Some(closure) = self.vm.constructors.get(&shape) {
            return Ok(self.vm.constants[*closure as usize]);
        }
        let fields = found.fields.iter().zip(&found.template);
        let public = fields.filter(|(name, _)| !name.starts_with('_'));
        let public: Vec<(Arc<str>, bool)> =
            public.map(|(name, default)| (name.clone(), !default.is_unset())).collect();
        if public.len() > PARAMETERS_MAX {
            let text = format!("{name} has too many fields to be made without an `init`");
            return Err(self.vm.error(ErrorKind::TypeError, text));
        }
        let mut fields = Vec::with_capacity(public.len());
        for (field, optional) in public {
            let constant = self.vm.heap.intern(&field);
            fields.push((field, self.vm.add_constant(constant), optional));
        }
        let function = self.vm.load_synthetic(vec![setter(&name, &fields, false)]);
        let closure = self.vm.heap.closure(function, &[]);
        let constant = self.vm.add_constant(closure);
        self.vm.constructors.insert(shape, constant as u32);
        Ok(closure)
    }
}
