//! A map that forgets its oldest entries, so that no flood of new keys can exhaust memory.

use std::collections::{BTreeMap, VecDeque};

/// A map with a bound on the sum of its entries' weights. The first that came is the first to go.
pub(super) struct Bounded<K, V> {
    entries: BTreeMap<K, (V, usize)>,
    order: VecDeque<K>,
    weight: usize,
    weight_max: usize,
}

impl<K: Ord + Clone, V> Bounded<K, V> {
    pub(super) const fn new(weight_max: usize) -> Self {
        Self { entries: BTreeMap::new(), order: VecDeque::new(), weight: 0, weight_max }
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(value, _)| value)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key).map(|(value, _)| value)
    }

    /// Keeps an entry if its key is new; an older entry of the same key stays.
    pub(super) fn insert(&mut self, key: K, value: V, weight: usize) {
        if weight > self.weight_max || self.entries.contains_key(&key) {
            return;
        }
        while self.weight + weight > self.weight_max {
            let Some((_, gone)) = self.order.pop_front().and_then(|oldest| self.entries.remove(&oldest))
            else {
                break;
            };
            self.weight -= gone;
        }
        self.weight += weight;
        self.order.push_back(key.clone());
        self.entries.insert(key, (value, weight));
    }

    /// Keeps only some of the entries.
    pub(super) fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        let Self { entries, order, weight, weight_max: _ } = self;
        entries.retain(|_, (value, of_entry)| {
            let stays = keep(value);
            *weight -= if stays { 0 } else { *of_entry };
            stays
        });
        order.retain(|key| entries.contains_key(key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_the_oldest_first_and_never_exceeds_its_bound() {
        let mut map = Bounded::new(10);
        for key in 0..4 {
            map.insert(key, key * 10, 3);
        }
        assert_eq!(map.get(&0), None);
        assert_eq!(map.get(&1), Some(&10));
        assert_eq!(map.get(&3), Some(&30));
        map.insert(3, 99, 3);
        assert_eq!(map.get(&3), Some(&30), "the first answer stays");
        map.insert(9, 90, 11);
        assert_eq!((map.get(&9), map.weight), (None, 9));
        map.retain(|value| *value != 20);
        assert_eq!((map.get(&2), map.get(&3), map.weight), (None, Some(&30), 6));
        map.insert(4, 40, 3);
        map.insert(5, 50, 3);
        assert_eq!((map.get(&1), map.get(&3), map.weight), (None, Some(&30), 9), "the order stays");
    }
}
