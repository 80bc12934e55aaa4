"""Passwords that are slow to guess, and tokens that cannot be forged."""

import asyncio
import os
import threading
from datetime import UTC, datetime, timedelta

import argon2
import pytest

from matinee.core import security
from matinee.core.security import ExpiredToken, InvalidToken, Passwords, Tokens, new_token

SECRET = "one secret of at least 32 characters"
OTHER = "another secret, just as long as that"
CLAIMS = {"sub": "ana", "sid": "here"}


def access_token(tokens: Tokens, minutes: float = 10) -> str:
    now = datetime.now(UTC)
    return tokens.access_token(CLAIMS, issued_at=now, expires_at=now + timedelta(minutes=minutes))


def tokens(secret: str = SECRET, *previous: str) -> Tokens:
    return Tokens(secret, previous=previous, issuer="https://tv.example.com")


async def test_a_password_belongs_to_its_hash_only() -> None:
    passwords = Passwords()
    stored = await passwords.hash("correct horse")
    assert await passwords.verify(stored, "correct horse")
    assert not await passwords.verify(stored, "correct horse ")
    assert not await passwords.verify(stored, "")


async def test_equal_passwords_have_different_hashes() -> None:
    passwords = Passwords()
    assert await passwords.hash("correct horse") != await passwords.hash("correct horse")


async def test_a_hash_costs_what_was_agreed() -> None:
    stored = await Passwords().hash("correct horse")
    parameters = argon2.extract_parameters(stored)
    assert (parameters.type, parameters.memory_cost) == (argon2.Type.ID, 19 * 1024)
    assert (parameters.time_cost, parameters.parallelism) == (2, 1)


@pytest.mark.parametrize("stored", [None, "", "plain", "$argon2id$v=19$m=19456,t=2,p=1$$", "\0"])
async def test_no_password_belongs_to_what_is_no_hash(stored: str | None) -> None:
    assert not await Passwords().verify(stored, "correct horse")


async def test_nobody_is_verified_with_the_work_of_somebody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The hash that unknown users are checked against costs the same as a real one."""
    seen: list[str] = []
    monkeypatch.setattr(security, "_matches", lambda stored, _password: bool(seen.append(stored)))
    await Passwords().verify(None, "correct horse")
    assert argon2.extract_parameters(seen[0]) == argon2.extract_parameters(
        await Passwords().hash("correct horse")
    )


async def test_no_more_passwords_are_hashed_at_once_than_there_are_cores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lock, running, most = threading.Lock(), 0, 0

    def counted(_stored: str, _password: str) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.01)
        with lock:
            running -= 1
        return True

    monkeypatch.setattr(security, "_matches", counted)
    passwords = Passwords()
    await asyncio.gather(*(passwords.verify("hash", "word") for _ in range(20)))
    assert most <= (os.cpu_count() or 1)


async def test_a_hash_of_another_cost_is_outdated() -> None:
    assert Passwords().is_outdated(argon2.PasswordHasher(1, 8, 1).hash("correct horse"))
    assert not Passwords().is_outdated(await Passwords().hash("correct horse"))


def test_random_tokens_hold_256_bits() -> None:
    assert len({new_token() for _ in range(100)}) == 100
    assert all(len(new_token()) == 43 for _ in range(100))


def test_an_access_token_carries_its_claims() -> None:
    opened = tokens().open_access_token(access_token(tokens()))
    assert opened.items() >= CLAIMS.items()
    assert opened["iss"] == "https://tv.example.com"


def test_an_access_token_ends() -> None:
    with pytest.raises(ExpiredToken):
        tokens().open_access_token(access_token(tokens(), minutes=0))


def test_an_access_token_that_was_opened_before_ends_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours = tokens()
    token = access_token(ours)
    ours.open_access_token(token)
    monkeypatch.setattr(security.time, "time", lambda: datetime.now(UTC).timestamp() + 601)
    with pytest.raises(ExpiredToken):
        ours.open_access_token(token)


def test_only_so_many_opened_tokens_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(security, "MOST_OPENED", 2)
    ours = tokens()
    made = [access_token(ours, minutes) for minutes in range(1, 6)]
    for token in made * 2:
        assert ours.open_access_token(token).items() >= CLAIMS.items()


def test_a_clock_of_the_database_that_runs_ahead_does_no_harm() -> None:
    soon = datetime.now(UTC) + timedelta(seconds=30)
    token = tokens().access_token(CLAIMS, issued_at=soon, expires_at=soon + timedelta(minutes=10))
    assert tokens().open_access_token(token)


def test_keys_can_be_replaced_without_signing_anybody_out() -> None:
    old, new = tokens(), tokens(OTHER, SECRET)
    assert new.open_access_token(access_token(old))
    assert new.is_mac("cookie", b"message", old.mac("cookie", b"message"))
    with pytest.raises(InvalidToken):
        old.open_access_token(access_token(new))
    assert not old.is_mac("cookie", b"message", new.mac("cookie", b"message"))


def test_a_proof_is_for_one_use_and_one_message() -> None:
    proof = tokens().mac("cookie", b"message")
    assert tokens().is_mac("cookie", b"message", proof)
    assert not tokens().is_mac("refresh", b"message", proof)
    assert not tokens().is_mac("cookie", b"massage", proof)
    assert not tokens().is_mac("cookie", b"message", b"")
