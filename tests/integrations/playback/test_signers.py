"""Signatures are those that nginx, Akamai and CloudFront check, by their own descriptions."""

import base64
import hashlib
import json
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pydantic import SecretStr

from matinee.core.errors import NotFound
from matinee.core.settings import Settings, UnsafeSettings
from matinee.integrations.playback.paths import Builtin, Nginx
from matinee.integrations.playback.registry import Playback
from matinee.integrations.playback.signers import Grant, PlaybackUrlExpired, PlaybackUrlInvalid

OLD, NEW = "old-secret-of-24-letters-", "new-secret-of-24-letters-"
SESSION = UUID(int=7)
LATER = 1_800_000_300
GRANT = Grant("/media", "/night-city/", SESSION.hex, LATER)


def settings_with(**values: object) -> Settings:
    """Settings of an installation that signs in some way."""
    given = {"environment": "test", "secret_key": SecretStr("s" * 32)} | values
    return Settings(**given)


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    """A key of CloudFront's customer."""
    return rsa.generate_private_key(65537, 2048)


def pem(key: rsa.RSAPrivateKey) -> SecretStr:
    """The key as the setting has it."""
    content = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return SecretStr(content.decode())


def test_nginx_gets_the_md5_that_its_manual_describes() -> None:
    signed = Nginx({"new": NEW}).sign(GRANT)
    digest = hashlib.md5(f"{LATER} {SESSION.hex} /night-city/ {NEW}".encode()).digest()
    expected = base64.b64encode(digest).decode().translate(str.maketrans("+/", "-_")).rstrip("=")
    assert signed.url("v360/000.m4s") == (
        f"/media/new/{expected}/{LATER}/{SESSION.hex}/night-city/v360/000.m4s"
    )


def test_akamai_gets_the_token_that_its_own_library_makes() -> None:
    playback = Playback(
        settings_with(
            playback_signer="akamai",
            akamai_key=SecretStr("52a152a152a152a152a152a152a1"),
            media_base_url="https://cdn.example.com/media",
        )
    )
    signed = playback.signer.sign(
        Grant("https://cdn.example.com/media", "/night-city/", "0199", LATER)
    )
    # EdgeAuth(token_name="hdnts", key=…, end_time=1800000300, session_id="0199")
    # .generate_acl_token("/media/night-city/*") of akamai-edgeauth 0.3.2
    expected = (
        "exp=1800000300~acl=/media/night-city/*~id=0199~hmac="
        "23eecd2b574b96bba8203eadeeebf2e737875d541ac2a35d23c68dd73c667124"
    )
    assert signed.url("v360/000.m4s") == (
        f"https://cdn.example.com/media/night-city/v360/000.m4s?hdnts={expected}"
    )


def test_cloudfront_gets_a_policy_that_the_public_key_verifies(key: rsa.RSAPrivateKey) -> None:
    playback = Playback(
        settings_with(
            playback_signer="cloudfront",
            cloudfront_key_id="K2JCJMDEHXQW5F",
            cloudfront_private_key=pem(key),
            media_base_url="https://d1.cloudfront.net",
        )
    )
    url = urlsplit(playback.media("night-city", SESSION, LATER).url("v360/000.m4s"))
    fields = {name: values[0] for name, values in parse_qs(url.query).items()}
    policy, signature = plain(fields["Policy"]), plain(fields["Signature"])
    key.public_key().verify(signature, policy, padding.PKCS1v15(), hashes.SHA1())
    assert fields["Key-Pair-Id"] == "K2JCJMDEHXQW5F"
    assert json.loads(policy) == {
        "Statement": [
            {
                "Resource": "https://d1.cloudfront.net/night-city/*",
                "Condition": {"DateLessThan": {"AWS:EpochTime": LATER}},
            }
        ]
    }


def plain(text: str) -> bytes:
    """What CloudFront's letters for queries stand for."""
    return base64.b64decode(text.translate(str.maketrans("-_~", "+=/")))


def test_policies_of_cloudfront_are_signed_once_for_all_sessions(key: rsa.RSAPrivateKey) -> None:
    playback = Playback(
        settings_with(
            playback_signer="cloudfront",
            cloudfront_key_id="K1",
            cloudfront_private_key=pem(key),
            media_base_url="https://d1.cloudfront.net",
        )
    )
    mine, theirs = (playback.media("a", UUID(int=number), LATER) for number in (1, 2))
    assert mine is theirs


