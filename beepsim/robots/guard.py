"""A limit on loops that never end, put into a bot's functions as they are loaded, compiled or not.

Every function of a file with a `while`, or a `for` over a `range` of no constant length, counts how often its loops
have begun anew since it was called, and raises `EndlessLoop` above MOST_STEPS. The count is the function's own, so the
result depends on no clock and on no other bot. Any other `for` ends soon enough. Line numbers stay those of the file.
Functions that call themselves are refused: compiled, one that does so for ever ends the process.
"""

import ast
from types import CodeType

MOST_STEPS = 1_000_000  # a few ms compiled, a second or less as plain Python, where the fault is looked for
COUNTER, LIMIT_ERROR = "beepsim_steps", "BeepsimEndlessLoop"


class EndlessLoop(Exception):
    """Loops went round more than MOST_STEPS times in one call."""


class Guard(ast.NodeTransformer):
    """Adds a counter to a function, its steps to the loops."""

    has_loop = False  # to be counted, in the function that is visited

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        outside, self.has_loop = self.has_loop, False
        self.generic_visit(node)
        if self.has_loop:
            at = 0 if ast.get_docstring(node) is None else 1
            node.body.insert(at, placed(f"{COUNTER} = 0", node.body[at]))
        self.has_loop = outside
        return node

    def visit_While(self, node: ast.While) -> ast.While:
        self.count(node, "a while without an end")
        return node

    def visit_For(self, node: ast.For) -> ast.For:
        if is_long(node.iter):
            self.count(node, "a for that takes for ever")
        else:
            self.generic_visit(node)
        return node

    def count(self, node: ast.While | ast.For, message: str) -> None:
        self.has_loop = True
        self.generic_visit(node)
        count = placed(f"{COUNTER} += 1", node)
        check = placed(f"if {COUNTER} > {MOST_STEPS}: raise {LIMIT_ERROR}({message!r})", node)
        node.body[:0] = [count, check]


def is_long(iterated: ast.expr) -> bool:
    """Whether there is a `range` in it up to what is neither a small number nor one of the file's CONSTANTS."""
    return any(
        not (
            (isinstance(end, ast.Constant) and isinstance(end.value, int) and end.value <= MOST_STEPS)
            or (isinstance(end, ast.Name) and end.id.isupper())
        )
        for call in ast.walk(iterated)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "range"
        for end in call.args
    )


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
