//! How many arguments functions of the host may take. What is lent (`scope`) takes fewer.

/// Calls a macro with the parameters of functions of each arity: a type, a name and a place for each.
macro_rules! for_each_arity {
    ($each:ident) => {
        $each! {
            ()
            (A a 0)
            (A a 0 B b 1)
            (A a 0 B b 1 C c 2)
            (A a 0 B b 1 C c 2 D d 3)
            (A a 0 B b 1 C c 2 D d 3 E e 4)
            (A a 0 B b 1 C c 2 D d 3 E e 4 G g 5)
            (A a 0 B b 1 C c 2 D d 3 E e 4 G g 5 H h 6)
            (A a 0 B b 1 C c 2 D d 3 E e 4 G g 5 H h 6 I i 7)
        }
    };
}

pub(super) use for_each_arity;
