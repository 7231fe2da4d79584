//! Addresses as scripts see them: what `peer` and `local` of a socket are.

use std::net::SocketAddr;

use crate::natives;
use crate::runtime::driver::Address;
use crate::vm::heap::Heap;
use crate::vm::object::{HostObject, HostValue, KeyForm};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// The properties of addresses.
    pub const ADDRESS;

    /// The IP address as text; null for a Unix socket.
    host get address.host() => |vm: &mut Vm, address: Value| {
        let host = net_of(vm, address)?.map(|address| address.ip().to_string());
        Ok(host.map_or(Value::null(), |host| vm.heap.string(&host)))
    };
    /// The port; null for a Unix socket.
    host get address.port() => |vm: &mut Vm, address: Value| {
        let port = net_of(vm, address)?.map(|address| Value::int(address.port().into()));
        Ok(port.unwrap_or(Value::null()))
    };
    /// The path of a Unix socket; null for one that has no name, and for addresses with a port.
    host get address.path() => |vm: &mut Vm, address: Value| {
        let path = match address_of(vm, address)? {
            Address::Unix(path) => path.display().to_string(),
            Address::Net(_) | Address::Unnamed => return Ok(Value::null()),
        };
        Ok(vm.heap.string(&path))
    };
}

impl HostObject for Address {
    fn type_name(&self) -> &'static str {
        "address"
    }

    fn display(&self) -> String {
        self.to_string()
    }

    fn as_value(&self) -> Option<&dyn HostValue> {
        Some(self)
    }
}

impl HostValue for Address {
    fn equals(&self, heap: &Heap, other: Value) -> bool {
        heap.object_ref::<Address>(other) == Some(self)
    }

    fn key(&self) -> KeyForm {
        let kind = if self.net().is_some() { "net" } else { "unix" };
        KeyForm::Bytes(format!("{kind} {self}").into_bytes())
    }
}

/// An address as a value; null for what has none.
pub(in crate::natives) fn address_value(vm: &mut Vm, address: Option<&Address>) -> Value {
    address.map_or(Value::null(), |address| vm.heap.object(Box::new(address.clone())))
}

fn address_of(vm: &mut Vm, value: Value) -> Result<&Address, Thrown> {
    if vm.heap.object_ref::<Address>(value).is_none() {
        return Err(vm.error(ErrorKind::TypeError, "this is a property of addresses"));
    }
    Ok(vm.heap.object_ref::<Address>(value).expect("its type was looked at"))
}

fn net_of(vm: &mut Vm, value: Value) -> Result<Option<SocketAddr>, Thrown> {
    Ok(address_of(vm, value)?.net())
}