@pytest.mark.parametrize("signer", [Builtin, Nginx])
def test_keys_are_changed_without_stopping_anybody(signer: type[Builtin | Nginx]) -> None:
    before, both, after = signer({"o": OLD}), signer({"n": NEW, "o": OLD}), signer({"n": NEW})
    old_address = before.sign(GRANT).url("v360/000.m4s").removeprefix("/media/")
    new_address = both.sign(GRANT).url("v360/000.m4s").removeprefix("/media/")
    assert both.check(old_address, LATER - 1) == "night-city/v360/000.m4s"
    assert after.check(new_address, LATER - 1) == "night-city/v360/000.m4s"
    with pytest.raises(PlaybackUrlInvalid):
        after.check(old_address, LATER - 1)


@pytest.mark.parametrize("signer", [Builtin, Nginx])
def test_an_address_ends_at_its_moment(signer: type[Builtin | Nginx]) -> None:
    one = signer({"n": NEW})
    address = one.sign(GRANT).url("v360/000.m4s").removeprefix("/media/")
    one.check(address, LATER)
    with pytest.raises(PlaybackUrlExpired):
        one.check(address, LATER + 1)


def test_the_signers_are_not_each_others() -> None:
    address = Nginx({"n": NEW}).sign(GRANT).url("v360/000.m4s").removeprefix("/media/")
    with pytest.raises(PlaybackUrlInvalid):
        Builtin({"n": NEW}).check(address, 0)


def test_without_keys_of_its_own_an_installation_signs_by_its_secret_key() -> None:
    ours, others = (
        Playback(settings_with()),
        Playback(settings_with(secret_key=SecretStr("t" * 32))),
    )
    address = ours.media("a", SESSION, LATER).url("v/0").removeprefix("/media/")
    assert ours.signer.check(address, 0) == "a/v/0"
    with pytest.raises(PlaybackUrlInvalid):
        others.signer.check(address, 0)


def test_an_older_secret_key_is_believed_while_it_is_changed() -> None:
    old = Playback(settings_with(secret_key=SecretStr("t" * 32)))
    both = Playback(settings_with(previous_secret_keys=["t" * 32]))
    address = old.media("a", SESSION, LATER).url("v/0").removeprefix("/media/")
    assert both.signer.check(address, 0) == "a/v/0"


def test_our_own_origin_sends_nothing_for_a_cdn() -> None:
    playback = Playback(
        settings_with(
            playback_signer="akamai",
            akamai_key=SecretStr("52a1"),
            media_base_url="https://cdn.example.com",
        )
    )
    with pytest.raises(NotFound):
        playback.signer.check("night-city/v360/000.m4s", 0)


@pytest.mark.parametrize(
    "values",
    [
        {"playback_signer": "nginx"},
        {"playback_signer": "akamai", "media_base_url": "https://cdn.example.com"},
        {"playback_signer": "akamai", "akamai_key": SecretStr("52a1")},
        {
            "playback_signer": "akamai",
            "akamai_key": SecretStr("no hex"),
            "media_base_url": "http://x",
        },
        {"playback_signer": "cloudfront", "media_base_url": "https://d1.cloudfront.net"},
        {"cloudfront_key_id": "K", "cloudfront_private_key": SecretStr("no PEM")},
        {"playback_secrets": ["no-name-in-front-of-this-secret"]},
        {"playback_secrets": ["short:secret"]},
        {"playback_secrets": ['quoted:"secret"-of-24-letters-']},
        {"environment": "production", "playback_signer": "open"},
    ],
    ids=lambda values: "-".join(values),
)
def test_half_a_signer_is_refused_at_the_start(values: dict[str, object]) -> None:
    with pytest.raises(UnsafeSettings):
        Playback(settings_with(**values))


@pytest.mark.parametrize(
    ("signer", "expected"),
    [
        (None, "https://live.example.com/one/master.m3u8?x=1"),
        ("akamai", "https://live.example.com/one/master.m3u8?hdnts=exp=1800000300~acl=/one/*~id="),
        ("nginx", "https://live.example.com/n/"),
        ("cloudfront", None),
    ],
)
def test_a_channel_of_others_is_signed_by_its_own_signer(
    signer: str | None, expected: str | None
) -> None:
    playback = Playback(settings_with(akamai_key=SecretStr("52a1"), playback_secrets=[f"n:{NEW}"]))
    url = playback.direct_url(
        "https://live.example.com/one/master.m3u8?x=1", signer, SESSION, LATER
    )
    assert url == expected if expected is None else (url or "").startswith(expected)
    assert url is None or url.endswith("x=1")
