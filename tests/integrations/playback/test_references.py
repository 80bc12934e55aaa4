"""References to addresses of others come back, for their channel alone."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.integrations.playback.references import BadReference, References

REFERENCES = References(["new", "old"])
ONE, TWO = UUID(int=1), UUID(int=2)
URL = "https://live.example.com/720p/index.m3u8?token=ä"


def test_an_address_comes_back_and_cannot_be_read() -> None:
    reference = REFERENCES.write(ONE, URL)
    assert REFERENCES.open(ONE, reference) == URL
    assert REFERENCES.write(ONE, URL) == reference
    assert REFERENCES.write(TWO, URL) != reference


def test_a_reference_of_another_channel_is_refused() -> None:
    with pytest.raises(BadReference):
        REFERENCES.open(TWO, REFERENCES.write(ONE, URL))


def test_an_older_key_is_believed() -> None:
    assert REFERENCES.open(ONE, References(["old"]).write(ONE, URL)) == URL


@given(st.text(max_size=60))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(BadReference):
        REFERENCES.open(ONE, text)
