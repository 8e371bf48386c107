"""Translate an expression's steps into one Python expression.

Everything that comes from the template is a constant bound to a generated name; the generated text holds only
names of our own. Where brackets would pile up, the inner part moves into a function (Python stops at 200).
"""

from typing import NamedTuple, Protocol

from transmissions.language.expressions import Binary, Call, Constant, Expression, Index, Member, Name, Step, Unary
from transmissions.language.texts import Raw
from transmissions.language.words import (
    BRACES,
    DYNAMIC_ROOTS,
    LOOP_NAMES,
    RENDER_DYNAMIC,
    RENDER_SNIPPET,
    RESERVED_NAMES,
)

_DEEPEST = 25  # brackets

_OPERATORS = {
    "<": "less",
    ">": "greater",
    "<=": "at_most",
    ">=": "at_least",
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
}
_COMPARISONS = frozenset({"<", ">", "<=", ">="})


class Code(NamedTuple):
    """`text` is an atom: a name, a call or something in brackets."""

    text: str
    depth: int = 0
    is_boolean: bool = False
    is_loop_vars: bool = False


class Place(Protocol):
    """The function that the expression becomes part of."""

    def constant(self, value: object) -> str: ...
    def looked_up(self, method: str, name: str) -> str: ...
    def loop_name(self, name: str) -> str: ...
    def loop_member(self, key: str) -> str: ...
    def temporary(self) -> str: ...
    def hoisted(self, code: str) -> str: ...
    def inserted_text(self, argument: str, call: Call, line: int) -> str: ...


def expression_code(expression: Expression, line: int, place: Place) -> Code:
    stack: list[Code] = []
    for step in expression.steps:
        count = _operands(step)
        operands = stack[len(stack) - count :]
        del stack[len(stack) - count :]
        code = _Coder(line, place).step(step, operands)
        stack.append(_flattened(code, place))
    return stack[0]


def truth(code: Code, place: Place) -> str:
    """A Python condition that holds where the value is true (contract 40 §4)."""
    if code.is_boolean:
        return code.text
    if code.text.isidentifier():
        return f"({code.text} is not None and {code.text} is not False)"
    return _test(place.temporary(), code)


def _flattened(code: Code, place: Place) -> Code:
    return code._replace(text=place.hoisted(code.text), depth=1) if code.depth > _DEEPEST else code


def _operands(step: Step) -> int:
    if isinstance(step, Call):
        return 0 if step.macro in BRACES else 1
    return _OPERANDS[type(step)]


_OPERANDS: dict[type, int] = {Constant: 0, Name: 0, Member: 1, Index: 2, Unary: 1, Binary: 2}


class _Coder:
    def __init__(self, line: int, place: Place) -> None:
        self._line = line
        self._place = place

    def step(self, step: Step, operands: list[Code]) -> Code:
        depth = max((operand.depth for operand in operands), default=0) + 2
        match step:
            case Constant(value):
                return Code(self._place.constant(value), is_boolean=isinstance(value, bool))
            case Name(name):
                return self._name(name)
            case Member(key):
                return self._member(operands[0], key, depth)
            case Index():
                return Code(f"index({operands[0].text}, {operands[1].text})", depth)
            case Unary(operator):
                return self._unary(operator, operands[0], depth)
            case Binary(operator):
                return self._binary(operator, operands[0], operands[1], depth)
            case Call():
                return self._call(step, operands, depth)

    def _name(self, name: str) -> Code:
        if name in LOOP_NAMES:
            return Code(self._place.loop_name(name), 1, is_loop_vars=name == "loop_vars")
        if name in RESERVED_NAMES:
            return Code(self._place.looked_up("reserved", name))
        return Code(self._place.looked_up("dynamic" if name in DYNAMIC_ROOTS else "get", name))

    def _member(self, owner: Code, key: str, depth: int) -> Code:
        if owner.is_loop_vars:
            return Code(self._place.loop_member(key), depth)
        return Code(f"member({owner.text}, {self._place.constant(key)})", depth)

    def _unary(self, operator: str, operand: Code, depth: int) -> Code:
        if operator == "not":
            return Code(f"(not {truth(operand, self._place)})", depth, is_boolean=True)
        function = "length" if operator == "#" else "negate"
        return Code(f"{function}({operand.text}, {self._line})", depth)

    def _binary(self, operator: str, left: Code, right: Code, depth: int) -> Code:
        if operator in ("==", "!="):
            equal = f"equal({left.text}, {right.text}, B, {self._line})"
            return Code(equal if operator == "==" else f"(not {equal})", depth, is_boolean=True)
        if operator in _OPERATORS:
            call = f"{_OPERATORS[operator]}({left.text}, {right.text}, {self._line})"
            return Code(call, depth, is_boolean=operator in _COMPARISONS)
        if left.is_boolean:
            return Code(f"({left.text} {operator} {right.text})", depth, is_boolean=right.is_boolean)
        return Code(self._choice(operator, left, right), depth)

    def _choice(self, operator: str, left: Code, right: Code) -> str:
        name = left.text if left.text.isidentifier() else self._place.temporary()
        test = truth(left, self._place) if name == left.text else _test(name, left)
        return (
            f"({name} if {test} else {right.text})" if operator == "or" else f"({right.text} if {test} else {name})"
        )

    def _call(self, call: Call, operands: list[Code], depth: int) -> Code:
        if call.macro in BRACES:
            return Code(self._place.constant(Raw(BRACES[call.macro])))
        if call.macro in (RENDER_DYNAMIC, RENDER_SNIPPET):
            return Code(self._place.inserted_text(operands[0].text, call, self._line), depth)
        return Code(f"empty({operands[0].text})", depth, is_boolean=True)


def _test(name: str, value: Code) -> str:
    return f"(({name} := {value.text}) is not None and {name} is not False)"
