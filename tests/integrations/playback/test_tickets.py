"""Tickets come back as they were written; anything else is refused."""

import base64
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.integrations.playback.tickets import (
    TOKEN_LENGTH,
    BadTicket,
    PlaybackTicket,
    Tickets,
)

TICKETS = Tickets(["new", "old"])
SESSION = UUID("01990000-0000-7000-8000-000000000001")

seconds = st.integers(0, 2**40)
spans = st.one_of(
    st.just((None, None)),
    st.tuples(seconds, st.none()),
    st.tuples(seconds, seconds).filter(lambda span: span[0] < span[1]),
)
tickets = st.builds(
    lambda ids, kind, span: PlaybackTicket(ids[0], ids[1], kind, ids[2], *span),
    st.tuples(st.uuids(), st.uuids(), st.uuids()),
    st.sampled_from(["channel", "asset"]),
    spans,
)


@given(tickets)
def test_a_ticket_comes_back_as_it_was_written(ticket: PlaybackTicket) -> None:
    token = TICKETS.write(ticket)
    assert len(token) == TOKEN_LENGTH
    assert TICKETS.open(token) == ticket


@given(tickets, st.integers(0, TOKEN_LENGTH * 6 - 1))
def test_any_changed_bit_is_noticed(ticket: PlaybackTicket, bit: int) -> None:
    content = bytearray(base64.urlsafe_b64decode(TICKETS.write(ticket)))
    content[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BadTicket):
        TICKETS.open(base64.urlsafe_b64encode(content).decode())


@given(st.text(max_size=200))
def test_any_text_is_refused_quietly(text: str) -> None:
    with pytest.raises(BadTicket):
        TICKETS.open(text)


def test_one_ticket_has_one_way_to_be_written() -> None:
    token = TICKETS.write(PlaybackTicket(SESSION, SESSION, "channel", SESSION))
    for other in (token + "=", token + "\n", " " + token, token.replace("A", "A ", 1)):
        with pytest.raises(BadTicket):
            TICKETS.open(other)


def test_a_key_that_was_replaced_is_believed_until_it_is_taken_away() -> None:
    ticket = PlaybackTicket(SESSION, SESSION, "channel", SESSION)
    old = Tickets(["old"]).write(ticket)
    assert TICKETS.open(old) == ticket
    assert TICKETS.write(ticket) == Tickets(["new"]).write(ticket)
    with pytest.raises(BadTicket):
        Tickets(["new"]).open(old)


@pytest.mark.parametrize("span", [(None, 5), (5, 5), (6, 5)])
def test_a_ticket_ends_after_it_begins(span: tuple[int | None, int]) -> None:
    with pytest.raises(ValueError, match="ends after"):
        PlaybackTicket(SESSION, SESSION, "channel", SESSION, *span)


def test_a_session_knows_when_it_began() -> None:
    ticket = PlaybackTicket(SESSION, SESSION, "channel", SESSION)
    assert ticket.started_at == 0x019900000000 // 1000
