"""The rows of a result: texts until they are fetched, a column at a time where many are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from psycopg2._protocol.wire import Result
    from psycopg2._read.typecasters import Typecaster


class Rows:
    """The rows of a result, with the casters of their columns."""

    def __init__(self, result: Result, casters: Sequence[Typecaster], codec: str) -> None:
        self.count = result.count
        self._codec = codec
        self._casters = casters
        self._width = len(casters)
        self._cells, self._as_bytes = _split(result, codec, as_bytes=any(caster._raw for caster in casters))

    def one(self, index: int, cursor: Any) -> tuple[Any, ...]:
        """One row."""
        width = self._width
        cells = self._cells[index * width : (index + 1) * width]
        return tuple([self._cast(caster, cell, cursor) for caster, cell in zip(self._casters, cells, strict=True)])

    def some(self, start: int, end: int, cursor: Any) -> list[tuple[Any, ...]]:
        """Several rows."""
        width = self._width
        if width == 0:
            return [()] * (end - start)
        cells = self._cells[start * width : end * width]
        columns = [self._column(caster, cells[at::width], cursor) for at, caster in enumerate(self._casters)]
        return list(zip(*columns, strict=True))

    def _column(self, caster: Typecaster, cells: list[Any], cursor: Any) -> Sequence[Any]:
        if self._as_bytes or caster._raw:
            return [self._cast(caster, cell, cursor) for cell in cells]
        cast = caster._cast
        if cast is not None:
            return [cast(cell, cursor) for cell in cells]
        plain: Callable[[str], Any] | None = caster._plain
        if plain is None:
            return cells
        if None in cells:
            return [None if cell is None else plain(cell) for cell in cells]
        return list(map(plain, cells))

    def _cast(self, caster: Typecaster, cell: Any, cursor: Any) -> Any:
        if isinstance(cell, bytes):
            return cell if caster._raw else caster._apply(cell.decode(self._codec), cursor)
        return caster._apply(cell, cursor)


def _split(result: Result, codec: str, *, as_bytes: bool) -> tuple[list[Any], bool]:
    """The cells of all rows, and whether they are bytes."""
    if result.count * len(result.columns) == 0:
        return [], as_bytes
    cells: list[Any] = []
    if not as_bytes:
        try:
            cells = list(result.cells.decode(codec).split("\0"))
        except UnicodeDecodeError:
            as_bytes = True  # it is raised for the row that holds it, once that is fetched
    if as_bytes:
        cells = list(result.cells.split(b"\0"))
    for index in result.nulls:
        cells[index] = None
    return cells, as_bytes
