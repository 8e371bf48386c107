"""Write the Python functions of a program: runs of constants and values, choices, loops (contract 40 §9)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from transmissions.language.assemble import Literal, Value
from transmissions.language.expression_code import expression_code, truth
from transmissions.language.expressions import Call, Expression
from transmissions.language.findings import Mark
from transmissions.language.flow import Arm, Choice, Insert, Loop, Region, Segment, Segments, TrackedLink
from transmissions.language.functions import Function, LoopVariables
from transmissions.language.pixels import Pixel
from transmissions.language.tree import Break, Output
from transmissions.language.words import Kind

# Python allows 20 blocks inside each other; a block this deep moves into a function.
_DEEPEST_BLOCK = 6
# More arms than this and Python's own compiler would nest too deeply.
_MOST_ARMS = 8
# Pieces appended at once, and between two looks at the size.
_RUN = 64


@dataclass(frozen=True, slots=True)
class Style:
    """How pieces become code: `wrap` names the function around a value's text ("" for none)."""

    kind: Kind
    static: Callable[[str], object]
    wrap: str
    is_held_back: bool = False  # values wait as Holes for the scan of their region

    def value(self, code: str, value: Value[Output], constant: Callable[[object], str]) -> str:
        output = value.hole
        if self.is_held_back:
            return f"hole({code}, {output.raw}, {constant(output.source)})"
        return f"{self.wrap}({self.shown(code, value)})" if self.wrap else self.shown(code, value)

    def shown(self, code: str, value: Value[Output]) -> str:
        """The code of a value's text as its position wants it (contract 40 §5)."""
        if value.hole.raw:
            return f"text({code})"
        if value.in_url:
            return f"url({code})"
        return f"html({code})" if self.kind.is_markup else f"text({code})"


