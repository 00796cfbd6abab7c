"""An ONNX file with the inputs and outputs of Silero's, written by hand: its answer is the loudest sample.

Field numbers are those of onnx.proto.
"""

FLOAT, INT64 = 1, 7


def loudness(axis: int = 1, *, rates: bool = True) -> bytes:
    """`output` is the peak over the axis (1: of each window) times `sr`, `stateN` the cosine of `state`."""
    cast = _text(1, "to") + _number(3, FLOAT) + _number(20, 2)
    axes = _text(1, "axes") + _number(8, axis) + _number(20, 7)
    graph = b"".join(
        (
            _part(1, _node("Abs", "input", "size")),
            _part(1, _node("ReduceMax", "size", "peak") + _part(5, axes)),
            _part(1, _node("Cast", "sr", "rate") + _part(5, cast)),
            _part(1, _node("Mul" if rates else "Max", "peak", "output", *["rate"] * rates)),
            _part(1, _node("Cos", "state", "stateN")),
            _text(2, "loudness"),
            _part(11, _value("input", FLOAT, "n", "samples")),
            _part(11, _value("state", FLOAT, "two", "n", "units")),
            _part(11, _value("sr", INT64)),
            _part(12, _value("output", FLOAT, "windows", "peak")),
            _part(12, _value("stateN", FLOAT, "two", "n", "units")),
        )
    )
    return _number(1, 8) + _part(7, graph) + _part(8, _number(2, 13))


def _node(operator: str, source: str, result: str, *others: str) -> bytes:
    sources = b"".join(_text(1, name) for name in (source, *others))
    return sources + _text(2, result) + _text(4, operator)


def _value(name: str, kind: int, *dimensions: str) -> bytes:
    shape = b"".join(_part(1, _text(2, dimension)) for dimension in dimensions)
    return _text(1, name) + _part(2, _part(1, _number(1, kind) + _part(2, shape)))


def _text(field: int, value: str) -> bytes:
    return _part(field, value.encode())


def _part(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    low, high = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _varint(high) if high else bytes([low])
