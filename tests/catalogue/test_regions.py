"""The regions, and the hosts that name them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.catalogue.regions import REGIONS, Region, host_of, region_of


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("dashscope-us.aliyuncs.com", "us"),
        ("dashscope-intl.aliyuncs.com:443", "intl"),
        ("Dashscope.Aliyuncs.com", "cn"),
        ("ws-1.ap-southeast-1.maas.aliyuncs.com", "intl"),
        ("ws-1.us-east-1.maas.aliyuncs.com", "us"),
        ("ws-1.cn-beijing.maas.aliyuncs.com", "cn"),
        ("ws-1.mars-1.maas.aliyuncs.com", None),
        ("127.0.0.1:8000", None),
        ("dashscope-us.example.com", None),
        ("us.aliyuncs.com", None),
        ("", None),
    ],
)
def test_a_host_of_model_studio_names_its_region(host: str, region: str | None) -> None:
    assert region_of(host) == region


@pytest.mark.parametrize("region", REGIONS)
def test_each_region_has_a_public_host(region: Region) -> None:
    assert region_of(host_of(region)) == region


@given(st.text())
def test_any_text_can_be_asked_for_its_region(host: str) -> None:
    assert region_of(host) in (None, *REGIONS)
