"""A limit on loops that never end, put into a bot's functions as they are loaded, compiled or not.

Every function of a file with a `while` counts how often its loops have begun anew since it was called, and raises
`EndlessLoop` above MOST_STEPS. The count is the function's own, so the result depends on no clock and on no other bot.
A `for` ends by itself. Line numbers stay those of the file. Functions that call themselves are refused: compiled, one
that does so for ever ends the process.
"""

import ast
from types import CodeType

MOST_STEPS = 1_000_000  # a few ms compiled, a second or less as plain Python, where the fault is looked for
COUNTER, LIMIT_ERROR = "beepsim_steps", "BeepsimEndlessLoop"


class EndlessLoop(Exception):
    """A `while` went round more than MOST_STEPS times in one call."""


class Guard(ast.NodeTransformer):
    """Adds a counter to a function, its steps to the loops."""

    has_while = False  # of the function that is visited

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        outside, self.has_while = self.has_while, False
        self.generic_visit(node)
        if self.has_while:
            at = 0 if ast.get_docstring(node) is None else 1
            node.body.insert(at, placed(f"{COUNTER} = 0", node.body[at]))
        self.has_while = outside
        return node

    def visit_While(self, node: ast.While) -> ast.While:
        self.has_while = True
        self.generic_visit(node)
        count = placed(f"{COUNTER} += 1", node)
        check = placed(f"if {COUNTER} > {MOST_STEPS}: raise {LIMIT_ERROR}('a while without an end')", node)
        node.body[:0] = [count, check]
        return node


def placed(statement: str, node: ast.stmt) -> ast.stmt:
    """The statement, at the line of `node`."""
    made = ast.parse(statement).body[0]
    for part in ast.walk(made):
        if isinstance(part, ast.expr | ast.stmt):
            part.lineno = part.end_lineno = node.lineno
            part.col_offset = part.end_col_offset = node.col_offset
    return made


def guarded_code(source: bytes, file: str) -> CodeType:
    """The file's code with its loops counted; it finds EndlessLoop in its module by the name LIMIT_ERROR."""
    tree = ast.parse(source, file)
    guard = Guard()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            guard.visit(node)
    return compile(tree, file, "exec", dont_inherit=True)


def recursive_function(source: bytes) -> ast.FunctionDef | None:
    """A function of the file that calls itself by name, perhaps through others of the file."""
    functions = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    calls = {
        name: {one.func.id for one in ast.walk(node) if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)}
        for name, node in functions.items()
    }
    for name in functions:
        reached: set[str] = set()
        waiting = [name]
        while waiting:
            new = (calls[waiting.pop()] & functions.keys()) - reached
            reached |= new
            waiting.extend(new)
        if name in reached:
            return functions[name]
    return None
