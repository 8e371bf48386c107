"""Where the markup stands after statements have run, whichever way they went."""

from collections.abc import Iterable

from transmissions.language.markup import HOLE, State, skip
from transmissions.language.tree import Body, Break, Each, If, Node, Text

# A loop whose rounds keep changing the state ("<" + "a" + "a" …) is no markup; more states are not told apart.
_MOST_STATES = 16


class Reach:
    """Which states a node can lead to; every body is read once for each state it is entered in."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, State], frozenset[State]] = {}

    def after(self, node: Node, states: Iterable[State]) -> frozenset[State]:
        return frozenset().union(*(self._after(node, state) for state in states))

    def _after(self, node: Node, state: State) -> frozenset[State]:
        if isinstance(node, Text | Break):
            return frozenset({skip(state, node.text)})
        if not isinstance(node, If | Each):
            return frozenset({skip(state, HOLE)})
        key = (id(node), state)
        if key not in self._known:
            self._known[key] = (
                self._after_if(node, state) if isinstance(node, If) else self._after_each(node, state)
            )
        return self._known[key]

    def _after_if(self, node: If, state: State) -> frozenset[State]:
        reached = {state} if node.branches[-1].condition else set()
        return frozenset(reached.union(*(self._after_body(branch.body, state) for branch in node.branches)))

    def _after_each(self, node: Each, state: State) -> frozenset[State]:
        reached = {state}
        waiting = [state]
        while waiting and len(reached) < _MOST_STATES:
            fresh = self._after_body(node.body, waiting.pop()) - reached
            reached |= fresh
            waiting.extend(fresh)
        return frozenset(reached)

    def _after_body(self, body: Body, state: State) -> frozenset[State]:
        states = frozenset({state})
        for node in body:
            states = self.after(node, states)
        return states
