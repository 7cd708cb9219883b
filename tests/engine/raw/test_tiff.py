import io
import random
import struct

import pytest

from engine.raw.tiff import DamagedError, Tags, Tiff


def tiff(*entries, order="<", tail=b""):
    """One directory of (tag, kind, count, four bytes), at offset 8."""
    body = b"".join(struct.pack(order + "HHI", *e[:3]) + e[3].ljust(4, b"\0") for e in entries)
    mark = b"II" if order == "<" else b"MM"
    head = mark + struct.pack(order + "HIH", 42, 8, len(entries))
    return io.BytesIO(head + body + bytes(4) + tail)


@pytest.mark.parametrize("order", ["<", ">"])
def test_values_read_alike_in_both_byte_orders(order):
    at = 8 + 2 + 3 * 12 + 4
    file = tiff(
        (256, 4, 1, struct.pack(order + "I", 4000)),
        (271, 2, 4, b"abc\0"),
        (50730, 10, 1, struct.pack(order + "I", at)),
        order=order,
        tail=struct.pack(order + "ii", -3, 4),
    )
    tags = next(Tiff(file).directories())
    assert tags.integer(256, 0) == 4000
    assert tags.text(271) == "abc"
    assert tags.numbers(50730) == [-0.75]


def test_bigtiff():
    entry = struct.pack("<HHQQ", 256, 16, 1, 1 << 33)
    file = io.BytesIO(
        b"II" + struct.pack("<HHHQ", 43, 8, 0, 16) + struct.pack("<Q", 1) + entry + bytes(8)
    )
    assert next(Tiff(file).directories()).integer(256, 0) == 1 << 33


def test_value_beyond_the_end_is_damage():
    file = tiff((50730, 10, 1, struct.pack("<I", 1000)))
    with pytest.raises(DamagedError):
        next(Tiff(file).directories())


def test_a_circle_of_directories_ends():
    file = tiff((256, 4, 1, struct.pack("<I", 1)))
    content = bytearray(file.getvalue())
    content[-4:] = struct.pack("<I", 8)
    assert len(list(Tiff(io.BytesIO(content)).directories())) == 1


def test_wrong_kind_reads_as_absent():
    tags = Tags({256: "text", 271: [1, 2], 50730: [[1, 0]], 258: [float("nan")]})
    assert tags.text(271) == ""
    assert tags.numbers(50730) == [0.0]
    assert tags.fraction(50730) is None
    assert tags.integers(258) == []


def test_json_carries_tags_unchanged():
    tags = Tags({1: "a\0é", 2: [1, 2], 3: [[1, 3]], 4: [0.5]})
    assert Tags.from_json(tags.to_json()) == tags


def test_garbage_is_damage_and_nothing_else():
    numbers = random.Random(1)
    for _ in range(500):
        garbage = b"II" + struct.pack("<HI", 42, 8) + numbers.randbytes(numbers.randrange(200))
        try:
            for tags in Tiff(io.BytesIO(garbage)).directories():
                tags.text(271)
        except DamagedError:
            pass
