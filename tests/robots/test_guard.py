"""Loops without an end are found by their count, at any depth; what a bot computes stays as it was."""

import traceback

import pytest

from beepsim.battle import fight
from beepsim.battle_rules import Rules
from beepsim.errors import UserError
from beepsim.robots.guard import LIMIT_ERROR, MOST_STEPS, EndlessLoop, guarded_code, recursive_function

SOURCE = b'''"""Of the file."""

while False:
    pass


def collatz(n):
    """Of the function."""
    steps = 0
    while n > 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
        if steps > 1000:
            break
    else:
        steps += 0.5
    return steps


def nested(n):
    found = []

    def inner(m):
        while m > 0:
            m -= 1
            if m % 2:
                continue
            found.append(m)

    for i in range(n):
        inner(i)
    return found


def for_ever():
    for _ in range(3):
        while True:
            while False:
                pass


def one_line(n):
    while n > 0: n -= 1
    return n


def long(n):
    found = 0
    for i in range(n):
        for j in range(2):
            found += i * j
    return found
'''


def module_of(code):
    variables = {LIMIT_ERROR: EndlessLoop}
    exec(code, variables)
    return variables


def test_loops_that_end_do_what_they_did():
    plain, guarded = module_of(compile(SOURCE, "bot.py", "exec")), module_of(guarded_code(SOURCE, "bot.py"))
    for n in (0, 1, 6, 27):
        for name in ("collatz", "nested", "one_line", "long"):
            assert guarded[name](n) == plain[name](n)
    assert guarded["__doc__"] == plain["__doc__"] and guarded["collatz"].__doc__ == "Of the function."


def test_an_endless_loop_is_found_in_its_line():
    with pytest.raises(EndlessLoop) as caught:
        module_of(guarded_code(SOURCE, "bot.py"))["for_ever"]()
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    line = 1 + SOURCE.split(b"\n").index(b"        while True:")
    assert (last.filename, last.lineno, last.name) == ("bot.py", line, "for_ever")


def test_the_count_is_of_one_call():
    function = module_of(guarded_code(SOURCE, "bot.py"))["one_line"]
    assert function(MOST_STEPS // 2 + 1) == function(MOST_STEPS // 2 + 1) == 0
    with pytest.raises(EndlessLoop):
        function(MOST_STEPS + 1)


def test_a_for_of_any_length_is_counted_too():
    with pytest.raises(EndlessLoop, match="for ever"):
        module_of(guarded_code(SOURCE, "bot.py"))["long"](1 << 60)


ENDLESS = """
def settle(x):
    while x > 0.0:
        x = x * 0.5 + 1.0
    return x


def move(view, command):
    command.distance = 100.0
    if view.turn == 12:
        command.distance = settle(view.x)
"""


def test_an_endless_bot_loses_its_round_compiled_or_not(tmp_path):
    path = tmp_path / "endless.py"
    path.write_text(ENDLESS)
    results = [fight([str(path), "circle"], 1, Rules(num_rounds=1), compiled=compiled) for compiled in (True, False)]
    assert results[0] == results[1]
    (fault,) = results[0].robots[0].faults
    assert (fault.round, fault.turn, fault.kind) == (0, 12, "looped")
    assert "line 3, in settle" in fault.message and "line 11, in move" in fault.message
    assert "/bots/bot_" not in fault.message  # beepsim's own frames


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (b"def f(n):\n    return f(n - 1)\n", "f"),
        (b"def f(n):\n    return g(n)\ndef g(n):\n    return h(n)\ndef h(n):\n    return [g(n)]\n", "g"),
        (b"def f(n):\n    return g(n) + g(n)\ndef g(n):\n    return n\n", None),
    ],
)
def test_functions_that_call_themselves(source, name):
    found = recursive_function(source)
    assert (found.name if found else None) == name


def test_a_bot_that_calls_itself_is_refused(tmp_path):
    path = tmp_path / "deep.py"
    path.write_text("def deep(n):\n    return deep(n + 1)\n\n\ndef move(view, command):\n    deep(1)\n")
    with pytest.raises(UserError, match="deep.py, line 1: deep calls itself; write it as a loop"):
        fight([str(path), "circle"], 1)