class Translator:
    """Writes segments into a function."""

    def __init__(self, function: Function, style: Style) -> None:
        self._function = function
        self._style = style
        self._items: list[str] = []
        self._unmeasured = 0
        self._line = 1

    def body(self, segments: Iterable[Segment | Pixel], depth: int = 0) -> None:
        for segment in _merged(segments):
            match segment:
                case Literal(text):
                    self._append(self._constant(text))
                case Value():
                    self._value(segment)
                case TrackedLink():
                    self._append(self._link(segment))
                case _:
                    self._flush()
                    self._block(segment, depth)
        self._flush()

    def _block(self, segment: Segment | Pixel, depth: int) -> None:
        match segment:
            case Break(text):
                self._write(f"out.append({self._constant(text)}); brk = len(out)")
            case Insert(output):
                self._insert(output)
            case Pixel(place):
                self._write(f"if {place} is not None: out.append({place})")
            case Region():
                self._region(segment)
            case Choice() | Loop():
                self._glueable(segment, depth)

    def _write(self, line: str) -> None:
        self._function.write(line)

    def _constant(self, text: str) -> str:
        return self._function.constant(self._style.static(text))

    def _append(self, code: str) -> None:
        self._items.append(code)
        if len(self._items) == _RUN:
            self._flush()

    def _flush(self) -> None:
        if not self._items:
            return
        self._write(f"out += ({', '.join(self._items)},)")
        self._unmeasured += len(self._items)
        self._items = []
        if self._unmeasured >= _RUN:
            self._measure()

    def _measure(self) -> None:
        self._write(f"if len(out) > B.mark: B.measure(out, {self._line})")
        self._unmeasured = 0

    def _code(self, expression: Expression, line: int) -> str:
        self._line = line
        return expression_code(expression, line, self._function).text

    def _value(self, value: Value[Output]) -> None:
        code = self._code(value.hole.expression, value.hole.line)
        self._append(self._style.value(code, value, self._function.constant))

    def _insert(self, output: Output) -> None:
        call = output.expression.steps[-1]
        assert isinstance(call, Call)
        argument = Expression(output.expression.steps[:-1])
        arguments = self._function.insert_arguments(self._code(argument, output.line), call, output.line)
        self._write(f"out += {'held' if self._style.is_held_back else 'inclusions'}.pieces({arguments})")
        self._measure()

    def _link(self, link: TrackedLink) -> str:
        site = self._function.constant(link.site)
        if link.site.target is not None and link.site.name is not None and not link.link.sublink_is_computed:
            target, name = (self._function.constant(text) for text in (link.site.target, link.site.name))
            written = self._constant("".join(piece.text for piece in link.link.url if isinstance(piece, Literal)))
            return f"({written} if (u := tracked({site}, {target}, {name})) is None else link(u))"
        name = "None" if link.site.name is not None else self._joined(link.link.name)
        sublink = f", {self._joined(link.link.sublink)}" if link.link.sublink_is_computed else ""
        return f"follow(tracked, {site}, {self._joined(link.link.url)}, {name}{sublink})"

    def _joined(self, pieces: Sequence[Literal | Value[Output]]) -> str:
        """Code for the text of several pieces."""
        codes = [
            self._function.constant(piece.text)
            if isinstance(piece, Literal)
            else self._style.shown(self._code(piece.hole.expression, piece.hole.line), piece)
            for piece in pieces
        ]
        return codes[0] if len(codes) == 1 else f"join(({', '.join(codes)},))"

    def _region(self, region: Region) -> None:
        function = self._moved(region.body, Style(self._style.kind, str, "", is_held_back=True))
        state = self._function.constant(region.start)
        held, brk = self._function.temporary(), self._function.temporary()
        self._write(f"{held} = []; {brk} = {function.call(out=held, budget='B.inner()')}")
        self._write(f"out += resolve({held}, {state}, {region.position}, tracked)")
        self._measure()

    def _moved(self, body: Segments, style: Style) -> Function:
        """The body in a function of its own, inside the same loops."""
        function = Function(self._function.unit, self._function.loops, self._function.texts)

        def write() -> None:
            Translator(function, style).body(body)
            function.finish("brk")

        function.unit.unwritten.append(write)  # not now: blocks in blocks would pile up on Python's stack
        return function

    def _glueable(self, segment: Choice | Loop, depth: int) -> None:
        mark = self._function.temporary() if segment.glued else ""
        if mark:
            self._write(f"{mark} = len(out)")
        if isinstance(segment, Choice):
            self._choice(segment, depth)
        else:
            self._loop(segment, depth)
        if mark:
            self._write(f"if brk == len(out) > {mark}: out.pop(); brk = -1")

    def _inner(self, body: Segments, depth: int) -> None:
        """An indented body; the line before it has been written."""
        self._function.indent += 1
        if depth >= _DEEPEST_BLOCK:
            self._write(f"brk = {self._moved(body, self._style).call(brk='brk')}")
        else:
            inner = Translator(self._function, self._style)
            inner._line = self._line
            inner.body(body, depth + 1)
        self._write("pass")
        self._function.indent -= 1

    def _choice(self, choice: Choice, depth: int) -> None:
        conditions = [self._condition(arm) for arm in choice.arms]
        if len(choice.arms) > _MOST_ARMS:
            self._long_choice(choice, conditions, depth)
            return
        for number, (arm, condition) in enumerate(zip(choice.arms, conditions, strict=True)):
            self._write("else:" if condition is None else f"{'elif' if number else 'if'} {condition}:")
            self._inner(arm.body, depth)

    def _long_choice(self, choice: Choice, conditions: list[str | None], depth: int) -> None:
        self._write("while True:")
        self._function.indent += 1
        for arm, condition in zip(choice.arms, conditions, strict=True):
            self._write(f"if {condition or True}:")
            self._inner(arm.body, depth)
            self._function.indent += 1
            self._write("break")
            self._function.indent -= 1
        self._write("break")
        self._function.indent -= 1

    def _condition(self, arm: Arm) -> str | None:
        if arm.condition is None:
            return None
        self._line = arm.line
        return truth(expression_code(arm.condition, arm.line, self._function), self._function)

    def _loop(self, loop: Loop, depth: int) -> None:
        items = self._code(loop.items, loop.line)
        variables = LoopVariables(loop.items.label, self._function.temporary(), self._function.temporary())
        cost = weight(loop.body)
        source = f"enumerate(elements({items}, B, {cost}, {loop.line}), 1)"
        self._write(f"for {variables.counter}, {variables.element} in {source}:")
        outside = self._function.loops
        self._function.loops = (*outside, variables)
        self._inner(loop.body, depth)
        self._function.indent += 1
        self._measure()
        self._function.indent -= 1
        self._function.loops = outside


def weight(segments: Segments) -> int:
    """Steps of one run through the segments, loops inside of them apart."""
    total = 1
    for segment in segments:
        if isinstance(segment, Value):
            total += len(segment.hole.expression.steps)
        elif isinstance(segment, Choice):
            total += sum(len(arm.condition.steps) if arm.condition else 0 for arm in segment.arms)
            total += max(weight(arm.body) for arm in segment.arms)
        elif isinstance(segment, Loop):
            total += len(segment.items.steps)
        elif isinstance(segment, Region):
            total += weight(segment.body)
        else:
            total += 1
    return total


def _merged(segments: Iterable[Segment | Pixel]) -> Iterator[Segment | Pixel]:
    """Neighbouring literals as one; marks have done their work."""
    texts: list[str] = []
    for segment in segments:
        if isinstance(segment, Literal):
            texts.append(segment.text)
        elif not isinstance(segment, Mark):
            if texts:
                yield Literal("".join(texts))
            texts = []
            yield segment
    if texts:
        yield Literal("".join(texts))
