"""What large requests took goes back to the system, where the C library can be told so."""

import subprocess
import sys
import textwrap

import pytest

from mockserver.server import heap


@pytest.mark.parametrize("settled", [True, False])
def test_a_large_block_is_a_mapping_of_its_own_though_one_was_freed_before(*, settled: bool) -> None:
    """glibc alone takes it from the heap: a block of that size was freed, so another one is expected."""
    script = f"""
        import ctypes
        from mockserver.server import heap

        class Info(ctypes.Structure):
            names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
            _fields_ = [(name, ctypes.c_size_t) for name in names.split()]

        library = ctypes.CDLL(None)
        if not hasattr(library, "mallinfo2"):
            raise SystemExit(77)
        library.mallinfo2.restype = Info
        assert not {settled} or heap.settle()
        block = bytes(8 * heap.LARGE)
        del block
        before = library.mallinfo2().hblkhd
        block = bytes(4 * heap.LARGE)
        print(library.mallinfo2().hblkhd - before >= 4 * heap.LARGE)
    """
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False
    )
    if done.returncode == 77:
        pytest.skip("another C library, or one before glibc 2.33")
    assert done.stdout == f"{settled}\n", done.stderr


def test_another_platform_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert not heap.settle()
