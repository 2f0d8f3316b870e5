"""Fields of protocol buffers as they stand in bytes, for logs whose few messages are known.

The encoding is that of https://protobuf.dev/programming-guides/encoding: each field is a key (number and wire type) and
a value. Event files of TensorBoard and the logs of W&B are sequences of such messages.
"""

import struct
from collections.abc import Iterator

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field of a message; values of fixed width and of known length are bytes.

    Raises
    ------
    ValueError
        If the bytes are no message.
    """
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in (_EIGHT, _FOUR):
            size = 8 if kind == _EIGHT else 4
        else:
            raise ValueError(f"a field of wire type {kind}")
        if at + size > end:
            raise ValueError("a field that is longer than its message")
        yield number, message[at : at + size]
        at += size


def parts(message: bytes, number: int) -> Iterator[bytes]:
    """The values of a field that may come several times."""
    return (value for found, value in fields(message) if found == number and isinstance(value, bytes))


def text(value: bytes) -> str:
    """Bytes as text; what is none becomes marks of replacement."""
    return value.decode("utf-8", errors="replace")


def floats(value: bytes, width: int) -> tuple[float, ...]:
    """Numbers of 4 or 8 bytes, one after the other."""
    form = "f" if width == 4 else "d"
    return struct.unpack(f"<{len(value) // width}{form}", value[: len(value) // width * width])


def signed(value: int) -> int:
    """A number of 64 bits that may be negative."""
    return value - 2**64 if value >= 2**63 else value


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(message) or shift > 63:
            raise ValueError("a number that does not end")
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & (2**64 - 1), at
        shift += 7
