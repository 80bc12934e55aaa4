"""Sessions of signed-in devices: cookies and tokens, their renewal and their end."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from starlette.responses import Response

from matinee.accounts.schemas import SessionOut, Sessions, SignedIn
from matinee.core.context import current_request
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import NotAuthenticated, NotFound
from matinee.core.security import (
    AccessTokenExpired,
    InvalidToken,
    TokenKeys,
    access_claims,
    issue_access_token,
    mint_refresh_token,
    parse_refresh_token,
    token_hash,
)
from matinee.core.settings import Settings
from matinee.runtime import Runtime

ACCESS_LIFETIME = timedelta(minutes=10)
SESSION_LIFETIME_DAYS = {"web": 90, "app": 180, "tv": 365}
GRACE_SECONDS = 10
"""In which the refresh token before the current one still gives the same successor."""
