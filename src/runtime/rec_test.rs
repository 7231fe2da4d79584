//! Records: which cancel reaches where.

use super::super::cancel::CancelKind;
use super::*;

fn at(nanos: u64) -> Moment {
    Moment { nanos }
}

fn cancel(recs: &mut Recs, id: RecId, time: u64) {
    let reason = Reason::new(CancelKind::Explicit);
    let rec = recs.get_mut(id).expect("the test made it");
    rec.cancel = Some(Box::new(Cancel { reason, time: at(time) }));
    for inside in recs.ids() {
        if recs.chain(inside).any(|(around, _)| around == id) {
            recs.mark_cancelled(inside, id, id);
        }
    }
}

fn nest(recs: &mut Recs, kinds: &[RecKind]) -> Vec<RecId> {
    let mut made: Vec<RecId> = Vec::new();
    for kind in kinds {
        let id = recs.make(*kind, made.last().copied(), None);
        made.push(id);
    }
    made
}

#[test]
fn the_outermost_visible_cancel_wins() {
    let mut recs = Recs::default();
    let ids = nest(&mut recs, &[RecKind::Program, RecKind::Scope, RecKind::Timeout]);
    assert_eq!(recs.effective(ids[2], at(9), false), None);
    cancel(&mut recs, ids[2], 1);
    assert_eq!(recs.effective(ids[2], at(9), false), Some(ids[2]));
    assert_eq!(recs.effective(ids[1], at(9), false), None);
    cancel(&mut recs, ids[1], 2);
    assert_eq!(recs.effective(ids[2], at(9), false), Some(ids[1]));
}

#[test]
fn a_clean_up_is_shielded_for_the_grace_of_the_cancelled_scope() {
    let mut recs = Recs::default();
    let ids =
        nest(&mut recs, &[RecKind::Program, RecKind::Scope, RecKind::CleanUp, RecKind::Timeout]);
    recs.get_mut(ids[1]).expect("just made").grace = 100;
    cancel(&mut recs, ids[1], 10);
    assert_eq!(recs.effective(ids[2], at(109), false), None);
    assert_eq!(recs.effective(ids[2], at(110), false), Some(ids[1]));
    assert_eq!(recs.next_reveal(ids[2], at(50)), Some(at(110)));
    assert_eq!(recs.effective(ids[1], at(10), false), Some(ids[1]), "the scope itself sees it");
    cancel(&mut recs, ids[3], 20);
    assert_eq!(
        recs.effective(ids[3], at(20), false),
        Some(ids[3]),
        "a timeout inside the clean-up hides nothing from itself"
    );
    assert_eq!(recs.effective(ids[2], at(10), true), Some(ids[1]), "force hides nothing");
}

#[test]
fn shields_in_a_row_do_not_add_up() {
    let mut recs = Recs::default();
    let ids =
        nest(&mut recs, &[RecKind::Program, RecKind::Timeout, RecKind::Shield, RecKind::Shield]);
    recs.get_mut(ids[2]).expect("just made").span = 30;
    recs.get_mut(ids[3]).expect("just made").span = 20;
    cancel(&mut recs, ids[1], 100);
    assert_eq!(recs.effective(ids[3], at(129), false), None);
    assert_eq!(recs.effective(ids[3], at(130), false), Some(ids[1]));
    cancel(&mut recs, ids[2], 100);
    assert_eq!(recs.effective(ids[2], at(100), false), Some(ids[2]));
}

#[test]
fn names_of_ended_records_find_nothing() {
    let mut recs = Recs::default();
    let old = recs.make(RecKind::Program, None, None);
    recs.remove(old);
    let new = recs.make(RecKind::Program, None, None);
    assert_eq!(old.to_bits() as u32, new.to_bits() as u32, "the slot is used again");
    assert!(recs.get(old).is_none());
    assert!(recs.remove(old).is_none());
    assert_eq!(RecId::from_bits(new.to_bits()), new);
}
