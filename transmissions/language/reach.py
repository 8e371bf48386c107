"""Where the markup stands after statements have run, whichever way they went."""

from collections.abc import Iterable

from transmissions.language.markup import HOLE, State, skip
from transmissions.language.tree import Break, Each, If, Node, Text

# A loop whose rounds keep changing the state ("<" + "a" + "a" …) is no markup; more states are not told apart.
_MOST_STATES = 16


class Reach:
    """Which states a node can lead to; every body is read once for each state it is entered in."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, State], frozenset[State]] = {}

    def after(self, node: Node, states: Iterable[State]) -> frozenset[State]:
        reached: set[State] = set()
        for state in states:
            if isinstance(node, Text | Break):
                reached.add(skip(state, node.text))
            elif isinstance(node, If | Each):
                reached |= self._after_block(node, state)
            else:
                reached.add(skip(state, HOLE))
        return frozenset(reached)

    def _after_block(self, node: If | Each, state: State) -> frozenset[State]:
        key = (id(node), state)
        if key not in self._known:
            self._known[key] = (
                self._after_if(node, state) if isinstance(node, If) else self._after_each(node, state)
            )
        return self._known[key]

    def _after_if(self, node: If, state: State) -> frozenset[State]:
        reached = {state} if node.branches[-1].condition else set()
        for branch in node.branches:
            states = frozenset({state})
            for inner in branch.body:
                states = self.after(inner, states)
            reached |= states
        return frozenset(reached)

    def _after_each(self, node: Each, state: State) -> frozenset[State]:
        reached = {state}
        waiting = [state]
        while waiting and len(reached) < _MOST_STATES:
            states = frozenset({waiting.pop()})
            for inner in node.body:
                states = self.after(inner, states)
            waiting.extend(states - reached)
            reached |= states
        return frozenset(reached)
