"""Errors in the middle of a stream, byte for byte in the form of each surface."""

from mockserver.catalogue.errors import Errors
from mockserver.faults.midway import error_frame


def test_a_native_stream_ends_with_an_error_event(errors: Errors) -> None:
    refusal = errors.refuse("throttling.current-quota")
    assert error_frame(refusal, "rid-1", native=True, number=4) == (
        b"id:4\nevent:error\n:HTTP_STATUS/429\n"
        b'data:{"code":"Throttling.AllocationQuota","message":"' + refusal.native.message.encode() + b'",'
        b'"request_id":"rid-1"}\n\n'
    )


def test_a_compat_stream_is_throttled_with_a_native_frame(errors: Errors) -> None:
    refusal = errors.refuse("throttling.current-quota")
    assert error_frame(refusal, "rid-1", native=False, number=4) == (
        b"id:1\nevent:error\n:HTTP_STATUS/429\n"
        b'data:{"request_id":"rid-1","code":"Throttling.AllocationQuota","message":"'
        + refusal.native.message.encode()
        + b'"}\n\n'
    )


def test_blocked_output_is_one_line_of_data(errors: Errors) -> None:
    refusal = errors.refuse("moderation.output")
    message = refusal.prefix + refusal.compat.message
    assert error_frame(refusal, "rid-1", native=False, number=4) == (
        b'data: {"error":{"code":"data_inspection_failed","param":null,"message":"' + message.encode() + b'",'
        b'"type":"data_inspection_failed"},"id":"chatcmpl-rid-1","request_id":"rid-1"}\n\n'
    )
