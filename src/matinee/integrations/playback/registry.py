"""Signed playback of this installation: tickets, and the signers by name."""

import hashlib
import re
from collections.abc import Callable
from functools import lru_cache, partial
from urllib.parse import urlsplit
from uuid import UUID

from matinee.core.settings import Settings, UnsafeSettings
from matinee.integrations.playback.akamai import Akamai
from matinee.integrations.playback.cloudfront import CloudFront
from matinee.integrations.playback.paths import Builtin, Nginx, Open
from matinee.integrations.playback.references import References
from matinee.integrations.playback.signers import Grant, SignedFolder, Signer
from matinee.integrations.playback.tickets import PlaybackTicket, Tickets

SIGNED_AT_ONCE = 65_536
_SECRET = re.compile(r"(?P<name>[a-z0-9]{1,8}):(?P<secret>[\w-]{24,128})", re.ASCII)


class Playback:
    """Makes the addresses of playlists and media.

    Raises:
        UnsafeSettings: keys of the signer are missing or of the wrong form.
    """

    def __init__(self, settings: Settings) -> None:
        secrets = [settings.secret_key.get_secret_value(), *settings.previous_secret_keys]
        self.tickets = Tickets(secrets)
        self.references = References(secrets)
        self.media_base = settings.media_base_url or "/media"
        self._signers = _signers(settings, secrets)
        _refuse_incomplete(settings, self._signers)
        self.signer = self._signers[settings.playback_signer]
        self._signed = lru_cache(SIGNED_AT_ONCE)(self._sign)

    def playlist_url(self, ticket: PlaybackTicket) -> str:
        """Where the player begins; a path on this server."""
        return f"/playback/{self.tickets.write(ticket)}/master.m3u8"

    def media(self, slug: str, session_id: UUID, expires_at: int) -> SignedFolder:
        """The addresses of all files of a medium for a session, until before a moment (Unix)."""
        return self.media_of(session_id)(slug, expires_at)

    def media_of(self, session_id: UUID) -> Callable[[str, int], SignedFolder]:
        """The same for one session, by medium and moment; the last ones are remembered."""
        return partial(self._signed, session_id.hex if self.signer.per_session else "")

    def _sign(self, session: str, slug: str, expires_at: int) -> SignedFolder:
        return self.signer.sign(Grant(self.media_base, f"/{slug}/", session, expires_at))

    def signers(self) -> list[str]:
        """The names of the signers that channels can have."""
        return sorted(self._signers)

    def direct_url(
        self, url: str, signer: str | None, session_id: UUID, expires_at: int
    ) -> str | None:
        """The address of a channel whose stream players fetch themselves.

        None where its signer is not set up here. Everything in the playlist's folder and below is
        signed with it.
        """
        if signer is None:
            return url
        if signer not in self._signers:
            return None
        parts = urlsplit(url)
        folder, _, file = parts.path.rpartition("/")
        grant = Grant(f"{parts.scheme}://{parts.netloc}", f"{folder}/", session_id.hex, expires_at)
        signed = self._signers[signer].sign(grant).url(file)
        if parts.query:
            signed += ("&" if "?" in signed else "?") + parts.query
        return signed


_NEEDS = {
    "nginx": "MATINEE_PLAYBACK_SECRETS",
    "akamai": "MATINEE_AKAMAI_KEY and MATINEE_MEDIA_BASE_URL",
    "cloudfront": "MATINEE_CLOUDFRONT_KEY_ID, MATINEE_CLOUDFRONT_PRIVATE_KEY and"
    " MATINEE_MEDIA_BASE_URL",
}


def _refuse_incomplete(settings: Settings, signers: dict[str, Signer]) -> None:
    name = settings.playback_signer
    if name == "open" and name not in signers:
        raise UnsafeSettings("MATINEE_PLAYBACK_SIGNER must not be open in production")
    nowhere = name in ("akamai", "cloudfront") and settings.media_base_url is None
    if name not in signers or nowhere:
        raise UnsafeSettings(f"{_NEEDS[name]} must be set when MATINEE_PLAYBACK_SIGNER is {name}")


def _signers(settings: Settings, secrets: list[str]) -> dict[str, Signer]:
    named = dict(map(_named, settings.playback_secrets))
    own = named or dict(map(_derived, secrets))
    signers: list[Signer] = [Builtin(own)]
    if named:
        signers.append(Nginx(named))
    if settings.environment != "production":
        signers.append(Open())
    if settings.akamai_key is not None:
        try:
            key = settings.akamai_key.get_secret_value()
            signers.append(Akamai(key, settings.akamai_token_name))
        except ValueError:
            raise UnsafeSettings("MATINEE_AKAMAI_KEY must be hexadecimal digits") from None
    if settings.cloudfront_key_id is not None and settings.cloudfront_private_key is not None:
        try:
            key = settings.cloudfront_private_key.get_secret_value()
            signers.append(CloudFront(settings.cloudfront_key_id, key))
        except ValueError:
            raise UnsafeSettings(
                "MATINEE_CLOUDFRONT_PRIVATE_KEY must be an RSA key in PEM"
            ) from None
    return {signer.name: signer for signer in signers}


def _named(entry: str) -> tuple[str, str]:
    parts = _SECRET.fullmatch(entry)
    if parts is None:
        raise UnsafeSettings(
            "MATINEE_PLAYBACK_SECRETS: each is a name (1 to 8 lower-case letters and digits), a"
            " colon and a secret of 24 to 128 letters, digits, _ and -"
        )
    return parts["name"], parts["secret"]


def _derived(secret: str) -> tuple[str, str]:
    """A key of our own origin and its name, from a secret key of the installation."""
    key = hashlib.blake2b(b"matinee media", key=hashlib.sha256(secret.encode()).digest())
    name = hashlib.blake2b(key.digest(), digest_size=4)
    return name.hexdigest(), key.hexdigest()
