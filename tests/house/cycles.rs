//! Strongly connected components of a graph, by Tarjan's algorithm.

use std::collections::{BTreeMap, BTreeSet};

/// Nodes and those that each leads to.
pub type Graph<N> = BTreeMap<N, BTreeSet<N>>;

/// The rings of `graph`: groups of two nodes or more in which each leads to each other.
pub fn rings<N: Ord + Clone>(graph: &Graph<N>) -> Vec<BTreeSet<N>> {
    let mut search = Search { graph, seen: BTreeMap::new(), stack: Vec::new(), rings: Vec::new() };
    for node in graph.keys() {
        if !search.seen.contains_key(node) {
            search.visit(node);
        }
    }
    search.rings
}

struct Search<'a, N> {
    graph: &'a Graph<N>,
    /// When each node was seen; `None` once its component is complete.
    seen: BTreeMap<N, Option<usize>>,
    stack: Vec<N>,
    rings: Vec<BTreeSet<N>>,
}

impl<N: Ord + Clone> Search<'_, N> {
    /// Returns the earliest node on the stack that `node` leads back to.
    fn visit(&mut self, node: &N) -> usize {
        let own = self.seen.len();
        let mut earliest = own;
        self.seen.insert(node.clone(), Some(own));
        let height = self.stack.len();
        self.stack.push(node.clone());
        for next in self.graph.get(node).into_iter().flatten() {
            match self.seen.get(next) {
                None => earliest = earliest.min(self.visit(next)),
                Some(Some(seen)) => earliest = earliest.min(*seen),
                Some(None) => {}
            }
        }
        if earliest == own {
            let component: BTreeSet<N> = self.stack.drain(height..).collect();
            for node in &component {
                self.seen.insert(node.clone(), None);
            }
            if component.len() > 1 {
                self.rings.push(component);
            }
        }
        earliest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rings of a graph written as `ab bc`, one word an edge.
    fn found(edges: &str) -> Vec<String> {
        let mut graph: Graph<char> = BTreeMap::new();
        for edge in edges.split_whitespace() {
            let (from, to) = (edge.chars().next().unwrap(), edge.chars().nth(1).unwrap());
            graph.entry(from).or_default().insert(to);
        }
        let mut found: Vec<String> = rings(&graph).into_iter().map(String::from_iter).collect();
        found.sort();
        found
    }

    #[test]
    fn rings_are_found_and_nothing_else() {
        assert_eq!(found("ab bc cd ad bd"), [""; 0]);
        assert_eq!(found("aa ab"), [""; 0]);
        assert_eq!(found("ab ba"), ["ab"]);
        assert_eq!(found("ab bc ca cd de ed ef"), ["abc", "de"]);
        assert_eq!(found("ab bc cb cd da"), ["abcd"]);
        assert_eq!(found("xa ab ba xc cd dc da"), ["ab", "cd"]);
    }
}
