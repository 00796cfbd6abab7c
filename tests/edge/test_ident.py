from edge.ident import call_id, tag, ulid


def fixed(byte: int):  # type: ignore[no-untyped-def]
    return lambda n: bytes([byte]) * n


def test_ids_have_the_shape_of_the_seed() -> None:  # S004-05
    id = call_id(1_700_000_000_000, fixed(7))
    assert id.startswith("call_") and len(id) == 31 and id == id.lower() and id[5:].isalnum()


def test_ids_sort_by_time() -> None:
    assert ulid(1, fixed(255)) < ulid(2, fixed(0)) < ulid(2**47, fixed(0))


def test_tags_hold_more_than_32_random_bits() -> None:
    """RFC 3261 §19.3."""
    assert len(bytes.fromhex(tag(fixed(3)))) * 8 >= 32
