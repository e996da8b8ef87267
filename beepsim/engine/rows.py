"""A structured array by its bare address, for the engine's compiled functions.

A numba array is seven words with a reference count, and a world of sixteen arrays pays for both at every call: they
took four fifths of a turn's time. `rows(array)` is one word and counts nothing; it is indexed as the array is, by
integers from 0, unchecked. Whoever holds it must hold the array too. Uncompiled, it is the array itself.

`play_turn`, `start_round` and the like take a world in either form; a compiled loop is faster with `bare(world)`.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.datamodel import models
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, register_model, type_callable

from beepsim.engine.state import World
from beepsim.jit import jit


class Rows(types.Type):
    """Type of the address of an array's first element."""

    def __init__(self, dtype: types.Type) -> None:
        self.dtype = dtype
        super().__init__(name=f"Rows({dtype})")


@register_model(Rows)
class RowsModel(models.PrimitiveModel):
    def __init__(self, manager: Any, rows_type: Rows) -> None:
        super().__init__(manager, rows_type, ir.IntType(8).as_pointer())


def rows(array: Any) -> Any:
    """The array's elements by address."""
    return array


@type_callable(rows)
def _type_rows(context: Any) -> Callable:
    def typer(array: types.Type) -> types.Type | None:
        if isinstance(array, types.Array) and array.layout == "C":
            return Rows(array.dtype)
        return array if isinstance(array, Rows) else None

    return typer


@lower_builtin(rows, types.Array)
def _lower_rows_of_array(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
    array = context.make_array(sig.args[0])(context, builder, arguments[0])
    return builder.bitcast(array.data, ir.IntType(8).as_pointer())


@lower_builtin(rows, Rows)
def _lower_rows_of_rows(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
    return arguments[0]


@intrinsic
def rows_at(typing, address, dtype):  # type: ignore[no-untyped-def]
    """Elements of a dtype at an address (int64), in compiled code; whoever gave the address holds the array."""

    def build(context, builder, _, arguments):  # type: ignore[no-untyped-def]
        return builder.inttoptr(arguments[0], ir.IntType(8).as_pointer())

    return Rows(dtype.dtype)(types.int64, dtype), build


@infer_global(operator.getitem)
class GetRow(AbstractTemplate):
    def generic(self, arguments: Any, keywords: Any) -> Any:
        if isinstance(arguments[0], Rows) and isinstance(arguments[1], types.Integer):
            return signature(arguments[0].dtype, arguments[0], types.intp)
        return None


@infer_global(operator.setitem)
class SetRow(AbstractTemplate):
    def generic(self, arguments: Any, keywords: Any) -> Any:
        if isinstance(arguments[0], Rows) and isinstance(arguments[0].dtype, types.Number):
            return signature(types.none, arguments[0], types.intp, arguments[0].dtype)
        return None


def _address(context: Any, builder: Any, dtype: types.Type, base: Any, index: Any) -> Any:
    size = context.get_abi_sizeof(context.get_data_type(dtype))
    return builder.gep(base, [builder.mul(index, ir.Constant(index.type, size))])


@lower_builtin(operator.getitem, Rows, types.intp)
def _lower_get_row(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
    dtype = sig.args[0].dtype
    address = _address(context, builder, dtype, *arguments)
    if isinstance(dtype, types.Record):  # a record is a reference to its place in the array
        return builder.bitcast(address, context.get_value_type(dtype))
    return builder.load(builder.bitcast(address, context.get_data_type(dtype).as_pointer()))


@lower_builtin(operator.setitem, Rows, types.intp, types.Number)
def _lower_set_row(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
    dtype = sig.args[0].dtype
    address = _address(context, builder, dtype, *arguments[:2])
    builder.store(arguments[2], builder.bitcast(address, context.get_data_type(dtype).as_pointer()))
    return context.get_dummy_value()


@jit
def bare(world):
    """The world with all its arrays by address; the same world if it is bare already."""
    return World(
        rows(world.rules),
        rows(world.battle),
        rows(world.random),
        rows(world.robots),
        rows(world.commands),
        rows(world.scores),
        rows(world.totals),
        rows(world.damage),
        rows(world.bullets),
        rows(world.bullet_list),
        rows(world.events),
        rows(world.places),
        rows(world.run_order),
        rows(world.deaths),
        rows(world.order),
        rows(world.inner_order),
        rows(world.flights),
    )


def inner(function: Callable) -> Any:
    """`jit` for what only compiled code calls: entry points for Python would take longer to compile than it, and
    its machine code, which is part of its callers', need not be kept."""
    return jit(function, no_cpython_wrapper=True, cache=False)


def part(function: Callable) -> Any:
    """`inner` for a part of its one caller, or a few lines: LLVM puts it there. A world is seventeen arguments, and a
    call with them costs more than most of what is called."""
    return jit(function, no_cpython_wrapper=True, cache=False, forceinline=True)


@part
def other_robot(index, step, count):
    """Index of the `step`th robot after this one, round the list: all others without asking which one it is itself,
    which is as good as random where robots take turns in random order."""
    other = index + step
    return other - count if other >= count else other
