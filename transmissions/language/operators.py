"""What the operators do with values (contract 40 §4, §8); plain functions, bound by name into compiled programs.

Data is only ever looked at through its JSON type: no attribute of a value is read, nothing from data is called.
"""

import math
import operator
import re
from collections.abc import Callable
from typing import Any

from transmissions.language.budget import Budget
from transmissions.language.faults import Trouble
from transmissions.language.texts import number_text

# As in the grammar, with the sign and blanks that a string from a form may have; length-bounded, as parsing
# a number of n digits takes n² steps.
_NUMBER = re.compile(
    r"\s*([+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|[+-]?\.[0-9]+(?:[eE][+-]?[0-9]+)?)\s*", re.ASCII
)
_LONGEST_NUMBER = 400
# Comparing two elements of arrays costs about as much as two steps.
_PAIR = 2
_LARGEST = 10**4000
_NAMES = ((bool, "a boolean"), (int | float, "a number"), (str, "a string"), (list | tuple, "an array"))


def type_name(value: Any) -> str:
    if value is None:
        return "null"
    return next((name for kind, name in _NAMES if isinstance(value, kind)), "an object")


def member(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def index(value: Any, key: Any) -> Any:
    """`value[key]`: arrays from 1, objects by string (§4)."""
    if isinstance(key, bool):
        return None
    if isinstance(value, list | tuple):
        if isinstance(key, int | float) and 1 <= key <= len(value) and key == int(key):
            return value[int(key) - 1]
        return None
    if isinstance(value, dict):
        return value.get(number_text(key) if isinstance(key, int | float) else key) if _is_key(key) else None
    return None


def _is_key(key: Any) -> bool:
    return isinstance(key, str | int | float)


def _number(value: Any) -> int | float | None:
    """A number, or the number that a string holds; None for everything else."""
    if isinstance(value, int | float):
        return None if isinstance(value, bool) else value
    if not isinstance(value, str) or len(value) > _LONGEST_NUMBER:
        return None
    match = _NUMBER.fullmatch(value)
    if match is None:
        return None
    digits = match[1]
    return int(digits) if digits.lstrip("+-").isdigit() else float(digits)


def _operand(value: Any, line: int) -> int | float:
    number = _number(value)
    if number is None:
        raise Trouble(line, f"attempt to perform arithmetic on {type_name(value)}")
    return number


def _arithmetic(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any, int], int | float]:
    def calculate(left: Any, right: Any, line: int) -> int | float:
        numbers = _operand(left, line), _operand(right, line)
        try:
            result: int | float = operation(*numbers)
        except OverflowError:
            raise Trouble(line, "number out of range") from None
        if (isinstance(result, float) and not math.isfinite(result)) or not -_LARGEST < result < _LARGEST:
            raise Trouble(line, "number out of range")
        return result

    return calculate


add = _arithmetic(operator.add)
subtract = _arithmetic(operator.sub)
multiply = _arithmetic(operator.mul)


def divide(left: Any, right: Any, line: int) -> int | float:
    if _operand(right, line) == 0:
        _operand(left, line)
        raise Trouble(line, "division by zero")
    return _divide(left, right, line)


_divide = _arithmetic(operator.truediv)


def negate(value: Any, line: int) -> int | float:
    return -_operand(value, line)


def length(value: Any, line: int) -> int:
    if value is None:
        return 0
    if isinstance(value, str | list | tuple | dict):
        return len(value)
    raise Trouble(line, f"attempt to get the length of {type_name(value)}")


def empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | tuple | dict) and not value)


def _comparison(operation: Callable[[Any, Any], bool]) -> Callable[[Any, Any, int], bool]:
    def compare(left: Any, right: Any, line: int) -> bool:
        if left is None or right is None:
            return False
        if isinstance(left, str) and isinstance(right, str):
            return operation(left, right)
        first, second = _number(left), _number(right)
        if first is None or second is None:
            raise Trouble(line, f"attempt to compare {type_name(left)} with {type_name(right)}")
        return operation(first, second)

    return compare


less = _comparison(operator.lt)
greater = _comparison(operator.gt)
at_most = _comparison(operator.le)
at_least = _comparison(operator.ge)


def equal(left: Any, right: Any, budget: Budget, line: int) -> bool:
    """Same type and same content; arrays and objects are walked, at a price for each pair."""
    waiting = [(left, right)]
    while waiting:
        one, other = waiting.pop()
        if one is other:
            continue
        if type(one) is type(other) and isinstance(one, str | int | float):
            if one != other:
                return False
        elif isinstance(one, dict) and isinstance(other, dict):
            if one.keys() != other.keys():
                return False
            budget.spend(_PAIR * len(one), line)
            waiting.extend((value, other[key]) for key, value in one.items())
        elif isinstance(one, list | tuple) and isinstance(other, list | tuple):
            if len(one) != len(other):
                return False
            budget.spend(_PAIR * len(one), line)
            waiting.extend(zip(one, other, strict=True))
        elif type_name(one) != type_name(other) or one != other:
            return False
    return True


def elements(value: Any, budget: Budget, weight: int, line: int) -> list[Any] | tuple[Any, ...]:
    """What `each` goes over; `weight` is the number of steps in one round."""
    if value is None or value is False:
        return ()
    if not isinstance(value, list | tuple):
        raise Trouble(line, f"attempt to loop over {type_name(value)}")
    budget.spend(len(value) * weight, line)
    return value


BY_NAME = {
    "add": add,
    "subtract": subtract,
    "multiply": multiply,
    "divide": divide,
    "negate": negate,
    "length": length,
    "empty": empty,
    "less": less,
    "greater": greater,
    "at_most": at_most,
    "at_least": at_least,
    "equal": equal,
    "elements": elements,
    "member": member,
    "index": index,
}
"""What compiled programs may call, by the names that they use."""
