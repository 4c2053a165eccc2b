//! The columns of a table that a narrow terminal cuts.

use std::cmp::Reverse;

/// The length of the longest ids, those of snapshots.
const WIDEST_ID: usize = 22;

/// What is left at least of a column that is cut, while there is another one to cut.
const LEAST: usize = 20;

/// The places of the columns to cut, of those with these `widths`, so that all of them fit into `width`.
///
/// Only the widest is cut, as half an id is useless. Where next to nothing would be left of it, the next widest is cut
/// too, unless it may be a column of ids.
pub(super) fn cut(widths: &[usize], width: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..widths.len()).rev().collect();
    order.sort_by_key(|at| Reverse(widths[*at]));
    let room = |whole: &[usize]| {
        let taken: usize = whole.iter().map(|at| widths[*at]).sum();
        width.saturating_sub(taken)
    };
    let mut count = 1.min(order.len());
    while order.get(count).is_some_and(|at| widths[*at] > WIDEST_ID) && room(&order[count..]) < count * LEAST {
        count += 1;
    }
    order.truncate(count);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_is_cut_and_where_that_is_not_enough_the_next() {
        assert_eq!(cut(&[], 80), [0; 0]);
        assert_eq!(cut(&[21, 9, 60], 74), [2]);
        assert_eq!(cut(&[22, 52, 60], 74), [2, 1], "not the ids");
        assert_eq!(cut(&[22, 20, 22, 60], 72), [3], "not the ids, whatever is left");
        assert_eq!(cut(&[30, 30, 60], 74), [2, 1]);
        assert_eq!(cut(&[40, 40], 66), [1], "the last of equals");
    }
}
