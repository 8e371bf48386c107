"""The Python source of a program while it is being written: functions, and the constants bound beside them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from transmissions.language.expressions import Call

# What every generated function is given, in this order; loop variables follow.
PARAMETERS = ("S", "out", "B", "tracked", "outer", "brk")


@dataclass(frozen=True, slots=True)
class LoopVariables:
    """One loop around the code being written: the names of its element and its counter."""

    label: str
    element: str
    counter: str


@dataclass(slots=True)
class Unit:
    """All functions of one program. `namespace` becomes their globals."""

    namespace: dict[str, Any]
    sources: list[str] = field(default_factory=list)
    unwritten: list[Callable[[], None]] = field(default_factory=list)
    _texts: dict[str, str] = field(default_factory=dict)
    _count: int = 0

    def fresh(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"

    def constant(self, value: object) -> str:
        if value is None or value is True or value is False:
            return str(value)
        if type(value) is str:
            if value not in self._texts:
                self._texts[value] = self._bound(value)
            return self._texts[value]
        return self._bound(value)

    def _bound(self, value: object) -> str:
        name = self.fresh("K")
        self.namespace[name] = value
        return name

    def load(self, entry: str) -> Any:
        """Writes what was put off, runs the sources once, and gives the function named `entry`.

        The sources hold nothing but names and numbers made here, whatever the template says.
        """
        while self.unwritten:
            self.unwritten.pop()()
        code = compile("\n".join(self.sources), "<template>", "exec", dont_inherit=True)
        exec(code, self.namespace)  # noqa: S102
        return self.namespace[entry]


class Function:
    """One function of a unit: its lines, and the names of data that it looks up when it begins."""

    def __init__(self, unit: Unit, loops: tuple[LoopVariables, ...], texts: str) -> None:
        """`texts` is the name of the inclusions' object that renders to text, for macros inside of expressions."""
        self.unit = unit
        self.loops = loops
        self.name = unit.fresh("f")
        self.indent = 1
        self.texts = texts
        self._lines: list[str] = []
        self._lookups: dict[tuple[str, str], str] = {}

    def write(self, line: str) -> None:
        self._lines.append(" " * self.indent + line)

    def finish(self, result: str, extra: Iterable[str] = ()) -> None:
        self.indent = 1
        self.write(f"return {result}")
        loops = (name for loop in self.loops for name in (loop.element, loop.counter))
        lookups = [f" {name} = S.{method}({self.constant(key)})" for (method, key), name in self._lookups.items()]
        head = f"def {self.name}({', '.join((*PARAMETERS, *extra, *loops))}):"
        self.unit.sources.append("\n".join([head, *lookups, *self._lines]))

    def constant(self, value: object) -> str:
        return self.unit.constant(value)

    def temporary(self) -> str:
        return self.unit.fresh("t")

    def looked_up(self, method: str, name: str) -> str:
        key = (method, name)
        if key not in self._lookups:
            self._lookups[key] = self.unit.fresh("v")
        return self._lookups[key]

    def loop_name(self, name: str) -> str:
        if name == "loop_vars":
            own = "".join(f", {self.constant(loop.label)}: {loop.element}" for loop in self.loops)
            return f"{{**outer[2]{own}}}"
        if self.loops:
            return self.loops[-1].element if name == "loop_var" else self.loops[-1].counter
        return "outer[0]" if name == "loop_var" else "outer[1]"

    def loop_member(self, key: str) -> str:
        for loop in reversed(self.loops):
            if loop.label == key:
                return loop.element
        return f"outer[2].get({self.constant(key)})"

    def surroundings(self) -> str:
        """The loop names as they are here, for an inclusion that runs here."""
        if not self.loops:
            return "outer"
        return f"({self.loops[-1].element}, {self.loops[-1].counter}, {self.loop_name('loop_vars')})"

    def hoisted(self, code: str) -> str:
        """Moves an expression into a function of its own."""
        function = Function(self.unit, self.loops, self.texts)
        function._lookups = dict(self._lookups)
        function.finish(code)
        return function.call(out="None")

    def call(self, out: str = "out", budget: str = "B", brk: str = "-1") -> str:
        """The code that calls this function from inside the same loops."""
        loops = (name for loop in self.loops for name in (loop.element, loop.counter))
        return f"{self.name}({', '.join(('S', out, budget, 'tracked', 'outer', brk, *loops))})"

    def inserted_text(self, argument: str, call: Call, line: int) -> str:
        return f"{self.texts}.text({self.insert_arguments(argument, call, line)})"

    def insert_arguments(self, argument: str, call: Call, line: int) -> str:
        return f"S, B, tracked, {self.surroundings()}, {self.constant(call)}, {argument}, {line}"
