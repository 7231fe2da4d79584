//! Promises: a value that will be given once.

use crate::natives;
use crate::runtime::{Answer, Cx, Promise};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// Promises.
    pub const PROMISE;

    /// A value that will be given later: `await` it.
    fn sync.promise() => promise, "import sync\nprint(sync.promise())" => "<promise pending>";
    /// Gives it. Only the first time counts.
    host loop method promise.resolve(value: any) => resolve,
        "import sync\nlet p = sync.promise()\np.resolve(5)\nprint(await p)" => "5";
    /// Makes every await of it throw `error`. Only the first time counts.
    host loop method promise.reject(error: any) => reject;
    /// Whether it has been given, or rejected.
    host get promise.is_done() => is_done, "import sync\nprint(sync.promise().is_done)" => "false";
}

fn promise(vm: &mut Vm) -> Result<Value, Thrown> {
    Ok(vm.heap.object(Box::new(Promise::new())))
}

fn resolve(cx: &mut Cx<'_>, promise: Value, value: Value) -> Result<Answer, Thrown> {
    cx.rt.settle(cx.vm, promise, Ok(value));
    Ok(Answer::Value(Value::null()))
}

fn reject(cx: &mut Cx<'_>, promise: Value, error: Value) -> Result<Answer, Thrown> {
    if !cx.vm.is_error(error) {
        let kind = cx.vm.type_name(error);
        let message = format!("promise.reject: error must be an Error, not a {kind}");
        return Err(cx.vm.error(ErrorKind::TypeError, message));
    }
    cx.rt.settle(cx.vm, promise, Err(error));
    Ok(Answer::Value(Value::null()))
}

fn is_done(vm: &mut Vm, promise: Value) -> Result<Value, Thrown> {
    let promise = vm.heap.object_ref::<Promise>(promise);
    Ok(Value::bool(promise.is_some_and(Promise::is_done)))
}
